"""What people asked a bot: intents and sentiment, from the marts."""

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import polars as pl

from dashboards.data.warehouse import rows, share

SENTIMENTS = ["positive", "neutral", "negative"]
_SCHEMA = {
    "asked_on": pl.Date,
    "intent": pl.String,
    "is_out_of_scope": pl.Boolean,
    "questions": pl.Int64,
    **dict.fromkeys(SENTIMENTS, pl.Int64),
}


@dataclass(frozen=True)
class AskedAbout:
    """Figures of a period. Shares are None when there is nothing to share.

    Attributes:
        questions: How many were asked.
        out_of_scope_share: Of the questions whose intent was looked for.
        negative_share: Of the questions whose sentiment was told.
        intents: Columns intent (None is out of scope), questions and share, the most frequent first.
        sentiment: Columns asked_on, sentiment and questions; a day without any has zeros.
    """

    questions: int
    out_of_scope_share: float | None
    negative_share: float | None
    intents: pl.DataFrame
    sentiment: pl.DataFrame


def asked_about(organization_id: uuid.UUID, bot_id: uuid.UUID, days: int) -> AskedAbout:
    """Figures of the last `days` days.

    Raises:
        WarehouseNotBuiltError: The marts are not there yet.
    """
    daily = pl.DataFrame(rows(organization_id, "daily_intents", bot_id=bot_id, days=days), schema=_SCHEMA)
    looked = daily.filter(pl.col("is_out_of_scope").is_not_null())
    total = int(looked["questions"].sum() or 0)
    outside = int(looked.filter("is_out_of_scope")["questions"].sum() or 0)
    told = {name: int(daily[name].sum() or 0) for name in SENTIMENTS}
    intents = (
        looked.group_by("intent").agg(pl.col("questions").sum()).sort("questions", "intent", descending=[True, False])
    )
    return AskedAbout(
        questions=int(daily["questions"].sum() or 0),
        out_of_scope_share=share(outside, total),
        negative_share=share(told["negative"], sum(told.values())),
        intents=intents.with_columns((pl.col("questions") / max(total, 1)).alias("share")),
        sentiment=_per_day(daily, days),
    )


def _per_day(daily: pl.DataFrame, days: int) -> pl.DataFrame:
    today = datetime.now(UTC).date()
    every = pl.DataFrame(
        {"asked_on": [today - timedelta(days=ago) for ago in range(days)]}, schema={"asked_on": pl.Date}
    )
    summed = daily.group_by("asked_on").agg(pl.col(SENTIMENTS).sum())
    filled = every.join(summed, on="asked_on", how="left").with_columns(pl.col(SENTIMENTS).fill_null(0))
    long = filled.unpivot(on=SENTIMENTS, index="asked_on", variable_name="sentiment", value_name="questions")
    return long.sort("asked_on", "sentiment")
