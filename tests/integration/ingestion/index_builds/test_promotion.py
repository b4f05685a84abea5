"""Promotion and rollback: by gates, under ingestion, two at once; and dropping what nobody goes back to."""

import dataclasses
import threading
import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select, update

from ingestion.embedding.registry import embedder_of
from ingestion.errors import GatesNotPassedError, IndexVersionError
from ingestion.index_builds.build import build, create_index_version
from ingestion.index_builds.promotion import Author, Flipped, promote, rollback
from ingestion.index_builds.prune import discard, prune
from ingestion.index_builds.request import BuildRequest
from ingestion.worker import run_until_idle
from storage.lance.contents import VersionContents
from storage.lance.schema import TableSpec
from storage.lance.store import VectorStore
from storage.postgres.models.audit_event import AuditEvent
from storage.postgres.models.embedding import Embedding
from storage.postgres.models.index_version import IndexStatus, IndexVersion
from storage.postgres.session import organization_session
from storage.reconciler import verify
from storage.records.vector import VectorRow
from tests.factories.knowledge import FAST, give
from tests.integration.ingestion.index_builds.conftest import Shelf


def candidate(shelf: Shelf, request: BuildRequest) -> int:
    """A candidate whose gates passed."""
    index = create_index_version(shelf.stores, shelf.organization_id, request, settings=FAST)
    build(shelf.stores, shelf.organization_id, index.id, settings=FAST)
    shelf.pass_gates(index.number)
    return index.number


def go_live(shelf: Shelf, number: int) -> Flipped:
    return promote(shelf.stores, shelf.organization_id, number, settings=FAST)


def go_back(shelf: Shelf) -> Flipped:
    return rollback(shelf.stores, shelf.organization_id, settings=FAST)


def statuses(shelf: Shelf) -> dict[int, str]:
    return {index.number: index.status for index in shelf.indexes()}


class TestPromote:
    def test_moves_the_pointer_and_writes_down_who_did_it(self, shelf: Shelf, tiny_model: Path) -> None:
        number = candidate(shelf, BuildRequest(model=str(tiny_model)))

        flipped = promote(shelf.stores, shelf.organization_id, number, author=Author(), settings=FAST)

        assert (flipped.before_number, flipped.live_number) == (1, number)
        assert statuses(shelf) == {1: IndexStatus.RETIRED, number: IndexStatus.LIVE}
        assert shelf.live().promoted_at is not None
        assert flipped.lock_seconds < 5
        with organization_session(shelf.stores.app, shelf.organization_id) as session:
            event = session.scalars(select(AuditEvent).where(AuditEvent.action == "index.promoted")).one()
        assert (event.subject_id, event.details) == (shelf.live().id, {"number": number, "before": 1})

    def test_what_comes_in_afterwards_is_cut_and_embedded_as_the_live_index_says(
        self, shelf: Shelf, tiny_model: Path
    ) -> None:
        number = candidate(shelf, BuildRequest(model=str(tiny_model), chunker="sentences", chunk_tokens=24))
        go_live(shelf, number)

        shelf.give(
            "# Harbours\n\nBoats are moored at the third pier. They stay until the tide turns.", "file:docs/h.md"
        )

        assert shelf.missing(number) == []
        assert shelf.drift(number).rows == 0
        report = verify(shelf.stores, heal=False, organization_id=shelf.organization_id)
        assert report.is_clean
        vector = embedder_of(shelf.live()).embed_queries(["Boats are moored at the third pier."])[0]
        hit = shelf.stores.vectors.search(shelf.live().table_name, vector, limit=1)[0]
        assert hit.score > 0.9
        # The version that can be gone back to does not know it yet; going back brings it along.
        assert len(shelf.missing(1)) == 1
        go_back(shelf)
        assert shelf.live().number == 1
        assert (shelf.missing(1), shelf.drift(1).rows) == ([], 0)

    def test_a_candidate_is_caught_up_first(self, shelf: Shelf) -> None:
        number = candidate(shelf, BuildRequest(chunk_tokens=60))
        shelf.give("# Harbours\n\nBoats are moored at the third pier until the tide turns.", "file:docs/h.md")
        go_live(shelf, number)
        assert (shelf.missing(number), shelf.drift(number).rows) == ([], 0)

    def test_without_gates_it_is_refused_naming_them(self, shelf: Shelf) -> None:
        index = create_index_version(shelf.stores, shelf.organization_id, BuildRequest(), settings=FAST)
        build(shelf.stores, shelf.organization_id, index.id, settings=FAST)
        with pytest.raises(GatesNotPassedError, match="did not look at index version 2 yet"):
            go_live(shelf, index.number)
        shelf.pass_gates(index.number, failed=("latency", "leak_canaries"))
        with pytest.raises(GatesNotPassedError, match="did not pass: leak_canaries, latency") as refused:
            go_live(shelf, index.number)
        assert refused.value.gates == ("leak_canaries", "latency")
        assert shelf.live().number == 1

    def test_only_a_candidate_can_be_promoted(self, shelf: Shelf) -> None:
        building = create_index_version(shelf.stores, shelf.organization_id, BuildRequest(), settings=FAST)
        for number, state in ((1, "live"), (building.number, "building")):
            with pytest.raises(IndexVersionError, match=f"is {state}; only a candidate"):
                go_live(shelf, number)

    def test_rows_that_changed_after_the_gates_are_looked_at_again(self, shelf: Shelf) -> None:
        number = candidate(shelf, BuildRequest(chunk_tokens=60))
        table = shelf.index(number).table_name
        dropped = shelf.stores.vectors.rows(table)[0].chunk_id
        shelf.stores.vectors.remove_chunks(table, [dropped])

        with pytest.raises(GatesNotPassedError, match="1 missing") as refused:
            go_live(shelf, number)
        assert refused.value.gates == ("row_reconciliation",)
        verify(shelf.stores, heal=True, organization_id=shelf.organization_id)
        assert go_live(shelf, number).live_number == number

    def test_too_much_change_since_the_gates_asks_for_new_ones(self, shelf: Shelf) -> None:
        number = candidate(shelf, BuildRequest(chunk_tokens=60))
        for one in range(7):
            give(
                shelf.stores,
                shelf.knowledge_base,
                f"# Note {one}\n\nThis is the note number {one}.",
                uri=f"file:n{one}.md",
            )
        shelf.work()
        with pytest.raises(GatesNotPassedError, match="changed since its gates looked"):
            go_live(shelf, number)
        shelf.pass_gates(number)
        assert go_live(shelf, number).live_number == number

    def test_two_at_once_end_with_one_live_version(self, shelf: Shelf) -> None:
        number = candidate(shelf, BuildRequest(chunk_tokens=60))
        other = candidate(shelf, BuildRequest(chunk_tokens=80))

        def attempt(wanted: int) -> str:
            try:
                return f"live {go_live(shelf, wanted).live_number}"
            except IndexVersionError as error:
                return str(error)

        with ThreadPoolExecutor(4) as pool:
            outcomes = list(pool.map(attempt, (number, number, other, other)))

        assert sum(outcome == f"live {number}" for outcome in outcomes) == 1
        assert sum(outcome == f"live {other}" for outcome in outcomes) == 1
        assert sum("not candidate any more" in outcome or "only a candidate" in outcome for outcome in outcomes) == 2
        assert shelf.live().number in (number, other)
        assert statuses(shelf)[1] == IndexStatus.RETIRED

    def test_documents_that_come_in_meanwhile_end_in_the_right_tables(self, shelf: Shelf, tiny_model: Path) -> None:
        number = candidate(shelf, BuildRequest(model=str(tiny_model), chunk_tokens=60))
        stop = threading.Event()
        given: list[str] = []

        def come_in() -> None:
            while not stop.is_set():
                name = f"file:docs/note-{len(given)}.md"
                shelf.give(f"# Note\n\nThis is the note with the number {len(given)} in the book.", name)
                given.append(name)

        with ThreadPoolExecutor(2) as pool:
            writers = [pool.submit(come_in), pool.submit(shelf.work)]
            try:
                flips = 0
                while flips < 6 or len(given) < 3:
                    shelf.pass_gates(number)
                    go_live(shelf, number)
                    assert shelf.live().number == number
                    go_back(shelf)
                    assert shelf.live().number == 1
                    flips += 2
            finally:
                stop.set()
            for writer in writers:
                writer.result(60)

        assert (shelf.missing(1), shelf.drift(1).rows) == ([], 0)
        shelf.pass_gates(number)
        go_live(shelf, number)
        assert (shelf.missing(number), shelf.drift(number).rows) == ([], 0)

    def test_a_document_that_was_on_its_way_into_the_old_table_goes_into_the_new_one(
        self, shelf: Shelf, tiny_model: Path
    ) -> None:
        number = candidate(shelf, BuildRequest(model=str(tiny_model), chunker="sentences", chunk_tokens=24))

        class PromotesMeanwhile(VectorStore):
            """Another process promotes while the first rows are about to be written."""

            promoted = False

            def replace_version(
                self,
                spec: TableSpec,
                version_id: uuid.UUID,
                rows: Sequence[VectorRow],
                *,
                on_step: Callable[[str], None] = lambda step: None,
            ) -> tuple[int, VersionContents]:
                if not self.promoted:
                    self.promoted = True
                    go_live(shelf, number)
                return super().replace_version(spec, version_id, rows, on_step=on_step)

        give(shelf.stores, shelf.knowledge_base, "# Harbours\n\nBoats lie at the pier. They wait.", uri="file:h.md")
        stores = dataclasses.replace(shelf.stores, vectors=PromotesMeanwhile(shelf.stores.settings.lance_uri))
        run_until_idle(stores, organization_id=shelf.organization_id, settings=FAST)

        assert shelf.live().number == number
        assert (shelf.missing(number), shelf.drift(number).rows) == ([], 0)
        # Nothing of it stays where it was going first: rows without a manifest would fail the next promotion's checks.
        (version,) = {row.document_version_id for row in shelf.stores.vectors.rows(shelf.index(number).table_name)} - {
            row.document_version_id for row in shelf.stores.vectors.rows(shelf.index(1).table_name)
        }
        assert version in {missing.version_id for missing in shelf.missing(1)}
        go_back(shelf)
        assert (shelf.missing(1), shelf.drift(1).rows) == ([], 0)


class TestRollback:
    def test_returns_to_the_version_before_and_leaves_a_candidate(self, shelf: Shelf) -> None:
        number = candidate(shelf, BuildRequest(chunk_tokens=60))
        go_live(shelf, number)
        flipped = go_back(shelf)
        assert (flipped.live_number, flipped.before_number) == (1, number)
        assert statuses(shelf) == {1: IndexStatus.LIVE, number: IndexStatus.CANDIDATE}
        with pytest.raises(IndexVersionError, match="no earlier index version"):
            go_back(shelf)
        assert go_live(shelf, number).live_number == number

    def test_a_damaged_table_is_healed_on_the_way(self, shelf: Shelf) -> None:
        go_live(shelf, candidate(shelf, BuildRequest(chunk_tokens=60)))
        shelf.stores.vectors.drop(shelf.index(1).table_name)
        go_back(shelf)
        assert (shelf.live().number, shelf.drift(1).rows) == (1, 0)


class TestPrune:
    def test_keeps_the_newest_and_forgets_what_only_the_others_needed(self, shelf: Shelf, tiny_model: Path) -> None:
        first = candidate(shelf, BuildRequest(model=str(tiny_model)))
        go_live(shelf, first)
        second = candidate(shelf, BuildRequest(model="all-MiniLM-L6-v2", chunk_tokens=60))
        go_live(shelf, second)
        third = candidate(shelf, BuildRequest(chunk_tokens=60))
        go_live(shelf, third)
        assert prune(shelf.stores, shelf.organization_id, keep=1) == []  # a question may still be on its way in them
        with organization_session(shelf.stores.app, shelf.organization_id) as session:
            long_ago = IndexVersion.retired_at - timedelta(hours=1)
            session.execute(
                update(IndexVersion).where(IndexVersion.retired_at.is_not(None)).values(retired_at=long_ago)
            )

        assert prune(shelf.stores, shelf.organization_id, keep=1) == [first, 1]

        assert not shelf.stores.vectors.is_listed(shelf.index(first).table_name)
        assert shelf.index(first).dropped_at is not None
        with organization_session(shelf.stores.app, shelf.organization_id) as session:
            models = set(session.scalars(select(Embedding.model)))
        assert models == {"all-MiniLM-L6-v2"}
        assert (shelf.drift(third).rows, shelf.drift(second).rows) == (0, 0)
        assert go_back(shelf).live_number == second

    def test_a_candidate_can_be_dropped_and_the_live_one_cannot(self, shelf: Shelf) -> None:
        number = candidate(shelf, BuildRequest(chunk_tokens=60))
        assert discard(shelf.stores, shelf.organization_id, number) == number
        assert not shelf.stores.vectors.is_listed(shelf.index(number).table_name)
        for reference, state in ((number, "dropped already"), (1, "live")):
            with pytest.raises(IndexVersionError, match=state):
                discard(shelf.stores, shelf.organization_id, reference)
        with pytest.raises(IndexVersionError, match="There is no index version"):
            discard(shelf.stores, shelf.organization_id, uuid.uuid4())

    def test_nothing_of_the_live_index_is_forgotten(self, shelf: Shelf) -> None:
        number = candidate(shelf, BuildRequest(chunk_tokens=60))
        discard(shelf.stores, shelf.organization_id, number)
        assert shelf.drift(1).rows == 0
        with organization_session(shelf.stores.app, shelf.organization_id) as session:
            assert session.scalar(select(func.count()).select_from(Embedding)) or 0 > 0
