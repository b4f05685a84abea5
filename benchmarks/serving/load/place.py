"""An installation with one API process, a numbered model server behind it, and bots that answer with its model."""

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx2
import psutil
from sqlalchemy import text

from benchmarks.serving.load.readers import Plan
from serving.accounts.bootstrap import issue_api_key
from serving.bots.bootstrap import create_default_bot
from storage.postgres import embedded
from storage.postgres.engine import owner_engine
from storage.postgres.migrate import migrate
from storage.postgres.models.member import Role
from storage.postgres.models.organization import Organization
from storage.postgres.provision import provision
from storage.postgres.session import owner_session
from storage.settings import StorageSettings

_REPOSITORY = Path(__file__).parents[3]


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Place:
    """The installation; `keys` are API keys of its organizations, each with a bot `plain` that needs no documents."""

    settings: StorageSettings
    port: int
    upstream_port: int
    environment: dict[str, str]
    keys: list[str] = field(default_factory=list)
    api: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Address of the API."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def process(self) -> psutil.Process:
        """The API's process."""
        assert self.api is not None  # noqa: S101 - it was started
        return psutil.Process(self.api.pid)

    def plan(self, **more: Any) -> Plan:
        """A plan of readers for the first organization's bot `plain`; what is not said has a harmless default."""
        harmless = {"streams": 1, "tokens": 5, "rate": 5.0, "start_over_s": 0.0, "timeout_s": 60.0}
        return Plan(**({
            "port": self.port, "path": "/v1/chat/completions", "model": "plain",
            "headers": {"authorization": f"Bearer {self.keys[0]}"}, **harmless, **more,
        }))  # fmt: skip

    def direct(self, plan: Plan) -> Plan:
        """The same, without the product between."""
        return replace(plan, port=self.upstream_port, model="numbered")

    def start(self) -> None:
        """Start the API, as soon as nobody listens on its port any more, and wait until it can answer."""
        self._wait_for_port()
        output = self.settings.home_path / "api.out"
        with output.open("ab") as handle:
            self.api = subprocess.Popen(
                [sys.executable, "-m", "cli", "run", "api"], env=self.environment, cwd=_REPOSITORY, stdout=handle,
                stderr=subprocess.STDOUT,
            )  # fmt: skip
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and self.api.poll() is None:
            try:
                if httpx2.get(f"{self.url}/ready", timeout=2).status_code == 200:
                    return
            except httpx2.HTTPError:
                time.sleep(0.05)
        raise RuntimeError(f"The API did not start: {output.read_text()[-2000:]}")

    def _wait_for_port(self) -> None:
        """A process that was told to end accepts nobody any more as soon as it hears of it, which takes a moment."""
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            with socket.socket() as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    probe.bind(("127.0.0.1", self.port))
                except OSError:
                    time.sleep(0.02)
                else:
                    return
        raise RuntimeError(f"Port {self.port} is still listened on.")

    def stop(self, *, within_s: float = 40.0) -> float:
        """Tell the API to end; seconds that it took."""
        assert self.api is not None  # noqa: S101 - it was started
        started = time.monotonic()
        self.api.terminate()
        self.api.wait(within_s)
        return time.monotonic() - started

    def settle(self, *, within_s: float = 120.0) -> None:
        """Wait until the API has loaded what it loads behind its first requests: models of languages and embeddings."""
        deadline = time.monotonic() + within_s
        while time.monotonic() < deadline and self.process.cpu_percent(interval=2.0) > 5:
            pass

    def connections(self) -> int:
        """The API's connections to PostgreSQL."""
        with owner_session(owner_engine(self.settings)) as session:
            return int(
                session.scalar(text("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'pixel-api'")) or 0
            )

    def upstream(self) -> dict[str, int]:
        """How many streams the model server has open, and how many were closed before their end."""
        found: dict[str, int] = httpx2.get(f"http://127.0.0.1:{self.upstream_port}/stats", timeout=10).json()
        return found


@contextmanager
def place(*, organizations: int = 1, **settings: str) -> Iterator[Place]:
    """An installation; everything of it is gone afterwards.

    Args:
        organizations: How many.
        settings: Environment of the API beside its defaults.
    """
    home = Path(tempfile.mkdtemp(prefix="pixel-bench-"))
    storage = StorageSettings(home=home, _env_file=None)
    embedded.start(storage)
    upstream_port = free_port()
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PIXEL_")}
    port = free_port()
    environment |= {"PIXEL_HOME": str(home), "PIXEL_API_PORT": str(port), "HF_HUB_OFFLINE": "1", **settings}
    upstream = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.serving.load.numbered", str(upstream_port)], cwd=_REPOSITORY
    )
    made = Place(storage, port, upstream_port, environment)
    try:
        provision(storage)
        migrate(storage)
        made.start()
        made.keys = [_organization(made, f"bench-{number}") for number in range(organizations)]
        read_in_own_process(made.plan(streams=3, rate=0.0))
        made.settle()
        yield made
    finally:
        if made.api is not None:
            made.api.kill()
            made.api.wait()
        upstream.kill()
        upstream.wait()
        embedded.stop(storage, immediate=True)
        shutil.rmtree(home, ignore_errors=True)


def _organization(made: Place, slug: str) -> str:
    engine = owner_engine(made.settings)
    with owner_session(engine) as session:
        organization = Organization(name=slug, slug=slug)
        session.add(organization)
        session.flush()
        organization_id = organization.id
    create_default_bot(engine, organization_id, knowledge_base="default", slug="assistant")
    key = issue_api_key(engine, organization_id, name="bench", role=Role.OWNER)
    engine.dispose()
    with httpx2.Client(base_url=made.url, headers={"authorization": f"Bearer {key}"}, timeout=30) as client:
        connection = _made(client, "/api/v1/model-connections", {
            "name": "numbered", "provider": "vllm", "base_url": f"http://127.0.0.1:{made.upstream_port}/v1",
            "limits": {"total_s": 3600},
        })  # fmt: skip
        model = _made(client, "/api/v1/models", {"connection_id": connection["id"], "name": "numbered"})
        bot = _made(
            client, "/api/v1/chatbots", {"name": "Plain", "slug": "plain", "system_prompt": "Say what is asked for."}
        )
        routing = {"candidates": [{"model_id": model["id"]}], "total_s": 3600, "falls_back_to_extractive": False}
        changed = client.patch(f"/api/v1/chatbots/{bot['id']}", json={"routing": routing, "answers_from": "model"})
        if changed.status_code != 200:
            raise RuntimeError(changed.text)
    return key


def _made(client: httpx2.Client, path: str, body: dict[str, Any]) -> dict[str, Any]:
    response = client.post(path, json=body)
    if response.status_code != 201:
        raise RuntimeError(f"{path}: {response.text}")
    found: dict[str, Any] = response.json()
    return found


def read_in_own_process(plan: Plan) -> dict[str, Any]:
    """Let readers read in a process of their own, so that they take no time from who measures."""
    from dataclasses import asdict

    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.serving.load.readers"], input=json.dumps(asdict(plan)), capture_output=True,
        text=True, check=True, cwd=_REPOSITORY,
    )  # fmt: skip
    found: dict[str, Any] = json.loads(done.stdout)
    return found
