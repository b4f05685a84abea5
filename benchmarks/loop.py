"""`pixel bench loop`: the whole loop on `examples/`, in a fresh installation of its own on loopback ports of its own."""

import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from benchmarks.figure import figure, machine, percentile, timed
from serving.client.api_client import ApiClient

REPOSITORY = Path(__file__).parents[1]
DOCUMENTS = REPOSITORY / "examples" / "documents"
RUNS = 5
ASKS_AT_ONE_CLIENT = 120
CLIENTS = 20
ASKS_PER_CLIENT = 10
UPLOADS = 7


def measure() -> dict[str, Any]:
    """Run everything; about ten minutes on two cores."""
    figures: list[dict[str, Any]] = []
    with _installation() as run:
        figures += _help(run)
        figures += _again(run)
    with _installation() as run:
        figures += _demo(run)
        figures += _api_start(run)
        figures += _serving(run)
    return {"name": "loop", "machine": machine(), "figures": figures}


Run = Callable[..., str]


@contextmanager
def _installation() -> Iterator[Run]:
    """A fresh home with ports of its own; gives a function that runs `pixel` there and returns what it printed."""
    home = Path(tempfile.mkdtemp(prefix="pixel-bench-"))
    ports = _free_ports(3)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PIXEL_")} | {
        "PIXEL_HOME": str(home),
        "PIXEL_API_PORT": str(ports[0]),
        "PIXEL_DASHBOARD_PORT": str(ports[1]),
        "PIXEL_DAGSTER_PORT": str(ports[2]),
    }

    def run(*arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "cli", *arguments],
            env=environment,
            cwd=REPOSITORY,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise RuntimeError(f"pixel {' '.join(arguments)} failed: {done.stderr[-2000:]}")
        return done.stdout

    run.home, run.url = home, f"http://127.0.0.1:{ports[0]}"  # type: ignore[attr-defined]
    try:
        yield run
    finally:
        run("down")
        shutil.rmtree(home, ignore_errors=True)


def _free_ports(count: int) -> list[int]:
    probes = [socket.socket() for _ in range(count)]
    try:
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [int(probe.getsockname()[1]) for probe in probes]
    finally:
        for probe in probes:
            probe.close()


def _seconds(work: Callable[[], Any]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _last_json(text: str) -> Any:
    return json.loads(text.strip().splitlines()[-1])


def _help(run: Run) -> list[dict[str, Any]]:
    run("--help")
    return [timed("pixel --help", [_seconds(lambda: run("--help")) for _ in range(RUNS)], "s", at_most=0.5)]


def _again(run: Run) -> list[dict[str, Any]]:
    """The same folder a first and a second time, in the command's own measure (without starting the process)."""
    first = _last_json(run("ingest", str(DOCUMENTS), "--json"))["summary"]
    again = [_last_json(run("ingest", str(DOCUMENTS), "--json"))["summary"] for _ in range(RUNS)]
    computed = max(summary["embeddings_computed"] for summary in again)
    shares = [summary["seconds"] / first["seconds"] for summary in again]
    return [
        figure("ingest examples, first time", first["seconds"], "s", runs=1, documents=first["files"]),
        figure("ingest again: embeddings computed", computed, "", at_most=0),
        figure(
            "ingest again: share of the first time",
            statistics.median(shares),
            "",
            at_most=0.05,
            spread=(min(shares), max(shares)),
            runs=len(shares),
        ),
    ]


def _demo(run: Run) -> list[dict[str, Any]]:
    first = _last_json(run("demo", "--exit", "--json"))
    warm = [_last_json(run("demo", "--exit", "--json"))["total_seconds"] for _ in range(RUNS)]
    return [
        figure("demo, first run of the product's work", first["total_seconds"], "s", at_most=180, runs=1),
        timed("demo, warm", warm, "s", at_most=60),
    ]


def _api_start(run: Run) -> list[dict[str, Any]]:
    seconds = []
    for _ in range(RUNS):
        run("down")
        lines = [json.loads(line) for line in run("up", "--json").splitlines() if line.startswith("{")]
        seconds.append(next(line["seconds_to_ready"] for line in lines if line["name"] == "api"))
    return [timed("API ready after start", seconds, "s", at_most=5)]


def _serving(run: Run) -> list[dict[str, Any]]:
    home, url = run.home, run.url  # type: ignore[attr-defined]
    key = (home / "run" / "demo.key").read_text().strip()
    samples = yaml.safe_load((REPOSITORY / "examples" / "questions.yaml").read_text())
    questions = [sample["question"] for sample in samples]
    with ApiClient(url, token=key) as client:
        bot = next(bot for bot in client.chatbots() if bot.slug != "assistant")
        for question in questions[:5]:
            client.ask(client.start_conversation(bot.id).id, question)
        alone = [
            _seconds(lambda q=question: client.ask(client.start_conversation(bot.id).id, q))  # type: ignore[misc]
            for question in (questions * 3)[:ASKS_AT_ONE_CLIENT]
        ]
        uploads = [_upload_to_searchable(client) for _ in range(UPLOADS)]

    def one_client(number: int) -> list[float]:
        with ApiClient(url, token=key) as own:
            conversation = own.start_conversation(bot.id).id
            asked = [questions[(number * 7 + n) % len(questions)] for n in range(ASKS_PER_CLIENT)]
            return [_seconds(lambda q=question: own.ask(conversation, q)) for question in asked]  # type: ignore[misc]

    with ThreadPoolExecutor(CLIENTS) as pool:
        together = [value for values in pool.map(one_client, range(CLIENTS)) for value in values]
    return [
        _latency("ask at 1 client, p95", alone, at_most=300),
        _latency(f"ask at {CLIENTS} clients, p95", together, at_most=2000),
        timed("upload to searchable, p50", uploads, "s", at_most=15),
        *_quality(key, url),
    ]


def _latency(name: str, seconds: list[float], *, at_most: float) -> dict[str, Any]:
    ms = [1000 * value for value in seconds]
    return figure(
        name, percentile(ms, 0.95), "ms", at_most=at_most, spread=(min(ms), max(ms)), runs=len(ms),
        p50=round(percentile(ms, 0.5), 1),
    )  # fmt: skip


def _upload_to_searchable(client: ApiClient) -> float:
    """From sending the bytes to the moment when a search may find them."""
    base = next(base for base in client.knowledge_bases() if base.slug == "default")
    name = f"note-{uuid.uuid4().hex[:8]}.md"
    started = time.perf_counter()
    accepted = client.upload(base.id, name, f"# {name}\n\nThe code of {name} is {uuid.uuid4()}.".encode())
    while not client.document(accepted.document_id).is_searchable:
        if time.perf_counter() - started > 120:
            raise RuntimeError("an upload was not searchable within 120 s")
        time.sleep(0.05)
    return time.perf_counter() - started


def _quality(key: str, url: str) -> list[dict[str, Any]]:
    """Ask every question over HTTP; the receipt tells which documents were found."""
    from evals.metrics.proportion import proportion

    samples = yaml.safe_load((REPOSITORY / "examples" / "questions.yaml").read_text())
    found, refused, false_refusals, contains = [], [], [], []
    with ApiClient(url, token=key) as client:
        bot = next(bot for bot in client.chatbots() if bot.slug != "assistant")
        for sample in samples:
            answer = client.ask(client.start_conversation(bot.id).id, sample["question"])
            if not sample["answerable"]:
                refused.append(answer.is_refused)
                continue
            ranked = dict.fromkeys(p.document_name for p in client.receipt(answer.message_id).passages[:5])
            found.append(sample["document"] in ranked)
            false_refusals.append(answer.is_refused)
            contains.append(_flat(sample["answer"]) in _flat(" ".join(q for c in answer.citations for q in c.quotes)))
    named = (
        ("right document among the first 5", found, 0.90),
        ("unanswerable questions refused", refused, 0.80),
        ("answerable questions refused", false_refusals, None),
        ("answer quotes the expected span", contains, None),
    )
    results = []
    for name, values, goal in named:
        share = proportion(values)
        results.append(figure(name, share.value, "", at_least=goal, spread=(share.low, share.high), runs=share.count))
    return results


def _flat(text: str) -> str:
    return " ".join(str(text).casefold().split())
