"""`pixel demo`: the whole loop on `examples/`."""

import json
import shutil
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.console import say
from cli.errors import fail

EXAMPLES = Path(__file__).parents[1] / "examples"
BOT = "lumbrel-help-desk"
QUESTIONS = (
    "When is my refund paid after a return?",
    "Wie oft muss ich die Maschine entkalken?",
    "What is the population of Iceland?",
)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(demo)


def demo(
    leave: Annotated[bool, typer.Option("--exit", help="shut everything down at the end")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="print the timings as JSON at the end")] = False,
) -> None:
    """Ingest, index, analyse and ask, with everything running: stays up until Ctrl-C."""
    import signal

    from cli.services import stop_all
    from storage.settings import storage_settings

    signal.signal(signal.SIGTERM, signal.default_int_handler)
    settings = storage_settings()
    clock = _Clock()
    try:
        _run(settings, clock)
        if not leave:
            say("\nEverything stays up; Ctrl-C stops it.")
            while True:
                time.sleep(3600)
    except KeyboardInterrupt:
        say("\nstopping")
    finally:
        stop_all(settings)
    if as_json:
        from cli.console import emit

        emit(clock.as_json())


class _Clock:
    """Prints each step with the seconds since the start."""

    def __init__(self) -> None:
        self.started = time.monotonic()
        self.steps: dict[str, float] = {}

    def step(self, text: str) -> None:
        self.steps[text] = time.monotonic() - self.started
        say(f"{self.steps[text]:6.1f} s  {text}")

    def as_json(self) -> dict[str, Any]:
        return {"total_seconds": round(time.monotonic() - self.started, 2), "steps": self.steps}


def _run(settings: Any, clock: _Clock) -> None:
    from cli import catalog, processes
    from cli.environment import find_organization, prepare, tell_credentials
    from orchestration.instance import write_instance
    from storage.stores import open_stores

    first = prepare(settings, step=clock.step)
    if shutil.which("tesseract") is None:
        say("          OCR is off: scanned pages and pictures will not be read. Install tesseract-ocr to turn it on.")
    write_instance(settings)
    services = catalog.services(settings)
    clock.step("starting API, worker, dashboards and Dagster")
    for service in services.values():
        processes.start(settings, service)
    processes.wait_until_healthy(settings, services["api"])
    stores = open_stores(settings)
    organization_id = find_organization(stores)
    key = _key(settings, stores, organization_id)
    client = _Client(str(services["api"].url), key)
    _bot(client)
    clock.step("reading examples/ and building the warehouse through Dagster")
    _ingest(settings, organization_id, clock)
    for service in services.values():
        processes.wait_until_healthy(settings, service)
    clock.step("asking three questions over HTTP")
    _ask(client)
    stores.close()
    say("")
    for name in ("api", "dashboards", "dagster-webserver"):
        say(f"{services[name].title:<18} {services[name].url}{'/docs' if name == 'api' else ''}")
    if first is not None:
        tell_credentials(first)
    clock.step("done")


def _key(settings: Any, stores: Any, organization_id: Any) -> str:
    """The demo's own API key: made once, kept in a file that only this user reads."""
    from serving.accounts.bootstrap import issue_api_key
    from storage.postgres.models.member import Role

    path: Path = settings.home_path / "run" / "demo.key"
    if path.exists():
        return path.read_text().strip()
    key = issue_api_key(stores.owner, organization_id, name="demo", role=Role.BUILDER)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    path.write_text(key)
    return key


class _Client:
    """The demo talks to the API as any program does."""

    def __init__(self, base: str, key: str) -> None:
        self.base = base
        self._headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}

    def call(self, method: str, path: str, body: Any = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.base + path, data, self._headers, method=method)  # noqa: S310
        try:
            with urllib.request.urlopen(request, timeout=60) as response:  # noqa: S310 - our own API
                return json.load(response)
        except urllib.error.HTTPError as error:
            fail(f"{method} {path} answered {error.code}: {error.read().decode(errors='replace')[:300]}")


def _bot(client: _Client) -> None:
    """The knowledge base `examples` and a bot made from a template that reads it; kept from an earlier run."""
    bases = {base["slug"]: base for base in client.call("GET", "/api/v1/knowledge-bases")}
    base = bases.get("examples") or client.call(
        "POST", "/api/v1/knowledge-bases", {"name": "Examples", "slug": "examples"}
    )
    bots = {bot["slug"] for bot in client.call("GET", "/api/v1/chatbots")}
    if BOT not in bots:
        client.call(
            "POST",
            "/api/v1/chatbots",
            {
                "name": "Lumbrel help desk",
                "slug": BOT,
                "template_id": "personal-assistant-expert-v1",
                "knowledge_base_ids": [base["id"]],
            },
        )


def _ingest(settings: Any, organization_id: Any, clock: _Clock) -> None:
    from orchestration.run_job import run_ingest_and_evaluate

    summary = run_ingest_and_evaluate(
        settings, organization_id=organization_id, knowledge_base="examples", paths=[EXAMPLES / "documents"]
    )
    read = summary.documents
    failed = sum(read["failed"].values())
    clock.step(
        f"{read['ready']} documents read, {read['unchanged']} unchanged, {failed} not readable; "
        f"{read['passages']} passages, {read['embeddings_computed']} embeddings computed"
    )
    for name, value in summary.metrics.items():
        say(f"          {name.replace('_', ' ')}: {value:.0%}")
    for path in summary.reports:
        say(f"          report: {path}")


def _ask(client: _Client, tell: Callable[[str], None] = say) -> None:
    from cli.ask import print_answer

    bot = next(bot for bot in client.call("GET", "/api/v1/chatbots") if bot["slug"] == BOT)
    for question in QUESTIONS:
        conversation = client.call("POST", "/api/v1/conversations", {"chatbot_id": bot["id"]})
        answer = client.call("POST", f"/api/v1/conversations/{conversation['id']}/messages", {"content": question})
        answer["receipt_url"] = client.base + answer["receipt_url"]
        tell(f"\n  {question}")
        print_answer(answer)
