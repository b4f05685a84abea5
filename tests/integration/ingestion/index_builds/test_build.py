"""Building an index version beside the live one: by another model, by another cut, again."""

import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import func, select

from ingestion.errors import IndexVersionError, IngestionError, ModelUnavailableError, UnknownIndexVersionError
from ingestion.index_builds.build import build, create_index_version
from ingestion.index_builds.catch_up import catch_up, keep_fresh
from ingestion.index_builds.estimate import estimate
from ingestion.index_builds.progress import BuildProgress
from ingestion.index_builds.request import BuildRequest
from ingestion.intake import tombstone
from storage.postgres.models.chunk import Chunk
from storage.postgres.models.document import Document
from storage.postgres.models.document_version import DocumentVersion
from storage.postgres.models.index_version import IndexStatus
from storage.postgres.session import organization_session
from tests.factories.embedding_models import damage, make_tiny_model
from tests.factories.knowledge import FAST
from tests.integration.ingestion.index_builds.conftest import DOCUMENTS, Shelf

SMALLER = BuildRequest(chunker="sentences", chunk_tokens=24, chunk_overlap_tokens=0)


def made(shelf: Shelf, request: BuildRequest) -> tuple[int, list[BuildProgress]]:
    """Build an index version; its number, and the progress that was told."""
    told: list[BuildProgress] = []
    index = create_index_version(shelf.stores, shelf.organization_id, request, settings=FAST)
    build(shelf.stores, shelf.organization_id, index.id, settings=FAST, on_progress=told.append)
    return index.number, told


class TestBuild:
    def test_the_same_model_and_cut_costs_no_model_call_and_no_reading(self, shelf: Shelf) -> None:
        number, told = made(shelf, BuildRequest())

        assert (told[-1].embeddings_computed, told[-1].documents_read) == (0, 0)
        assert (told[-1].documents_done, told[-1].documents_total) == (len(DOCUMENTS), len(DOCUMENTS))
        built = shelf.index(number)
        assert (built.status, built.error) == (IndexStatus.CANDIDATE, None)
        assert built.built_at is not None
        assert shelf.drift(number).rows == 0
        assert shelf.drift(number).found == shelf.drift(shelf.live().number).found > 0
        assert shelf.mark(number) == shelf.mark(shelf.live().number)

    def test_another_model_embeds_every_passage_once(self, shelf: Shelf, tiny_model: Path) -> None:
        number, told = made(shelf, BuildRequest(model=str(tiny_model)))

        built, live = shelf.index(number), shelf.live()
        assert (built.dimension, live.dimension) == (32, 384)
        assert built.embedding_model.startswith("tiny@")
        assert built.model_source == str(tiny_model)
        assert built.model_fingerprint is not None
        assert told[-1].embeddings_computed == shelf.drift(number).found
        assert told[-1].documents_read == 0
        assert shelf.drift(number).rows == 0
        assert shelf.drift(live.number).rows == 0
        again, told_again = made(shelf, BuildRequest(model=str(tiny_model)))
        assert told_again[-1].embeddings_computed == 0
        assert shelf.drift(again).rows == 0

    def test_another_cut_reads_the_originals_and_leaves_the_live_passages_alone(self, shelf: Shelf) -> None:
        live = shelf.live()
        untouched = shelf.drift(live.number)
        before = untouched.found

        number, told = made(shelf, SMALLER)

        assert told[-1].documents_read == len(DOCUMENTS)
        assert shelf.index(number).chunker == "sentences-24"
        assert shelf.drift(number).rows == 0
        assert shelf.drift(number).found > before
        assert shelf.drift(live.number) == untouched
        with organization_session(shelf.stores.app, shelf.organization_id) as session:
            counted = session.execute(select(Chunk.chunking, func.count().label("rows")).group_by(Chunk.chunking))
            cuts = {row.chunking: row.rows for row in counted}
        assert cuts == {live.chunker: before, "sentences-24": shelf.drift(number).found}

    def test_one_passage_documents_get_different_ids_in_two_cuts(self, shelf: Shelf) -> None:
        number, _ = made(shelf, BuildRequest(chunk_tokens=190))

        rows = [shelf.stores.vectors.rows(shelf.index(n).table_name) for n in (shelf.live().number, number)]
        assert {row.chunk_id for row in rows[0]} & {row.chunk_id for row in rows[1]} == set()

    def test_a_model_that_is_not_there_is_named(self, shelf: Shelf) -> None:
        with pytest.raises(ModelUnavailableError, match="No embedding model `nowhere`"):
            create_index_version(shelf.stores, shelf.organization_id, BuildRequest(model="nowhere"))

    def test_a_chunker_that_is_not_there_is_named(self, shelf: Shelf) -> None:
        with pytest.raises(IngestionError, match="Unknown chunker `lines`"):
            create_index_version(shelf.stores, shelf.organization_id, BuildRequest(chunker="lines"))

    def test_a_model_whose_files_change_after_the_request_fails_the_build_and_says_both(
        self, shelf: Shelf, tmp_path: Path
    ) -> None:
        folder = make_tiny_model(tmp_path / "moving", seed=1)
        index = create_index_version(shelf.stores, shelf.organization_id, BuildRequest(model=str(folder)))
        make_tiny_model(folder, seed=2)

        with pytest.raises(Exception, match=r"was built with `moving@.*here is `moving@"):
            build(shelf.stores, shelf.organization_id, index.id, settings=FAST)
        failed = shelf.index(index.number)
        assert failed.status == IndexStatus.FAILED
        assert failed.error is not None
        assert index.embedding_model in failed.error

    def test_damaged_weights_are_refused(self, shelf: Shelf, tmp_path: Path) -> None:
        folder = make_tiny_model(tmp_path / "broken", seed=3)
        damage(folder)
        with pytest.raises(ModelUnavailableError, match="could not be loaded"):
            create_index_version(shelf.stores, shelf.organization_id, BuildRequest(model=str(folder)))

    def test_a_candidate_is_not_built_again(self, shelf: Shelf) -> None:
        number, _ = made(shelf, BuildRequest())
        with pytest.raises(IndexVersionError, match="is candidate; only one that is building or failed"):
            build(shelf.stores, shelf.organization_id, number, settings=FAST)

    def test_an_unknown_one_is_unknown(self, shelf: Shelf) -> None:
        with pytest.raises(UnknownIndexVersionError):
            build(shelf.stores, shelf.organization_id, uuid.uuid4(), settings=FAST)

    def test_two_builds_at_once_both_end_whole(self, shelf: Shelf, tiny_model: Path) -> None:
        wanted = [BuildRequest(model=str(tiny_model)), SMALLER, SMALLER]
        with ThreadPoolExecutor(3) as pool:
            numbers = [number for number, _ in pool.map(lambda request: made(shelf, request), wanted)]
        assert len(set(numbers)) == 3
        assert [shelf.index(number).status for number in numbers] == [IndexStatus.CANDIDATE] * 3
        assert [shelf.drift(number).rows for number in numbers] == [0, 0, 0]

    def test_one_index_version_is_built_by_one_process_at_a_time(self, shelf: Shelf) -> None:
        index = create_index_version(shelf.stores, shelf.organization_id, SMALLER, settings=FAST)
        inside, go_on = threading.Event(), threading.Event()

        def hold(_: BuildProgress) -> None:
            inside.set()
            go_on.wait(30)

        with ThreadPoolExecutor(1) as pool:
            first = pool.submit(build, shelf.stores, shelf.organization_id, index.id, settings=FAST, on_progress=hold)
            assert inside.wait(30)
            with pytest.raises(IndexVersionError, match="being built by another process"):
                build(shelf.stores, shelf.organization_id, index.id, settings=FAST)
            go_on.set()
            assert first.result(60).status == IndexStatus.CANDIDATE


class TestCatchUp:
    def test_new_changed_and_deleted_documents_reach_a_candidate(self, shelf: Shelf, tiny_model: Path) -> None:
        number, _ = made(shelf, BuildRequest(model=str(tiny_model), chunk_tokens=60))
        shelf.give("# Harbours\n\nBoats are moored at the third pier until the tide turns.", "file:docs/harbours.md")
        shelf.give("# Gardens\n\nGardens are closed now, for good and for everybody.", "file:docs/gardens.md")
        with organization_session(shelf.stores.app, shelf.organization_id) as session:
            engines = session.scalars(select(Document.id).where(Document.name == "engines.md")).one()
        tombstone(shelf.stores, shelf.organization_id, engines)
        assert len(shelf.missing(number)) == 2

        done = keep_fresh(shelf.stores, settings=FAST, organization_id=shelf.organization_id)

        # The worker removed the changed document's old vectors from all tables; the deleted one's removal still waits.
        assert (done.added, done.removed) == (2, 1)
        drift = shelf.drift(number)
        assert (drift.rows, drift.pending_removal, len(shelf.missing(number))) == (0, 0, 0)
        assert catch_up(shelf.stores, shelf.index(number), settings=FAST).added == 0


class TestEstimate:
    def test_the_same_again_needs_nothing(self, shelf: Shelf) -> None:
        found = estimate(shelf.stores, shelf.organization_id, BuildRequest(), settings=FAST)
        assert (found.documents, found.documents_to_read, found.embeddings_needed) == (len(DOCUMENTS), 0, 0)
        assert found.passages == shelf.drift(shelf.live().number).found
        assert found.is_exact
        assert found.cost_usd == 0.0

    def test_another_model_needs_every_embedding_and_says_what_it_takes(self, shelf: Shelf, tiny_model: Path) -> None:
        found = estimate(shelf.stores, shelf.organization_id, BuildRequest(model=str(tiny_model)), settings=FAST)
        passages = shelf.drift(shelf.live().number).found
        assert (found.embeddings_needed, found.passages, found.is_exact) == (passages, passages, True)
        assert found.seconds >= 0
        assert found.vector_bytes >= passages * 32 * 4
        assert 0 < found.passages_sampled <= passages

    def test_another_cut_guesses_passages_within_a_factor_of_two(self, shelf: Shelf) -> None:
        found = estimate(shelf.stores, shelf.organization_id, SMALLER, settings=FAST)
        number, _ = made(shelf, SMALLER)
        assert found.documents_to_read == len(DOCUMENTS)
        assert not found.is_exact
        assert 0.5 <= found.passages / shelf.drift(number).found <= 2.0


class TestUnreadable:
    def test_a_document_whose_original_is_lost_is_told_and_does_not_stop_the_others(self, shelf: Shelf) -> None:
        with organization_session(shelf.stores.app, shelf.organization_id) as session:
            version = session.scalars(
                select(DocumentVersion)
                .join(Document, Document.current_version_id == DocumentVersion.id)
                .where(Document.name == "kitchens.md")
            ).one()
        shelf.stores.files.delete(shelf.organization_id, version.content_hash)

        number, told = made(shelf, SMALLER)

        assert list(told[-1].problems) == [str(version.id)]
        assert told[-1].problems[str(version.id)].startswith("kitchens.md: ")
        assert told[-1].documents_done == len(DOCUMENTS) - 1
        assert [missing.version_id for missing in shelf.missing(number)] == [version.id]
        # The worker does not try it again and again; a new version of the document is another matter.
        assert catch_up(shelf.stores, shelf.index(number), settings=FAST).added == 0
        shelf.give(
            "# Kitchens\n\nKitchens are open again, from Monday on. Everybody may cook.", "file:docs/kitchens.md"
        )
        assert catch_up(shelf.stores, shelf.index(number), settings=FAST).added == 1
        assert shelf.missing(number) == []
