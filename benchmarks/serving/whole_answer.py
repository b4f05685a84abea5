"""A whole answer with retrieval: what the product adds to what the model takes."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2

from benchmarks.figure import figure, percentile
from benchmarks.serving.load.place import Place, place
from ingestion.worker import run_until_idle
from storage.stores import open_stores

QUESTIONS = 100
_DOCUMENTS = Path(__file__).parents[2] / "examples" / "documents"


def measure() -> Iterator[dict[str, Any]]:
    """Different questions one after another to a bot that reads the examples; the model answers at once."""
    with place() as made:
        client = httpx2.Client(base_url=made.url, headers={"authorization": f"Bearer {made.keys[0]}"}, timeout=60)
        with client:
            bot = _reading_bot(made, client)
            took = [_answered(client, bot, number) for number in range(QUESTIONS + 5)][5:]
    yield figure(
        "whole answer with retrieval: overhead, p95", percentile(took, 0.95) * 1000, "ms", at_most=150,
        spread=(min(took) * 1000, max(took) * 1000), runs=len(took), p50=round(percentile(took, 0.5) * 1000, 1),
    )  # fmt: skip


def _reading_bot(made: Place, client: httpx2.Client) -> str:
    base = client.get("/api/v1/knowledge-bases").json()[0]["id"]
    for path in sorted(_DOCUMENTS.rglob("*.md"))[:20]:
        files = {"file": (path.name, path.read_bytes(), "text/markdown")}
        client.post(f"/api/v1/knowledge-bases/{base}/documents", files=files).raise_for_status()
    stores = open_stores(made.settings)
    try:
        run_until_idle(stores)
    finally:
        stores.close()
    bot = next(one for one in client.get("/api/v1/chatbots").json() if one["slug"] == "plain")
    change = {"answers_from": "documents", "knowledge_base_ids": [base]}
    client.patch(f"/api/v1/chatbots/{bot['id']}", json=change).raise_for_status()
    return str(bot["slug"])


def _answered(client: httpx2.Client, bot: str, number: int) -> float:
    """Seconds for a whole answer; the model server says three words at once, so all of it is ours."""
    asked = f"What is said about returns, warranty and delivery in case {number}? stream q{number}x tokens 3 rate 0"
    body = {"model": bot, "messages": [{"role": "user", "content": asked}]}
    started = time.perf_counter()
    client.post("/v1/chat/completions", json=body).raise_for_status()
    return time.perf_counter() - started
