"""Starts the vLLM server of `pixel up --with vllm` and makes it known to the organization."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cli.console import emit, say, warn
from cli.errors import CommandError, fail
from serving.inference.vllm.device import DeviceChoice
from storage.settings import StorageSettings

if TYPE_CHECKING:
    from serving.inference.vllm.adapters import Adapter
    from serving.inference.vllm.device import Device
    from serving.inference.vllm.limits import ServerLimits
    from serving.inference.vllm.model_files import ModelFiles
    from serving.inference.vllm.state import VllmHome

_SHOWN_LINES = 20
_READ_BYTES = 64 * 1024
_TELL_EVERY_S = 5.0


@dataclass(frozen=True)
class Plan:
    """What was asked for, read and checked."""

    source: str
    model: "ModelFiles | None"
    device: "Device"
    limits: "ServerLimits"
    adapters: "list[Adapter]"


def read_plan(settings: StorageSettings, model: str | None, adapters: list[str], choice: DeviceChoice) -> Plan:
    """Check what was asked for, before anything is started or installed.

    Args:
        settings: Where the installation is.
        model: Folder or name of the model; the last one unless given.
        adapters: Each as `NAME=PATH`; those of the last start, if it was of the same model, unless given.
        choice: What to run on.

    Raises:
        CommandError: There is no model to start, or its port is taken.
        VllmError: Model, adapter or device do not do.
    """
    from cli import catalog, processes
    from serving.inference.vllm.adapters import parse_adapter, read_adapter
    from serving.inference.vllm.device import find_device
    from serving.inference.vllm.limits import derive_limits
    from serving.inference.vllm.model_files import read_model
    from serving.inference.vllm.settings import vllm_settings
    from serving.inference.vllm.state import VllmHome

    last = VllmHome(settings).state()
    source = model or (last.source if last is not None else None)
    if source is None:
        fail("--with vllm needs --model NAME_OR_PATH, for example --model ./models/my-model")
    found = read_model(source)
    read = [parse_adapter(text) for text in adapters]
    if last is not None and not adapters and (model is None or _place(model) == last.source):
        newest = {one.name: one for one in last.adapters}
        read = [read_adapter(name, one.path) for name, one in newest.items()]
    name = found.name if found is not None else source
    if name in {adapter.name for adapter in read}:
        fail(f"--adapter {name}=…: the model itself is called {name}; give the adapter another name")
    device, own = find_device(choice), vllm_settings()
    if processes.running(settings, catalog.VLLM) is None:
        processes.require_free(own.port, catalog.VLLM_TITLE, catalog.VLLM_PORT_SETTING)
    return Plan(source, found, device, derive_limits(device, found, own), read)


def start(settings: StorageSettings, plan: Plan, *, as_json: bool) -> None:
    """Start the server unless it runs as planned, load its adapters, and register its models.

    Raises:
        CommandError: It did not start; the message says why.
        VllmError: Its environment could not be installed, or an adapter was refused.
    """
    from cli import catalog, processes
    from serving.inference.vllm.environment import ensure_environment
    from serving.inference.vllm.launch import plan_server
    from serving.inference.vllm.settings import vllm_settings
    from serving.inference.vllm.state import VllmHome

    tell: Callable[[str], None] = (lambda _: None) if as_json else _teller()
    own, home = vllm_settings(), VllmHome(settings)
    environment = ensure_environment(home.path, plan.device.kind, torch_index=own.torch_index, tell=tell)
    state = plan_server(
        plan.source, plan.model, plan.device, plan.limits, environment=environment, adapters=plan.adapters, settings=own
    )
    last = home.state()
    if processes.running(settings, catalog.VLLM) is not None:
        if last is None or (last.arguments, last.variables) != (state.arguments, state.variables):
            fail("A vLLM server runs already, with another model or other limits; pixel vllm stop ends it")
        started, seconds = False, 0.0
    else:
        home.keep(state)
        started, seconds = True, _run(settings, tell)
    models = _complete(settings, home, plan.adapters, tell)
    service = catalog.vllm_service(settings)
    assert service is not None  # noqa: S101 - its state was kept above
    if as_json:
        ready = {"started": started, "seconds_to_ready": round(seconds, 2), "models": models}
        emit({"name": catalog.VLLM, "url": service.url, "device": state.device, **ready})
    else:
        say(f"· {service.title:<20} {service.url}  {', '.join(models)} on {state.device}")


def register(settings: StorageSettings, *, without: str | None = None) -> dict[str, str]:
    """Make the server's models those of the organization; ids by name.

    Args:
        settings: Where the installation is.
        without: An adapter that bots shall not use any more.
    """
    from cli.environment import workplace
    from serving.context import open_context
    from serving.inference.vllm.changing import known_state
    from serving.inference.vllm.registration import register_server
    from serving.inference.vllm.state import VllmHome
    from serving.settings import serving_settings

    home = VllmHome(settings)
    known = known_state(home)
    state = known.with_adapters([one for one in known.adapters if one.name != without])

    async def run() -> dict[str, str]:
        context = open_context(settings, serving_settings())
        try:
            found = await register_server(context, place.actor, state, home.key())
        finally:
            await context.close()
        return {name: str(model_id) for name, model_id in found.items()}

    with workplace() as place:
        return asyncio.run(run())


def _complete(
    settings: StorageSettings, home: "VllmHome", adapters: "list[Adapter]", tell: Callable[[str], None]
) -> dict[str, str]:
    """Load the adapters that are not loaded yet, then let bots use what answers."""
    from serving.inference.vllm.changing import known_state, load_adapter
    from serving.inference.vllm.server import VllmServer
    from serving.inference.vllm.settings import vllm_settings

    with VllmServer(known_state(home).url, home.key()) as server:
        for adapter in adapters:
            load_adapter(home, server, adapter, drain_s=vllm_settings().drain_seconds, tell=tell)
    return register(settings)


def _run(settings: StorageSettings, tell: Callable[[str], None]) -> float:
    """Start the process and wait until it answers."""
    from cli import catalog, processes
    from serving.inference.vllm.causes import cause_of, telling_lines

    service = catalog.vllm_service(settings)
    assert service is not None  # noqa: S101 - the caller kept its state
    log = processes.output_file(settings, service.name)
    begin = log.stat().st_size if log.exists() else 0
    told_at = time.monotonic()

    def show(_: float) -> None:
        nonlocal told_at
        if time.monotonic() - told_at >= _TELL_EVERY_S:
            told_at = time.monotonic()
            spoken = [line for line in _end(log, begin) if line.strip()]
            tell(f"vLLM: {spoken[-1][:150]}" if spoken else "vLLM starts")

    processes.start(settings, service)
    try:
        return processes.wait_until_healthy(settings, service, on_wait=show)
    except CommandError:
        has_ended = processes.running(settings, service.name) is None
        lines = _end(log, begin)
        processes.stop(settings, service.name)
        # One that is only slow has raised nothing that matters; its end says where it is.
        for line in telling_lines(lines) if has_ended else lines[-_SHOWN_LINES:]:
            warn(f"  {line[:300]}")
        if not has_ended:
            fail(
                f"The vLLM server did not answer within {service.start_timeout_s:.0f} s and was stopped; give it longer "
                "with PIXEL_VLLM_START_SECONDS (pixel logs vllm)"
            )
        fail(f"The vLLM server ended before it answered: {cause_of(lines)} (pixel logs vllm)")


def _end(log: Path, begin: int) -> list[str]:
    """The last lines that were written since a position."""
    with log.open("rb") as handle:
        handle.seek(max(begin, log.stat().st_size - _READ_BYTES))
        return handle.read().decode(errors="replace").splitlines()


def _place(model: str) -> str:
    folder = Path(model).expanduser()
    return str(folder.resolve()) if folder.is_dir() else model


def _teller() -> Callable[[str], None]:
    """Says each new thing once, on one line that moves on where there is a terminal."""
    last = ""

    def tell(text: str) -> None:
        nonlocal last
        if text != last:
            last = text
            say(f"· {text}")

    return tell
