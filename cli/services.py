"""`pixel up`, `pixel down`, `pixel status`, `pixel logs`."""

import enum
import json
import time
from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.console import emit, say
from cli.errors import fail
from serving.inference.vllm.device import DeviceChoice

if TYPE_CHECKING:
    from cli.processes import Service
    from storage.settings import StorageSettings


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(up)
    app.command()(down)
    app.command()(status)
    app.command()(logs)


class Extra(enum.StrEnum):
    """What can be started beside everything else."""

    VLLM = "vllm"


def up(
    extra: Annotated[Extra | None, typer.Option("--with", help="start a model server too")] = None,
    model: Annotated[str | None, typer.Option(help="model of the server: a folder, or a name in a hub")] = None,
    adapter: Annotated[list[str] | None, typer.Option(help="a LoRA adapter, as NAME=PATH; may be repeated")] = None,
    vllm_device: Annotated[DeviceChoice, typer.Option(help="what vLLM runs on")] = DeviceChoice.AUTO,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON line per service")] = False,
) -> None:
    """Start everything: PostgreSQL, API, worker, dashboards and Dagster, on loopback. What runs already stays.

    With `--with vllm` a vLLM server answers for the organization's bots, too; the first time its environment is installed.
    """
    from cli import catalog, processes, vllm_server
    from cli.environment import prepare, tell_credentials
    from orchestration.instance import write_instance
    from storage.settings import storage_settings

    settings = storage_settings()
    if extra is None and (model or adapter):
        fail("--model and --adapter are of a model server: add --with vllm")
    plan = vllm_server.read_plan(settings, model, adapter or [], vllm_device) if extra is Extra.VLLM else None
    first = prepare(settings, step=(lambda _: None) if as_json else (lambda text: say(f"· {text}")))
    if first is not None:
        tell_credentials(first)
    write_instance(settings)
    services = catalog.services(settings)
    started = {}
    for name, service in services.items():
        # One after another: each is ready soonest when the processors are its own.
        started[name] = processes.start(settings, service)
        seconds = processes.wait_until_healthy(settings, service)
        if as_json:
            emit({"name": name, "url": service.url, "started": started[name], "seconds_to_ready": round(seconds, 2)})
        else:
            say(f"· {service.title:<20} {service.url or 'running'}")
    if plan is not None:
        vllm_server.start(settings, plan, as_json=as_json)


def down(as_json: Annotated[bool, typer.Option("--json", help="print what was stopped as JSON")] = False) -> None:
    """Stop everything that `pixel up` started, PostgreSQL last."""
    from storage.settings import storage_settings

    stopped = stop_all(storage_settings())
    if as_json:
        emit({"stopped": stopped})
    else:
        say(f"stopped: {', '.join(stopped)}" if stopped else "nothing was running")


def stop_all(settings: object) -> list[str]:
    """Stop the services, then the embedded server; names of those that ran."""
    from cli import catalog, processes
    from storage.postgres import embedded
    from storage.settings import StorageSettings

    assert isinstance(settings, StorageSettings)  # noqa: S101 - keeps the import inside the function
    stopped = [name for name in reversed(catalog.NAMES) if processes.stop(settings, name)]
    if settings.database_url is None and embedded.stop(settings):
        stopped.append("postgres")
    return stopped


def status(as_json: Annotated[bool, typer.Option("--json", help="print the state as JSON")] = False) -> None:
    """What runs, where, and whether the schema is current."""
    from cli import processes
    from storage.postgres import embedded
    from storage.postgres.migrate import is_current
    from storage.settings import storage_settings

    settings = storage_settings()
    database = settings.database_url is not None or embedded.is_running(settings)
    rows = [
        {
            "name": name,
            "running": (identity := processes.running(settings, name)) is not None,
            "pid": identity.pid if identity else None,
            "url": service.url,
        }
        for name, service in _known(settings).items()
    ]
    state = {
        "home": str(settings.home_path),
        "postgres": database,
        "schema_current": is_current(settings) if database else None,
        "services": rows,
    }
    if as_json:
        emit(state)
        return
    say(f"home        {state['home']}")
    say(f"postgres    {'running' if database else 'stopped'}")
    if database:
        say(f"schema      {'current' if state['schema_current'] else 'behind: pixel up migrates it'}")
    for row in rows:
        where = f"running  pid {row['pid']}  {row['url'] or ''}" if row["running"] else "stopped"
        say(f"{row['name']:<18}{where}".rstrip())


def _known(settings: "StorageSettings") -> "dict[str, Service]":
    """The services that always run, and the model server if there ever was one."""
    from cli import catalog

    known = catalog.services(settings)
    server = catalog.vllm_service(settings)
    return known if server is None else {**known, server.name: server}


def logs(
    name: Annotated[str | None, typer.Argument(help="a process, for example api; all of them when left out")] = None,
    lines: Annotated[int, typer.Option("--lines", "-n", min=1, help="how many lines")] = 40,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="keep printing new lines")] = False,
) -> None:
    """Show the end of the logs."""
    from storage.settings import storage_settings

    folder = storage_settings().logs_path
    found = sorted(folder.glob("*")) if folder.is_dir() else []
    files = [path for path in found if path.suffix in (".jsonl", ".out") and (name is None or path.stem == name)]
    if not files:
        known = sorted({path.stem for path in found})
        fail(f"No log of {name!r} in {folder}; there is: {', '.join(known) or 'none yet'}")
    for path in files:
        with path.open(errors="replace") as handle:
            for line in deque(handle, maxlen=lines):
                say(_readable(path, line))
    if follow:
        _follow(files)


def _readable(path: Path, line: str) -> str:
    if path.suffix != ".jsonl":
        return f"{path.stem:<18} {line.rstrip()}"
    try:
        event = json.loads(line)
    except ValueError:
        return line.rstrip()
    head = f"{event.pop('timestamp', '')} {event.pop('process', path.stem):<8} {event.pop('level', ''):<7}"
    name = event.pop("event", "")
    event.pop("logger", None)
    return f"{head} {name} {' '.join(f'{key}={value}' for key, value in event.items())}".rstrip()


def _follow(files: list[Path]) -> None:
    positions = {path: path.stat().st_size for path in files}
    while True:
        for path in files:
            # A rotated file starts again from its beginning.
            start = min(positions[path], path.stat().st_size)
            with path.open(errors="replace") as handle:
                handle.seek(start)
                for line in handle:
                    say(_readable(path, line))
                positions[path] = handle.tell()
        time.sleep(0.5)
