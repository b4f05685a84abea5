"""What every gate is given, and what it returns (`ingestion.index_builds.gate_record.GateResult`)."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from evals.datasets.labels import JudgedQuery
from ingestion.index_builds.gate_record import GateResult
from serving.context import ServingContext
from storage.postgres.models.index_version import IndexVersion


@dataclass(frozen=True)
class GateContext:
    """An index version under judgement, the live one to compare with, and what to ask both.

    `live` is None where there is none yet. `queries` are judged ones, or known items when `is_judged` is False.
    """

    serving: ServingContext
    index: IndexVersion
    live: IndexVersion | None
    queries: tuple[JudgedQuery, ...]
    is_judged: bool


Gate = Callable[[GateContext], Awaitable[GateResult]]
