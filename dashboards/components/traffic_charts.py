"""Charts of live traffic."""

from collections.abc import Sequence

import altair as alt
import polars as pl

from dashboards import traffic_strings as words
from serving.client.shapes import TrafficBucket

_COLORS = {
    "answered": "#2563eb",
    "not_known": "#f59e0b",
    "failed": "#dc2626",
    "interrupted": "#9333ea",
    "stopped": "#6b7280",
    "running": "#93c5fd",
}
_TIME = alt.X("starts_at:T", title=None, axis=alt.Axis(format="%H:%M", labelOverlap="greedy"))
_WHEN = alt.Tooltip("starts_at:T", title="From", format="%H:%M:%S")
_LEGEND = alt.Legend(orient="bottom", title=None, columns=3)


def outcomes(buckets: Sequence[TrafficBucket]) -> alt.Chart:
    """Stacked bars: questions by how they ended."""
    rows = [
        {"starts_at": bucket.starts_at, "Outcome": name, "value": getattr(bucket, field)}
        for bucket in buckets
        for field, name in words.OUTCOMES.items()
    ]
    seen = [name for name in words.OUTCOMES if any(getattr(bucket, name) for bucket in buckets)]
    colors = alt.Scale(domain=[words.OUTCOMES[key] for key in seen], range=[_COLORS[key] for key in seen])
    chart: alt.Chart = (
        alt.Chart(pl.DataFrame(rows).filter(pl.col("Outcome").is_in([words.OUTCOMES[key] for key in seen])))
        .mark_bar()
        .encode(
            x=_TIME,
            y=alt.Y("value:Q", title=None, axis=alt.Axis(tickMinStep=1)),
            color=alt.Color("Outcome:N", scale=colors, legend=_LEGEND),
            tooltip=[_WHEN, "Outcome:N", alt.Tooltip("value:Q", title="Questions")],
        )
        .properties(height=220)
    )
    return chart


def first_words(buckets: Sequence[TrafficBucket]) -> alt.Chart:
    """Lines: milliseconds to the first word; a step without an answer leaves a gap."""
    rows = [
        {"starts_at": bucket.starts_at, "Share": name, "ms": getattr(bucket, field)}
        for bucket in buckets
        for field, name in words.PERCENTILES.items()
    ]
    colors = alt.Scale(domain=list(words.PERCENTILES.values()), range=["#2563eb", "#f59e0b"])
    chart: alt.Chart = (
        alt.Chart(pl.DataFrame(rows, schema_overrides={"ms": pl.Float64}))
        .mark_line(point=True)
        .encode(
            x=_TIME,
            y=alt.Y("ms:Q", title="ms"),
            color=alt.Color("Share:N", scale=colors, legend=_LEGEND),
            tooltip=[_WHEN, "Share:N", alt.Tooltip("ms:Q", format=",.0f")],
        )
        .properties(height=200)
    )
    return chart
