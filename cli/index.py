"""`pixel index`: index versions beside the live one."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.console import emit, say
from cli.errors import fail

if TYPE_CHECKING:
    from ingestion.index_builds.estimate import IndexEstimate
    from ingestion.index_builds.gate_record import GateRecord
    from ingestion.index_builds.progress import BuildProgress
    from ingestion.index_builds.promotion import Flipped
    from ingestion.index_builds.request import BuildRequest
    from storage.postgres.models.index_version import IndexVersion

app = typer.Typer(help="Build an index beside the live one, judge it, promote it, go back.", no_args_is_help=True)

Number = Annotated[int, typer.Argument(help="number of the index version", show_default=False)]
AsJson = Annotated[bool, typer.Option("--json", help="print JSON")]
Model = Annotated[str | None, typer.Option(help="path or name of a sentence-transformers model; as live unless given")]
Chunker = Annotated[str | None, typer.Option(help="how documents are cut; as live unless given")]
Tokens = Annotated[int | None, typer.Option(min=16, max=250, help="most tokens in a passage; as live unless given")]
Overlap = Annotated[int | None, typer.Option(min=0, max=100, help="most tokens repeated; as live unless given")]


@app.command("list")
def list_versions(as_json: AsJson = False) -> None:
    """Index versions, newest first."""
    from sqlalchemy import select

    from cli.environment import workplace
    from storage.postgres.models.index_version import IndexVersion
    from storage.postgres.session import organization_session

    with workplace() as place, organization_session(place.stores.app, place.organization_id) as session:
        rows = session.scalars(select(IndexVersion).order_by(IndexVersion.number.desc())).all()
    for row in rows:
        if as_json:
            emit(_row(row))
            continue
        done, total = (row.progress.get(name) for name in ("documents_done", "documents_total"))
        state = f"{row.status} {done}/{total}" if row.status == "building" and total else row.status
        dropped = "  dropped" if row.dropped_at else ""
        say(f"{row.number:>3}  {state:<16}{row.embedding_model}  {row.chunker}{dropped}")
        if row.error:
            say(f"     {row.error}")


@app.command()
def estimate(
    model: Model = None,
    chunker: Chunker = None,
    chunk_tokens: Tokens = None,
    chunk_overlap_tokens: Overlap = None,
    as_json: AsJson = False,
) -> None:
    """Say what a build would take: passages, embeddings, seconds, bytes. Writes nothing."""
    from cli.environment import workplace
    from ingestion.index_builds.estimate import estimate as estimate_build

    request = _request(model, chunker, chunk_tokens, chunk_overlap_tokens)
    with workplace() as place:
        found = estimate_build(place.stores, place.organization_id, request)
    if as_json:
        emit(found.model_dump(mode="json"))
    else:
        _tell(found)


@app.command()
def build(
    model: Model = None,
    chunker: Chunker = None,
    chunk_tokens: Tokens = None,
    chunk_overlap_tokens: Overlap = None,
    resume: Annotated[int | None, typer.Option(help="go on with this one instead of beginning a new one")] = None,
    gates: Annotated[bool, typer.Option(help="run the gates when it is built")] = True,
    as_json: AsJson = False,
) -> None:
    """Build an index version beside the live one, and run its gates. A build that was stopped goes on with --resume."""
    from cli.environment import workplace
    from ingestion.index_builds.build import build as fill
    from ingestion.index_builds.build import create_index_version
    from ingestion.index_builds.estimate import estimate as estimate_build

    request = _request(model, chunker, chunk_tokens, chunk_overlap_tokens)
    if resume is not None and request.model_dump(exclude_none=True):
        raise typer.BadParameter("--resume goes on with what was asked for; give nothing else with it")
    with workplace() as place:
        if resume is None:
            expected = estimate_build(place.stores, place.organization_id, request)
            if not as_json:
                _tell(expected)
            index = create_index_version(
                place.stores, place.organization_id, request, estimate=expected.model_dump(mode="json")
            )
            resume = index.number
        with _bar(is_shown=not as_json) as show:
            row = fill(place.stores, place.organization_id, resume, on_progress=show)
        record = _run_gates(place, row.number, as_json=as_json) if gates else None
    if as_json:
        emit({**_row(row), "gates": None if record is None else record.model_dump(mode="json")})
    elif record is None:
        say(f"index version {row.number} is built; `pixel index gates {row.number}` judges it")
    elif record.not_passed:
        say(f"index version {row.number} did not pass: {', '.join(record.not_passed)}")
    else:
        say(f"index version {row.number} passed; `pixel index promote {row.number}` makes it live")
    if record is not None and record.not_passed:
        raise typer.Exit(1)


@app.command("gates")
def run_gates(number: Number, as_json: AsJson = False) -> None:
    """Run the gates on a candidate: rows, freshness, leaks, latency, retrieval quality against the live one."""
    from cli.environment import workplace

    with workplace() as place:
        record = _run_gates(place, number, as_json=as_json)
    if as_json:
        emit(record.model_dump(mode="json"))
    if record.not_passed:
        raise typer.Exit(1)


@app.command()
def promote(number: Number, as_json: AsJson = False) -> None:
    """Make a candidate live that has passed its gates. No question fails meanwhile."""
    from cli.environment import workplace
    from ingestion.index_builds.promotion import promote as flip

    with workplace() as place:
        _told(flip(place.stores, place.organization_id, number), as_json=as_json)


@app.command()
def rollback(as_json: AsJson = False) -> None:
    """Go back to the index version that was live before. No question fails meanwhile."""
    from cli.environment import workplace
    from ingestion.index_builds.promotion import rollback as flip

    with workplace() as place:
        _told(flip(place.stores, place.organization_id), as_json=as_json)


@app.command()
def prune(
    numbers: Annotated[list[int] | None, typer.Argument(help="drop these: candidates, failed, retired ones")] = None,
    keep: Annotated[int | None, typer.Option(min=0, help="retired versions to keep; the setting unless given")] = None,
    as_json: AsJson = False,
) -> None:
    """Drop retired index versions beyond the newest, or the ones that are named."""
    from cli.environment import workplace
    from ingestion.index_builds.prune import discard
    from ingestion.index_builds.prune import prune as drop

    with workplace() as place:
        if numbers:
            dropped = [discard(place.stores, place.organization_id, number) for number in numbers]
        else:
            dropped = drop(place.stores, place.organization_id, keep=keep)
    if as_json:
        emit({"dropped": dropped})
    else:
        say(f"dropped: {', '.join(map(str, dropped))}" if dropped else "nothing to drop")


def _request(
    model: str | None, chunker: str | None, chunk_tokens: int | None, chunk_overlap_tokens: int | None
) -> "BuildRequest":
    from ingestion.chunking.registry import chunker_names
    from ingestion.index_builds.request import BuildRequest

    if chunker is not None and chunker not in chunker_names():
        fail(f"Unknown chunker {chunker!r}; valid: {', '.join(chunker_names())}")
    return BuildRequest(
        model=model, chunker=chunker, chunk_tokens=chunk_tokens, chunk_overlap_tokens=chunk_overlap_tokens
    )


def _run_gates(place: Any, number: int, *, as_json: bool) -> "GateRecord":
    from evals.gates.run import run_gates as judge

    def show(result: Any) -> None:
        if not as_json:
            say(f"{'passed' if result.passed else 'FAILED':<8}{result.name:<20}{result.detail}")

    return judge(place.settings, place.organization_id, number, on_gate=show)


def _tell(found: "IndexEstimate") -> None:
    about = "" if found.is_exact else "about "
    say(f"{found.documents} documents, {found.documents_to_read} of them to be read again")
    say(f"{about}{found.passages} passages, {found.tokens} tokens")
    say(f"{about}{found.embeddings_needed} embeddings to compute, {found.embeddings_reused} are there already")
    say(
        f"about {found.seconds:.0f} s, {(found.vector_bytes + found.stored_bytes) / 1e6:.1f} MB, {found.cost_usd:.2f} USD"
    )
    if found.passages_cut_off:
        say(
            f"{found.passages_cut_off} of {found.passages_sampled} passages are longer than the model reads: "
            "their ends would not be found; make passages smaller with --chunk-tokens"
        )


@contextmanager
def _bar(*, is_shown: bool) -> "Iterator[Callable[[BuildProgress], None]]":
    if not is_shown:
        yield lambda progress: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("building"), BarColumn(), TextColumn("{task.fields[told]}"), TimeElapsedColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("building", total=None, told="")

        def show(progress: "BuildProgress") -> None:
            left = "" if progress.seconds_left is None else f", about {progress.seconds_left:.0f} s left"
            told = f"{progress.documents_done}/{progress.documents_total} documents, {progress.passages} passages{left}"
            bar.update(task, total=progress.documents_total or None, completed=progress.documents_done, told=told)

        yield show


def _told(flipped: "Flipped", *, as_json: bool) -> None:
    if as_json:
        emit(flipped.model_dump(mode="json"))
    else:
        before = "" if flipped.before_number is None else f" instead of {flipped.before_number}"
        say(f"index version {flipped.live_number} is live{before}")


def _row(row: "IndexVersion") -> dict[str, Any]:
    from serving.index_versions.schemas import IndexVersionOut

    return IndexVersionOut.model_validate(row).model_dump(mode="json")
