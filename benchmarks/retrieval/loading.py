"""How fast passages get into Postgres: as the product loads them, against one INSERT for each row."""

import statistics
import time
import uuid
from collections.abc import Callable, Iterator
from typing import Any

from psycopg import sql

from benchmarks.figure import figure
from benchmarks.retrieval.installation import Installation
from storage.postgres.bulk import insert_rows, table_of
from storage.postgres.models.embedding import Embedding
from storage.postgres.session import organization_session

ROWS = 20_000
RUNS = 5


def measure(place: Installation) -> Iterator[dict[str, Any]]:
    """The same vectors both ways, under row-level security, committed, and deleted again."""
    ours = [_timed(place, _by_copy) for _ in range(RUNS)]
    theirs = [_timed(place, _by_executemany) for _ in range(RUNS)]
    ratios = [slow / fast for slow, fast in zip(theirs, ours, strict=True)]
    yield figure("load into Postgres: COPY against executemany", statistics.median(ratios), "", at_least=10, spread=(min(ratios), max(ratios)), runs=RUNS) | {
        "peer": "psycopg executemany", "peer_value": round(ROWS / statistics.median(theirs)),
        "rows_per_second": round(ROWS / statistics.median(ours)), "ratio": round(statistics.median(ratios), 2),
    }  # fmt: skip


def _timed(place: Installation, load: Callable[[Installation, list[dict[str, Any]]], None]) -> float:
    rows = [
        {
            "organization_id": place.organization_id,
            "text_hash": f"{uuid.uuid4().hex:0>64}",
            "model": "loading",
            "dimension": 384,
            "vector": bytes(768),
        }
        for _ in range(ROWS)
    ]
    started = time.perf_counter()
    load(place, rows)
    seconds = time.perf_counter() - started
    with organization_session(place.stores.app, place.organization_id) as session:
        table = table_of(Embedding)
        session.execute(table.delete().where(table.c.model == "loading"))
    return seconds


def _by_copy(place: Installation, rows: list[dict[str, Any]]) -> None:
    with organization_session(place.stores.app, place.organization_id) as session:
        insert_rows(session, table_of(Embedding), rows)


def _by_executemany(place: Installation, rows: list[dict[str, Any]]) -> None:
    names = list(rows[0])
    statement = sql.SQL("INSERT INTO embeddings ({}) VALUES ({})").format(
        sql.SQL(", ").join(map(sql.Identifier, names)), sql.SQL(", ").join(map(sql.Placeholder, names))
    )
    with organization_session(place.stores.app, place.organization_id) as session:
        connection: Any = session.connection().connection.driver_connection
        with connection.cursor() as cursor:
            cursor.executemany(statement, rows)
