"""Charts."""

import altair as alt
import polars as pl

from dashboards import strings

_COLORS = {"answered": "#2563eb", "refused": "#f59e0b", "failed": "#dc2626"}

_SENTIMENT_COLORS = {"positive": "#16a34a", "neutral": "#94a3b8", "negative": "#dc2626"}

_DAYS = alt.Axis(format="%d %b", labelAngle=0, labelOverlap="greedy")
_EVERY_LABEL = alt.Axis(labelOverlap=False)


def _bars_height(bars: int) -> int:
    # The axis below takes its part of the height; what is left must hold a line of text for each bar.
    return 70 + 28 * bars


def answers_per_day(frame: pl.DataFrame) -> alt.Chart:
    """Stacked bars; columns used_on, outcome, value."""
    named = frame.with_columns(pl.col("outcome").replace(strings.OUTCOMES).alias("Outcome"))
    colors = alt.Scale(domain=[strings.OUTCOMES[k] for k in _COLORS], range=list(_COLORS.values()))
    chart: alt.Chart = (
        alt.Chart(named)
        .mark_bar()
        .encode(
            x=alt.X("yearmonthdate(used_on):O", title=None, axis=_DAYS),
            y=alt.Y("value:Q", title=None, axis=alt.Axis(tickMinStep=1)),
            color=alt.Color("Outcome:N", scale=colors, legend=alt.Legend(orient="bottom", title=None)),
            tooltip=[alt.Tooltip("used_on:T", title="Day"), "Outcome:N", alt.Tooltip("value:Q", title="Answers")],
        )
        .properties(height=240)
    )
    return chart


def intent_shares(frame: pl.DataFrame) -> alt.Chart:
    """Horizontal bars, the most frequent first; columns intent, questions, share."""
    chart: alt.Chart = (
        alt.Chart(frame)
        .mark_bar(color="#2563eb")
        .encode(
            x=alt.X("share:Q", title=None, axis=alt.Axis(format=".0%")),
            y=alt.Y("intent:N", title=None, sort="-x", axis=_EVERY_LABEL),
            tooltip=[
                alt.Tooltip("intent:N", title="Intent"),
                alt.Tooltip("share:Q", title="Share", format=".1%"),
                alt.Tooltip("questions:Q", title="Questions"),
            ],
        )
        .properties(height=_bars_height(len(frame)))
    )
    return chart


def sentiment_per_day(frame: pl.DataFrame) -> alt.Chart:
    """Stacked bars; columns asked_on, sentiment, questions."""
    named = frame.with_columns(pl.col("sentiment").replace(strings.SENTIMENTS).alias("Sentiment"))
    colors = alt.Scale(
        domain=[strings.SENTIMENTS[k] for k in _SENTIMENT_COLORS], range=list(_SENTIMENT_COLORS.values())
    )
    chart: alt.Chart = (
        alt.Chart(named)
        .mark_bar()
        .encode(
            x=alt.X("yearmonthdate(asked_on):O", title=None, axis=_DAYS),
            y=alt.Y("questions:Q", title=None, axis=alt.Axis(tickMinStep=1)),
            color=alt.Color("Sentiment:N", scale=colors, legend=alt.Legend(orient="bottom", title=None)),
            tooltip=[
                alt.Tooltip("asked_on:T", title="Day"),
                "Sentiment:N",
                alt.Tooltip("questions:Q", title="Questions"),
            ],
        )
        .properties(height=240)
    )
    return chart


def document_states(frame: pl.DataFrame) -> alt.Chart:
    """Horizontal bars; columns state, documents."""
    named = frame.with_columns(pl.col("state").replace(strings.STATES).alias("State"))
    chart: alt.Chart = (
        alt.Chart(named)
        .mark_bar(color="#2563eb")
        .encode(
            x=alt.X("documents:Q", title=None, axis=alt.Axis(tickMinStep=1)),
            y=alt.Y("State:N", title=None, sort="-x", axis=_EVERY_LABEL),
            tooltip=["State:N", alt.Tooltip("documents:Q", title="Documents")],
        )
        .properties(height=_bars_height(len(named)))
    )
    return chart


def stage_times(latencies_ms: dict[str, float]) -> alt.Chart:
    """Horizontal bars of the stages of one answer, in milliseconds."""
    stages = {name: value for name, value in latencies_ms.items() if name not in ("total", "first_token")}
    frame = pl.DataFrame(
        {"Stage": list(stages), "ms": list(stages.values())}, schema={"Stage": pl.String, "ms": pl.Float64}
    )
    chart: alt.Chart = (
        alt.Chart(frame)
        .mark_bar(color="#2563eb")
        .encode(
            x=alt.X("ms:Q", title="ms"),
            y=alt.Y("Stage:N", title=None, sort=None, axis=_EVERY_LABEL),
            tooltip=["Stage:N", "ms:Q"],
        )
        .properties(height=_bars_height(len(frame)))
    )
    return chart
