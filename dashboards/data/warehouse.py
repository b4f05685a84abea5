"""Reads the marts under row-level security: an organization sees its own rows, whatever a query says."""

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

import polars as pl
from sqlalchemy import Engine, text
from sqlalchemy.exc import ProgrammingError

from storage.postgres.engine import app_engine
from storage.postgres.session import organization_session
from storage.settings import storage_settings

_SQL = Path(__file__).parent / "sql"


class WarehouseNotBuiltError(Exception):
    """The marts are not there yet."""


@dataclass(frozen=True)
class Overview:
    """Figures of a period. Shares are None when there is nothing to share."""

    daily: pl.DataFrame
    documents: pl.DataFrame
    answers: int
    grounded_share: float | None
    refused_share: float | None
    thumbs_up_share: float | None
    p95_ms: float | None
    cost_usd: float


@lru_cache
def _engine() -> Engine:
    return app_engine(storage_settings())


def rows(organization_id: uuid.UUID, name: str, **parameters: Any) -> list[dict[str, Any]]:
    """What a query of `sql/` gives an organization.

    Args:
        organization_id: Whose rows.
        name: Of the query's file, without its end.
        parameters: Of the query.

    Raises:
        WarehouseNotBuiltError: The marts are not there yet, or not in this shape.
    """
    statement = text((_SQL / f"{name}.sql").read_text())
    try:
        with organization_session(_engine(), organization_id) as session:
            return [dict(row) for row in session.execute(statement, parameters).mappings()]
    except ProgrammingError as error:
        raise WarehouseNotBuiltError from error


def overview(organization_id: uuid.UUID, days: int) -> Overview:
    """Figures of the last `days` days.

    Raises:
        WarehouseNotBuiltError: The marts are not there yet.
    """
    counts = ("answered", "refused", "failed", "cited", "thumbs_up", "thumbs_down")
    schema = {"used_on": pl.Date, **dict.fromkeys(counts, pl.Int64), "cost_usd": pl.Float64}
    daily = pl.DataFrame(rows(organization_id, "daily_answers", days=days), schema=schema)
    documents = pl.DataFrame(
        rows(organization_id, "document_states"), schema={"state": pl.String, "documents": pl.Int64}
    )
    total = {name: int(daily[name].sum() or 0) for name in counts}
    answers = total["answered"] + total["refused"] + total["failed"]
    return Overview(
        daily=daily,
        documents=documents,
        answers=answers,
        grounded_share=share(total["cited"], answers),
        refused_share=share(total["refused"], answers),
        thumbs_up_share=share(total["thumbs_up"], total["thumbs_up"] + total["thumbs_down"]),
        p95_ms=rows(organization_id, "answer_latency", days=days)[0]["p95_ms"],
        cost_usd=float(daily["cost_usd"].sum() or 0.0),
    )


def share(part: int, whole: int) -> float | None:
    """A part of a whole; None when there is nothing to share."""
    return part / whole if whole else None


def by_outcome(daily: pl.DataFrame, days: int) -> pl.DataFrame:
    """One row per day and outcome, for a stacked chart; a day without answers has zeros."""
    today = datetime.now(UTC).date()
    every = pl.DataFrame({"used_on": [today - timedelta(days=ago) for ago in range(days)]}, schema={"used_on": pl.Date})
    outcomes = ["answered", "refused", "failed"]
    filled = every.join(daily, on="used_on", how="left").with_columns(pl.col(outcomes).fill_null(0))
    return filled.unpivot(on=outcomes, index="used_on", variable_name="outcome").sort("used_on", "outcome")
