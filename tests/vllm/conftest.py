"""A real vLLM server on a tiny model, started as `pixel up --with vllm` starts it."""

import asyncio
import gc
import os
import socket
import uuid
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
from sqlalchemy import Engine

from cli import catalog, processes, vllm_server
from cli.settings import cli_settings
from serving.inference.provider import GenerationRequest, Message, Role
from serving.inference.providers.endpoint import Endpoint
from serving.inference.providers.limits import CallLimits
from serving.inference.providers.opening import ConnectedProvider, open_provider
from serving.inference.vllm.adapters import Adapter, read_adapter
from serving.inference.vllm.changing import known_state
from serving.inference.vllm.device import DeviceChoice, DeviceKind
from serving.inference.vllm.environment import ensure_environment
from serving.inference.vllm.server import VllmServer
from serving.inference.vllm.settings import vllm_settings
from serving.inference.vllm.state import ServerState, VllmHome
from storage.postgres.models.model_connection import ModelProvider
from storage.settings import StorageSettings
from tests.conftest import REPOSITORY
from tests.factories.accounts import make_organization
from tests.factories.families import left_after
from tests.factories.model_servers import collect
from tests.factories.tiny_llama import make_adapter, make_tiny_llama
from tests.integration.conftest import api_url, make_tenant, tenant

__all__ = ["api_url", "make_tenant", "tenant"]
IS_WANTED = os.environ.get("PIXEL_TEST_VLLM") == "1"
MOST_RUNNING, MOST_WAITING = 4, 4
# A busy small machine gives the server no time for seconds.
LIMITS = CallLimits(connect_s=10, first_token_s=90, gap_s=60, total_s=120)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave these tests to `make test-vllm`: they install gigabytes and take minutes."""
    for item in items:
        if Path(__file__).parent not in item.path.parents:
            continue
        # Whoever starts a service does not wait for its end, which Python tells of.
        item.add_marker(pytest.mark.filterwarnings("ignore:.*Popen.__del__:pytest.PytestUnraisableExceptionWarning"))
        item.add_marker(pytest.mark.filterwarnings("ignore:subprocess .* is still running:ResourceWarning"))
        if not IS_WANTED:
            item.add_marker(pytest.mark.skip(reason="needs vLLM's own environment: make test-vllm"))


@dataclass(frozen=True)
class Running:
    """A server with the folder of its adapters."""

    settings: StorageSettings
    home: VllmHome
    folder: Path

    @property
    def state(self) -> ServerState:
        return known_state(self.home)

    @property
    def pid(self) -> int:
        identity = processes.running(self.settings, catalog.VLLM)
        assert identity is not None
        return identity.pid

    def client(self) -> VllmServer:
        return VllmServer(self.state.url, self.home.key())

    def provider(self) -> ConnectedProvider:
        endpoint = Endpoint(
            uuid.uuid4(),
            ModelProvider.VLLM,
            f"{self.state.url}/v1",
            self.home.key(),
            may_be_private=True,
            limits=LIMITS,
        )
        return open_provider(endpoint)

    def adapter(self, name: str, *, seed: int, scale: float = 1.0) -> Adapter:
        return read_adapter(name, make_adapter(self.folder / f"{name}-{seed}-{scale}", seed=seed, scale=scale))

    def served_name(self, name: str) -> str:
        return [one.served_name for one in self.state.adapters if one.name == name][-1]

    def start(self) -> None:
        plan = vllm_server.read_plan(self.settings, None, [], DeviceChoice.CPU)
        vllm_server.start(self.settings, plan, as_json=True)


@pytest.fixture(scope="session")
def environment() -> Path:
    """The environment for CPUs; installed once for all runs."""
    return ensure_environment(REPOSITORY / ".pixel" / "vllm", DeviceKind.CPU, tell=lambda _: None)


@pytest.fixture(scope="session")
def configured(settings: StorageSettings, owner: Engine, environment: Path) -> Iterator[StorageSettings]:
    """An installation that has the environment, an organization to register models with, and a free port."""
    home = settings.home_path / "vllm"
    home.mkdir()
    (home / environment.name).symlink_to(environment)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    values = {
        "PIXEL_ORGANIZATION": make_organization(owner).slug,
        "PIXEL_VLLM_PORT": str(port),
        "PIXEL_VLLM_MAX_NUM_SEQS": str(MOST_RUNNING),
        "PIXEL_VLLM_MAX_WAITING": str(MOST_WAITING),
        "PIXEL_VLLM_CPU_CACHE_GIB": "1",
        # A tiny model's scores are close together: rounding to 16 bits would let batches decide which one is first.
        "PIXEL_VLLM_EXTRA_ARGUMENTS": "--dtype float32 --enable-auto-tool-choice --tool-call-parser hermes",
    }
    os.environ.update(values)
    for cached in (vllm_settings, cli_settings):
        cached.cache_clear()
    yield settings
    for name in values:
        os.environ.pop(name, None)
    for cached in (vllm_settings, cli_settings):
        cached.cache_clear()


@pytest.fixture(scope="session")
def running(configured: StorageSettings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The server with two adapters, `formal` and `brief`."""
    folder = tmp_path_factory.mktemp("vllm")
    model = make_tiny_llama(folder / "tiny")
    server = Running(configured, VllmHome(configured), folder)
    adapters = [f"{one.name}={one.path}" for one in (server.adapter("formal", seed=1), server.adapter("brief", seed=2))]
    plan = vllm_server.read_plan(configured, str(model), adapters, DeviceChoice.CPU)
    vllm_server.start(configured, plan, as_json=True)
    family = psutil.Process(server.pid).children(recursive=True)
    yield server
    processes.stop(configured, catalog.VLLM)
    assert not left_after(family, 10)
    with warnings.catch_warnings():
        # What a thread has started is let go of after the last test, whose filters are gone then.
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


def asked(model: str, prompt: str = "Hello there", *, tokens: int = 40, **more: object) -> GenerationRequest:
    """A greedy request."""
    parameters = {"temperature": 0, "max_tokens": tokens}
    return GenerationRequest(
        **{
            "question": prompt,
            "evidence": (),
            "model": model,
            "messages": (Message(Role.USER, prompt),),
            "parameters": parameters,
            **more,
        }  # type: ignore[arg-type]
    )


async def text_of(provider: ConnectedProvider, request: GenerationRequest) -> str:
    """The whole answer."""
    return (await collect(provider.stream(request)))[0]


async def idle_within(server: Running, seconds: float) -> bool:
    """Whether everything that runs in the server ends in time."""
    with server.client() as client:
        for _ in range(int(seconds * 10)):
            load = await asyncio.to_thread(client.load)
            if load.running == load.waiting == 0:
                return True
            await asyncio.sleep(0.1)
    return False
