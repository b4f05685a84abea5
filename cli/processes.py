"""Processes that `pixel up` starts and `pixel down` stops: each with a log, a record of its identity and a health check."""

import contextlib
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path

from cli.errors import fail
from storage.settings import StorageSettings

START_TIMEOUT_S = 90
STOP_TIMEOUT_S = 35
CHILDREN_TIMEOUT_S = 2
_SWEEPS = 3


@dataclass(frozen=True)
class Service:
    """One process: how to start it and how to know that it works. `url` is None for a process without a port.

    A process that is not the product's own does not know its settings: keys and addresses of databases are among them.
    """

    name: str
    arguments: tuple[str, ...]
    title: str
    port: int | None = None
    port_setting: str | None = None
    health_path: str = "/"
    environment: dict[str, str] = field(default_factory=dict)
    start_timeout_s: float = START_TIMEOUT_S
    knows_settings: bool = True

    @property
    def url(self) -> str | None:
        """Address on this machine."""
        return f"http://127.0.0.1:{self.port}" if self.port else None


@dataclass(frozen=True)
class Identity:
    """Who a process is: an id alone may be given to another process later."""

    pid: int
    created: float


def _record(settings: StorageSettings, name: str) -> Path:
    return settings.home_path / "run" / f"{name}.json"


def output_file(settings: StorageSettings, name: str) -> Path:
    """Where a process's own output goes (its structured events go to `<name>.jsonl` beside it)."""
    return settings.logs_path / f"{name}.out"


def running(settings: StorageSettings, name: str) -> Identity | None:
    """The running process of this name that we started, None when it does not run."""
    import psutil

    try:
        identity = Identity(**json.loads(_record(settings, name).read_text()))
        process = psutil.Process(identity.pid)
        alive = abs(process.create_time() - identity.created) < 1 and process.status() != psutil.STATUS_ZOMBIE
    except (OSError, ValueError, TypeError, psutil.Error):
        return None
    return identity if alive else None


def start(settings: StorageSettings, service: Service) -> bool:
    """Start a service in a session of its own, so that Ctrl-C of a terminal does not reach it.

    Returns:
        True when this call started it, False when it ran already.

    Raises:
        CommandError: Its port is taken by something else.
    """
    import psutil

    if running(settings, service.name) is not None:
        return False
    _end_left_behind(settings, service.name)
    if service.port is not None:
        require_free(service.port, service.title, service.port_setting or "its setting")
    output = output_file(settings, service.name)
    output.parent.mkdir(parents=True, exist_ok=True)
    _record(settings, service.name).parent.mkdir(parents=True, exist_ok=True)
    with output.open("ab") as handle:
        # Only its number is kept: a handle would warn, whenever it is collected, of a process that is meant to go on.
        pid = subprocess.Popen(
            list(service.arguments),
            stdin=subprocess.DEVNULL,
            stdout=handle,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env=_environment(settings, service),
        ).pid
    created = psutil.Process(pid).create_time()
    _record(settings, service.name).write_text(json.dumps(asdict(Identity(pid, created))))
    return True


def _environment(settings: StorageSettings, service: Service) -> dict[str, str]:
    own = {**os.environ, "PIXEL_HOME": str(settings.home_path)}
    if not service.knows_settings:
        own = {name: value for name, value in os.environ.items() if not name.startswith("PIXEL_")}
    return {**own, **_quiet(), **service.environment}


def _quiet() -> dict[str, str]:
    return {
        "DO_NOT_TRACK": "1",
        "GX_ANALYTICS_ENABLED": "false",
        "STREAMLIT_BROWSER_GATHER_USAGE_STATS": "false",
        "HF_HUB_OFFLINE": "1",
        "TOKENIZERS_PARALLELISM": "false",
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}",
    }


def require_free(port: int, title: str, setting: str) -> None:
    """Check that a port can be listened on.

    Args:
        port: The port.
        title: What is to listen there, for people.
        setting: Name of the setting that chooses the port.

    Raises:
        CommandError: Something else listens there.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            fail(
                f"Port {port} is taken, so the {title} cannot start; stop what uses it or set {setting} to another port"
            )


def wait_until_healthy(
    settings: StorageSettings, service: Service, *, on_wait: Callable[[float], None] = lambda _: None
) -> float:
    """Wait for the health check; seconds that it took.

    Args:
        settings: Where the installation is.
        service: What was started.
        on_wait: Is told after each try how many seconds have passed.

    Raises:
        CommandError: The process ended or did not answer in time; the message carries its last words.
    """
    import urllib.error
    import urllib.request

    started = time.monotonic()
    while time.monotonic() - started < service.start_timeout_s:
        if running(settings, service.name) is None:
            fail(f"The {service.title} ended at once: {last_words(settings, service.name)}")
        if service.url is None:
            return time.monotonic() - started
        try:
            with urllib.request.urlopen(service.url + service.health_path, timeout=2):  # noqa: S310 - our own address
                return time.monotonic() - started
        except (urllib.error.URLError, TimeoutError, ConnectionError):
            on_wait(time.monotonic() - started)
            time.sleep(0.1)
    fail(
        f"The {service.title} did not answer within {service.start_timeout_s:.0f} s: {last_words(settings, service.name)}"
    )


def last_words(settings: StorageSettings, name: str) -> str:
    """The last line that a process wrote."""
    try:
        lines = output_file(settings, name).read_text(errors="replace").splitlines()
    except OSError:
        lines = []
    spoken = [line.strip() for line in lines if line.strip()]
    return f"{spoken[-1][:300]} (pixel logs {name})" if spoken else f"it wrote nothing (pixel logs {name})"


def _end_left_behind(settings: StorageSettings, name: str) -> None:
    """End what a process that was killed has left running: its children hold its memory, on a GPU too.

    They are known by their session, whose number nobody else is given while one of them lives.
    """
    import psutil

    try:
        dead = Identity(**json.loads(_record(settings, name).read_text()))
    except (OSError, ValueError, TypeError):
        return
    with contextlib.suppress(psutil.NoSuchProcess):
        if psutil.Process(dead.pid).status() != psutil.STATUS_ZOMBIE:
            return  # the number was given away again, so nobody of that session is left
    _end_session(dead)


def _end_session(of: Identity) -> None:
    """End everything in the session of a process that is gone, also what was started while it was being stopped."""
    import psutil

    for _ in range(_SWEEPS):
        left = []
        for process in psutil.process_iter():
            try:
                is_of_it = os.getsid(process.pid) == of.pid and process.create_time() > of.created - 1
                # In a container without an init process nobody takes note of those that have ended.
                if is_of_it and process.status() != psutil.STATUS_ZOMBIE:
                    left.append(process)
            except (OSError, psutil.Error):
                continue
        if not left:
            return
        for process in left:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs(left, timeout=CHILDREN_TIMEOUT_S)


def stop(settings: StorageSettings, name: str, *, tell: Callable[[str], None] = lambda _: None) -> bool:
    """Stop a process politely, after a while by force, and then what is left of its children.

    Returns:
        True when it ran.
    """
    import psutil

    identity = running(settings, name)
    if identity is None:
        _end_left_behind(settings, name)
        _record(settings, name).unlink(missing_ok=True)
        return False
    tell(name)
    try:
        process = psutil.Process(identity.pid)
        family = [process, *process.children(recursive=True)]
        process.terminate()
    except psutil.NoSuchProcess:
        family = []
    # It stops its own children; what it leaves behind does not get its time as well.
    psutil.wait_procs(family[:1], timeout=STOP_TIMEOUT_S)
    _, left = psutil.wait_procs(family, timeout=CHILDREN_TIMEOUT_S)
    for one in left:
        one.terminate()
    _, left = psutil.wait_procs(left, timeout=CHILDREN_TIMEOUT_S)
    for one in left:
        one.kill()
    psutil.wait_procs(left, timeout=CHILDREN_TIMEOUT_S)
    _end_session(identity)
    _record(settings, name).unlink(missing_ok=True)
    return True
