"""An installation of its own: embedded PostgreSQL, API, worker and dashboards as processes, which a test may break."""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import httpx2

from serving.accounts.bootstrap import issue_api_key
from serving.bots.bootstrap import create_default_bot
from storage.postgres import embedded
from storage.postgres.engine import owner_engine
from storage.postgres.migrate import migrate
from storage.postgres.models.member import Role
from storage.postgres.models.organization import Organization
from storage.postgres.provision import provision
from storage.postgres.warehouse import dbt_environment, dbt_executable
from storage.settings import StorageSettings
from tests.factories.accounts import make_organization

REPOSITORY = Path(__file__).parents[2]


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(frozen=True)
class Customer:
    """An organization with an owner's key, a knowledge base and a bot."""

    organization: Organization
    key: str
    url: str
    knowledge_base_id: str
    chatbot_id: str

    def client(self) -> httpx2.Client:
        """A client of its own; whoever asks for it closes it."""
        return httpx2.Client(base_url=self.url, headers={"Authorization": f"Bearer {self.key}"}, timeout=60)

    def upload(self, client: httpx2.Client, name: str, data: bytes) -> httpx2.Response:
        """Upload a Markdown file."""
        path = f"/api/v1/knowledge-bases/{self.knowledge_base_id}/documents"
        return client.post(path, files={"file": (name, data, "text/markdown")})

    def wait_until_read(self, client: httpx2.Client, document_ids: set[str], *, seconds: float) -> dict[str, str]:
        """States of documents by id, once none of them waits any more or time is up."""
        path = f"/api/v1/knowledge-bases/{self.knowledge_base_id}/documents"
        deadline = time.monotonic() + seconds
        while True:
            listed = client.get(path, params={"limit": 1000}).json()
            states = {d["id"]: d["state"] for d in listed if d["id"] in document_ids}
            waits = len(states) < len(document_ids) or {"staged", "processing"} & set(states.values())
            if not waits or time.monotonic() > deadline:
                return states
            time.sleep(0.3)


@dataclass
class Installation:
    """Start, break and stop its parts; `close` leaves nothing behind."""

    settings: StorageSettings
    api_port: int = field(default_factory=free_port)
    dashboard_port: int = field(default_factory=free_port)
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @classmethod
    def make(cls) -> "Installation":
        """A fresh one with a running, migrated server."""
        home = Path(tempfile.mkdtemp(prefix="pixel-own-")) / "home"
        made = cls(StorageSettings(_env_file=None, home=home))
        embedded.start(made.settings)
        provision(made.settings)
        migrate(made.settings)
        return made

    @property
    def url(self) -> str:
        """Address of the API."""
        return f"http://127.0.0.1:{self.api_port}"

    @property
    def dashboard_url(self) -> str:
        """Address of the dashboards."""
        return f"http://127.0.0.1:{self.dashboard_port}"

    def environment(self) -> dict[str, str]:
        """What its processes see."""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("PIXEL_")}
        return inherited | {
            "PIXEL_HOME": str(self.settings.home_path),
            "PIXEL_API_PORT": str(self.api_port),
            "PIXEL_DASHBOARD_API_URL": self.url,
            "OMP_NUM_THREADS": "2",
        }

    def start(self, name: str, *arguments: str) -> subprocess.Popen[bytes]:
        """Start a process of Python's; its output goes to a file of the home."""
        with (self.settings.home_path / f"{name}.out").open("ab") as output:
            process = subprocess.Popen(
                [sys.executable, *arguments],
                cwd=REPOSITORY,
                env=self.environment(),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.processes[name] = process
        return process

    def start_api(self) -> subprocess.Popen[bytes]:
        """Start the API and wait until it is ready."""
        process = self.start("api", "-m", "cli", "run", "api")
        self.wait_for(f"{self.url}/ready", process)
        return process

    def start_worker(self) -> subprocess.Popen[bytes]:
        """Start the ingestion worker."""
        return self.start("worker", "-m", "cli", "run", "worker")

    def start_dashboards(self) -> subprocess.Popen[bytes]:
        """Start the dashboards and wait until they answer."""
        process = self.start(
            "dashboards", "-m", "streamlit", "run", "dashboards/server.py", "--server.address=127.0.0.1",
            f"--server.port={self.dashboard_port}", "--server.headless=true", "--browser.gatherUsageStats=false",
            "--server.fileWatcherType=none", "--client.toolbarMode=minimal",
        )  # fmt: skip
        self.wait_for(f"{self.dashboard_url}/_stcore/health", process)
        return process

    def wait_for(self, url: str, process: subprocess.Popen[bytes], *, seconds: float = 90) -> None:
        """Wait until an address answers with success."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and process.poll() is None:
            try:
                if httpx2.get(url, timeout=5).is_success:
                    return
            except httpx2.TransportError:
                pass
            time.sleep(0.1)
        raise AssertionError(f"{url} did not answer; exit status {process.poll()}, home {self.settings.home_path}")

    def stop(self, name: str, *, seconds: float = 40) -> int:
        """Stop a process politely; its exit status."""
        process = self.processes.pop(name)
        process.terminate()
        try:
            return process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            return process.wait(10)

    def customer(self, name: str = "Example") -> Customer:
        """A fresh organization. The server must run, the API too."""
        engine = owner_engine(self.settings)
        try:
            organization = make_organization(engine, name=name)
            create_default_bot(engine, organization.id, knowledge_base="default", slug="assistant")
            key = issue_api_key(engine, organization.id, name="owner", role=Role.OWNER)
        finally:
            engine.dispose()
        with httpx2.Client(base_url=self.url, headers={"Authorization": f"Bearer {key}"}, timeout=60) as client:
            base = client.get("/api/v1/knowledge-bases").json()[0]["id"]
            bot = client.get("/api/v1/chatbots").json()[0]["id"]
        return Customer(organization, key, self.url, base, bot)

    def wait_for_documents(self, states: Callable[[], list[str]], *, seconds: float = 90) -> None:
        """Wait until no document waits or is being read."""
        deadline = time.monotonic() + seconds
        while {"staged", "processing"} & set(states()):
            assert time.monotonic() < deadline, states()
            time.sleep(0.2)

    def build_warehouse(self) -> None:
        """Build the marts, as the scheduled job does."""
        result = subprocess.run(
            [dbt_executable(), "build"],
            env={**self.environment(), **dbt_environment(self.settings)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert result.returncode == 0, result.stdout[-6000:] + result.stderr[-2000:]

    def close(self) -> None:
        """Stop everything and remove the home."""
        for name in list(self.processes):
            self.stop(name, seconds=15)
        embedded.stop(self.settings, immediate=True)
        shutil.rmtree(self.settings.home_path.parent, ignore_errors=True)
