"""Carries an erasure out, step by step. Each step may be done twice; a killed run goes on after the last one noted."""

import enum
import uuid
from collections.abc import Callable, Mapping

import structlog
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from storage.erasure import ledger
from storage.erasure.announcing import announce
from storage.erasure.errors import ErasureError
from storage.erasure.evidence import evidence_file, gather, read, write
from storage.erasure.leftovers import blank_logs, remove_files, remove_old_spool_files, remove_reports, used_keys
from storage.erasure.marts import remove_from_marts
from storage.erasure.proof import Proof, prove, search_of
from storage.erasure.rows import TOUCHED_TABLES, remove_rows
from storage.erasure.targets import Targets, halt
from storage.lance.erasing import erase_versions
from storage.lance.writer_lock import writer_lock
from storage.postgres.models.erasure import Erasure, ErasureState
from storage.postgres.models.index_version import IndexVersion
from storage.postgres.session import owner_session
from storage.reconciler import verify
from storage.stores import Stores

log = structlog.get_logger(__name__)

Counts = Mapping[str, int]

_VACUUM = "VACUUM (INDEX_CLEANUP ON, TRUNCATE ON) "  # names of tables of ours follow


class Step(enum.StrEnum):
    """Steps in their order."""

    HALTED = "halted"  # nobody reads it, no worker goes on with it
    WITNESSED = "witnessed"  # what to search for is written down
    VECTORS = "vectors"  # no byte of it in the vector tables
    ROWS = "rows"
    FILES = "files"
    TRACES = "traces"  # logs and reports
    MARTS = "marts"
    VACUUMED = "vacuumed"
    PROVED = "proved"


# Done outside of the transaction that notes it, so a kill may come between the two.
NOTED_AFTERWARDS = (Step.WITNESSED, Step.VECTORS, Step.FILES, Step.TRACES, Step.MARTS, Step.VACUUMED)


def erase(stores: Stores, erasure_id: uuid.UUID, *, on_step: Callable[[str], None] = lambda step: None) -> Erasure:
    """Carry out an erasure of the ledger to its end.

    Args:
        stores: The stores.
        erasure_id: Which one; one that is completed is left as it is.
        on_step: Told each step when it is done and noted, and before, as `<step>_unnoted`, where that is not one
            transaction.

    Returns:
        The ledger's row: completed, or failed where the search still found something.

    Raises:
        ErasureError: There is no such erasure, or its subject is no id.
        StorageError: A store is in trouble; run it again afterwards.
    """
    run = _Run(stores, erasure_id, on_step)
    for step in Step:
        if run.is_due(step):
            run.do(step)
            on_step(step.value)
    ledger.export(stores)
    return run.end()


class _Run:
    """One run of an erasure."""

    def __init__(self, stores: Stores, erasure_id: uuid.UUID, on_step: Callable[[str], None]) -> None:
        self._stores = stores
        self._on_step = on_step
        self._id = erasure_id
        self._evidence_file = evidence_file(stores.settings, erasure_id)

    def row(self) -> Erasure:
        """The ledger's row as it is now."""
        with owner_session(self._stores.owner) as session:
            return self._locked(session)

    def end(self) -> Erasure:
        """The row, after the evidence of a completed erasure is gone as well."""
        row = self.row()
        if row.state == ErasureState.COMPLETED:
            self._evidence_file.unlink(missing_ok=True)
        return row

    def is_due(self, step: Step) -> bool:
        """Whether a step is still to do."""
        row = self.row()
        if row.state == ErasureState.COMPLETED:
            return False
        order = list(Step)
        return row.step is None or order.index(Step(row.step)) < order.index(step)

    def do(self, step: Step) -> None:
        """Do one step and note it."""
        match step:
            case Step.HALTED:
                self._halt()
            case Step.ROWS:
                self._rows()
            case Step.PROVED:
                self._prove()
            case _:
                counts = {
                    Step.WITNESSED: self._witness,
                    Step.VECTORS: self._vectors,
                    Step.FILES: self._files,
                    Step.TRACES: self._traces,
                    Step.MARTS: self._marts,
                    Step.VACUUMED: self._vacuum,
                }[step]()
                self._on_step(f"{step.value}_unnoted")
                with owner_session(self._stores.owner) as session:
                    self._note(session, step, counts)
        log.info("erasure_step", erasure_id=str(self._id), step=step.value)

    def _halt(self) -> None:
        with owner_session(self._stores.owner) as session:
            row = self._locked(session)
            targets = halt(session, row)
            row.state, row.error = ErasureState.RUNNING, None
            announce(session, row.organization_id)
            self._note(session, Step.HALTED, {"conversations_found": len(targets.conversation_ids)})

    def _witness(self) -> Counts:
        row, targets = self._row_and_targets()
        with owner_session(self._stores.owner) as session:
            write(self._evidence_file, gather(session, row.organization_id, targets))
        return {}

    def _vectors(self) -> Counts:
        row, targets = self._row_and_targets()
        if not targets.version_ids:
            return {}
        removed, is_dropped, uri = 0, False, self._stores.settings.lance_uri
        with owner_session(self._stores.owner) as session:
            names = session.scalars(
                select(IndexVersion.table_name)
                .where(IndexVersion.organization_id == row.organization_id)
                .order_by(IndexVersion.number)
            ).all()
        for name in names:
            with writer_lock(self._stores.app, name) as check_lock:
                erased = erase_versions(self._stores.vectors, uri, name, targets.version_ids)
                check_lock()
            removed, is_dropped = removed + erased.rows, is_dropped or erased.is_dropped
        if is_dropped:
            # Its index kept the words; it is filled again from what stays. Should this be killed, the worker's own
            # round does it.
            verify(self._stores, heal=True, organization_id=row.organization_id)
        return {"vectors": removed}

    def _rows(self) -> None:
        row, targets = self._row_and_targets()
        evidence = read(self._evidence_file)
        with owner_session(self._stores.owner) as session:
            counts = remove_rows(session, row.organization_id, targets, evidence)
            announce(session, row.organization_id)  # again: of an answer that was given meanwhile
            self._note(session, Step.ROWS, counts)

    def _files(self) -> Counts:
        row = self.row()
        with owner_session(self._stores.owner) as session:
            used = used_keys(session, row.organization_id, row.content_keys)
        removed = remove_files(self._stores, row.organization_id, [key for key in row.content_keys if key not in used])
        return {"files": removed, "files_of_other_versions": len(used), "spool_files": remove_old_spool_files()}

    def _traces(self) -> Counts:
        _, targets = self._row_and_targets()
        if targets.is_visitor:
            # What is said is written into neither, and who says it chooses what would be destroyed there.
            return {}
        search = search_of(read(self._evidence_file))
        settings = self._stores.settings
        return {"log_lines": blank_logs(settings, search), "reports": remove_reports(settings, search)}

    def _marts(self) -> Counts:
        row, targets = self._row_and_targets()
        return remove_from_marts(self._stores.owner, row.organization_id, targets)

    def _vacuum(self) -> Counts:
        with self._stores.owner.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            for name in TOUCHED_TABLES:
                connection.exec_driver_sql(_VACUUM + name)
        return {"tables_vacuumed": len(TOUCHED_TABLES)}

    def _prove(self) -> None:
        if not self._evidence_file.exists():
            raise ErasureError(
                f"What erasure {self._id} must search for is not in {self._evidence_file.parent}: it was begun on another "
                "machine or its home was replaced. Run it where it was begun."
            )
        row, targets = self._row_and_targets()
        proof = prove(self._stores, read(self._evidence_file), of_visitor=targets.is_visitor)
        proof = self._check_files(row, proof)
        with owner_session(self._stores.owner) as session:
            row = self._locked(session)
            row.proof = proof.model_dump(mode="json")
            if proof.is_clean:
                row.state, row.completed_at, row.error = ErasureState.COMPLETED, func.now(), None
                row.step = Step.PROVED
            else:
                # The next run removes again what it can: a late write of a worker is such a thing.
                row.state, row.step = ErasureState.FAILED, Step.WITNESSED
                row.error = f"still found in {', '.join(sorted(proof.left))}"

    def _check_files(self, row: Erasure, proof: Proof) -> Proof:
        """What is compressed cannot be searched, so stored files must also be gone by name."""
        with owner_session(self._stores.owner) as session:
            used = used_keys(session, row.organization_id, row.content_keys)
        there = [key for key in row.content_keys if self._stores.files.exists(row.organization_id, key)]
        left = {f"file {key}": 1 for key in there if key not in used}
        return proof.model_copy(update={"left": proof.left | left})

    def _row_and_targets(self) -> tuple[Erasure, Targets]:
        row = self.row()
        return row, Targets.model_validate(row.targets)

    def _locked(self, session: Session) -> Erasure:
        row = session.scalars(select(Erasure).where(Erasure.id == self._id).with_for_update()).one_or_none()
        if row is None:
            raise ErasureError(f"There is no erasure {self._id}. `pixel erase --list` shows all of them.")
        return row

    def _note(self, session: Session, step: Step, counts: Counts) -> None:
        row = self._locked(session)
        added = {name: row.touched.get(name, 0) + count for name, count in counts.items() if count}
        row.touched = {**row.touched, **added}
        row.step = step
