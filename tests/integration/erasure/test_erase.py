"""Erasing documents, knowledge bases and people: what goes, what stays, and the proof."""

import os
import tempfile
import time
import uuid
from pathlib import Path

import pytest
from sqlalchemy import func, select, text

from ingestion.erasing import request_erasure, run_next
from ingestion.worker import run_until_idle
from storage.erasure.erase import Step, erase
from storage.erasure.errors import ErasureError
from storage.erasure.evidence import evidence_file
from storage.postgres.models.chunk import Chunk
from storage.postgres.models.embedding import Embedding
from storage.postgres.models.erasure import Erasure, ErasureKind, ErasureState
from storage.postgres.models.organization import Organization
from storage.postgres.session import owner_session
from storage.reconciler import verify
from storage.stores import Stores
from tests.factories.knowledge import FAST, give, make_knowledge_base
from tests.integration.erasure.conftest import Scene, make_scene, secret_text


def ask_for(scene: Scene, kind: ErasureKind = ErasureKind.DOCUMENT, subject: str | None = None) -> uuid.UUID:
    with owner_session(scene.stores.owner) as session:
        row = request_erasure(session, scene.organization_id, kind=kind, subject=subject or str(scene.document_id))
        return row.id


def count(stores: Stores, model: type[Chunk | Embedding], organization_id: uuid.UUID) -> int:
    with owner_session(stores.owner) as session:
        statement = select(func.count()).select_from(model).where(model.organization_id == organization_id)
        return session.scalar(statement) or 0


class TestErasingADocument:
    def test_every_store_held_it_before_and_none_does_after(self, scene: Scene) -> None:
        log = scene.stores.settings.logs_path / f"marker-{scene.organization_id}.jsonl"
        log.parent.mkdir(parents=True, exist_ok=True)
        line = " ".join(scene.secret.split("\n\n")[1].split())
        log.write_text(f'{{"event": "first"}}\n{{"event": "leak", "note": "{line}"}}\n{{"event": "last"}}\n')
        report = scene.stores.settings.home_path / "reports" / f"{scene.organization_id}.html"
        report.parent.mkdir(exist_ok=True)
        report.write_text(f"<p>{line}</p>")
        spool = Path(tempfile.mkdtemp(prefix="pixel-spool-")) / "upload.spool"
        spool.write_text(scene.secret)
        os.utime(spool, (0, 0))  # of a process that is long gone
        before = scene.places()
        assert "dump" in before
        for store in ("/files/", "/lance/", "/logs/", "/reports/"):
            assert any(store in place for place in before), store

        row = erase(scene.stores, ask_for(scene))

        assert (row.state, row.error) == (ErasureState.COMPLETED, None)
        assert scene.places() == set()
        assert scene.documents() == [scene.bystander_id]
        assert row.touched["documents"] == 1
        assert row.touched["document_versions"] == 2
        assert row.touched["files"] == 2  # the text of Markdown is its original, so one for each version
        assert (row.touched["log_lines"], row.touched["reports"]) == (1, 1)
        assert row.touched["spool_files"] >= 1
        assert not spool.exists()
        spool.parent.rmdir()
        assert row.proof is not None
        assert row.proof["left"] == {}
        assert row.proof["searched_for"] > 10
        assert [line for line in log.read_text().splitlines() if line.strip()] == [
            '{"event": "first"}',
            '{"event": "last"}',
        ]
        assert not evidence_file(scene.stores.settings, row.id).exists()

    def test_the_bystander_is_whole(self, scene: Scene) -> None:
        erase(scene.stores, ask_for(scene))
        report = verify(scene.stores, heal=False, organization_id=scene.organization_id)
        assert (report.drift_before, report.is_clean) == (0, True)
        assert report.after[0].expected == count(scene.stores, Chunk, scene.organization_id) > 0
        assert count(scene.stores, Embedding, scene.organization_id) == report.after[0].expected

    def test_another_organization_with_the_same_text_is_untouched(
        self, scene: Scene, stores: Stores, other_organization: Organization
    ) -> None:
        base = make_knowledge_base(stores.app, other_organization.id)
        give(stores, base, scene.secret)
        run_until_idle(stores, organization_id=other_organization.id, settings=FAST)
        chunks = count(stores, Chunk, other_organization.id)

        row = erase(stores, ask_for(scene))

        assert row.state == ErasureState.COMPLETED
        assert row.proof is not None
        assert row.proof["kept_in_documents"] > 0  # told apart, not overlooked
        assert count(stores, Chunk, other_organization.id) == chunks > 0
        assert verify(stores, heal=False, organization_id=other_organization.id).drift_before == 0

    def test_a_file_that_another_document_has_too_stays(self, scene: Scene, stores: Stores) -> None:
        give(stores, scene.knowledge_base, scene.secret, uri="file:docs/copy.md")
        run_until_idle(stores, organization_id=scene.organization_id, settings=FAST)
        row = erase(stores, ask_for(scene))
        assert row.state == ErasureState.COMPLETED
        assert row.touched["files_of_other_versions"] == 1
        assert verify(stores, heal=False, organization_id=scene.organization_id).is_clean

    def test_it_can_be_given_again_as_a_new_document(self, scene: Scene, stores: Stores) -> None:
        erase(stores, ask_for(scene))
        assert give(stores, scene.knowledge_base, scene.secret, uri="file:docs/secret.md").state == "staged"
        run_until_idle(stores, organization_id=scene.organization_id, settings=FAST)
        assert len(scene.documents()) == 2

    def test_a_version_that_is_given_meanwhile_stays(self, scene: Scene, stores: Stores) -> None:
        fresh = secret_text(f"{scene.organization_id}/3")

        def give_again(step: str) -> None:
            if step == Step.VECTORS:
                assert give(stores, scene.knowledge_base, fresh, uri="file:docs/secret.md").state == "staged"

        row = erase(stores, ask_for(scene), on_step=give_again)

        assert row.state == ErasureState.COMPLETED
        assert run_until_idle(stores, organization_id=scene.organization_id, settings=FAST).ready == 1
        assert scene.documents() == sorted([scene.bystander_id, scene.document_id])
        assert scene.places() == set()

    def test_what_is_left_fails_it_with_the_place_and_a_second_run_mends_it(self, scene: Scene) -> None:
        leak = scene.stores.settings.home_path / "dagster" / f"leak-{scene.organization_id}.txt"
        leak.parent.mkdir(parents=True, exist_ok=True)
        leak.write_bytes(scene.secret.encode("utf-16-le"))

        first = erase(scene.stores, ask_for(scene))

        assert first.state == ErasureState.FAILED
        assert first.proof is not None
        assert list(first.proof["left"]) == [str(leak)]
        assert str(leak) in (first.error or "")
        leak.unlink()
        again = ask_for(scene)
        assert again == first.id
        assert erase(scene.stores, again).state == ErasureState.COMPLETED

    def test_dead_rows_do_not_keep_it(self, scene: Scene, stores: Stores) -> None:
        """The table is vacuumed after the rows are gone. Counts of dead rows are no witness: others report theirs late."""
        with stores.owner.connect() as connection:
            before = connection.scalar(text("SELECT now()"))
        erase(stores, ask_for(scene))
        vacuumed = "SELECT last_vacuum > :before FROM pg_stat_user_tables WHERE relname = 'chunks'"
        for _ in range(50):
            with stores.owner.connect() as connection:
                if connection.scalar(text(vacuumed), {"before": before}):
                    return
            time.sleep(0.1)
        raise AssertionError("chunks was not vacuumed")


class TestErasingAKnowledgeBase:
    def test_what_it_held_goes_with_it(self, scene: Scene, stores: Stores) -> None:
        row = erase(stores, ask_for(scene, ErasureKind.KNOWLEDGE_BASE, str(scene.knowledge_base.id)))
        assert row.state == ErasureState.COMPLETED
        assert scene.documents() == []
        assert count(stores, Embedding, scene.organization_id) == 0
        assert row.touched["knowledge_bases"] == 1

    def test_what_is_given_after_it_was_asked_for_stays(self, scene: Scene, stores: Stores) -> None:
        asked = ask_for(scene, ErasureKind.KNOWLEDGE_BASE, str(scene.knowledge_base.id))
        late = give(stores, scene.knowledge_base, secret_text("late"), uri="file:docs/late.md")
        row = erase(stores, asked)
        assert row.state == ErasureState.COMPLETED
        assert scene.documents() == [late.document_id]
        run_until_idle(stores, organization_id=scene.organization_id, settings=FAST)
        assert count(stores, Chunk, scene.organization_id) > 0


class TestTheLedger:
    def test_asking_twice_is_one_erasure_and_one_job(self, scene: Scene) -> None:
        assert ask_for(scene) == ask_for(scene)
        while run_next(scene.stores, "tester", settings=FAST, organization_id=scene.organization_id):
            pass
        with owner_session(scene.stores.owner) as session:
            rows = session.scalars(select(Erasure).where(Erasure.organization_id == scene.organization_id)).all()
        assert [row.state for row in rows] == [ErasureState.COMPLETED]

    def test_a_completed_one_is_not_done_again(self, scene: Scene) -> None:
        done = erase(scene.stores, ask_for(scene))
        steps: list[str] = []
        again = erase(scene.stores, done.id, on_step=steps.append)
        assert (steps, again.completed_at) == ([], done.completed_at)

    def test_steps_are_told_in_order(self, scene: Scene) -> None:
        steps: list[str] = []
        erase(scene.stores, ask_for(scene), on_step=steps.append)
        assert [step for step in steps if not step.endswith("_unnoted")] == [step.value for step in Step]

    def test_an_unknown_erasure_is_said(self, stores: Stores) -> None:
        with pytest.raises(ErasureError, match="There is no erasure"):
            erase(stores, uuid.uuid4())

    def test_a_subject_that_is_no_id_is_said(self, scene: Scene) -> None:
        with pytest.raises(ErasureError, match="needs its id, not `handbook`"):
            erase(scene.stores, ask_for(scene, ErasureKind.DOCUMENT, "handbook"))

    def test_another_organizations_document_is_not_erased(self, scene: Scene, other_organization: Organization) -> None:
        foreign = make_scene(scene.stores, other_organization)
        erase(scene.stores, ask_for(scene, ErasureKind.DOCUMENT, str(foreign.document_id)))
        assert len(foreign.documents()) == 2
