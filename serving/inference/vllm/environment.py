"""vLLM's own virtual environment: it pins other versions of what the product itself uses, so the two never share one.

The folder carries a digest of the locked requirements and of the interpreter. It is made under another name and renamed when
everything is in it, so one that is there is whole.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from serving.inference.vllm.device import DeviceKind
from serving.inference.vllm.errors import InstallError

_HERE = Path(__file__).parent
_LOCKS = {DeviceKind.CPU: _HERE / "requirements-cpu.lock", DeviceKind.CUDA: _HERE / "requirements-cuda.lock"}
# What the libraries of each environment take on disk, with room for the downloads.
_NEEDED_GB = {DeviceKind.CPU: 8, DeviceKind.CUDA: 25}
_LOG_LINES = 15
Tell = Callable[[str], None]


def requirements(kind: DeviceKind) -> list[str]:
    """The locked requirements for a device, each `name==version`."""
    lines = _LOCKS[kind].read_text().splitlines()
    return [line.strip() for line in lines if line.strip() and not line.startswith("#")]


def digest(kind: DeviceKind) -> str:
    """Tells environments apart: by what is in them and by the interpreter that they were made with."""
    content = "\n".join([sys.version, sys.base_prefix, *requirements(kind)])
    return hashlib.sha256(content.encode()).hexdigest()[:12]


def environment_path(root: Path, kind: DeviceKind) -> Path:
    """Where the environment for a device is, whether or not it is there yet."""
    return root / f"env-{kind}-{digest(kind)}"


def ensure_environment(root: Path, kind: DeviceKind, *, torch_index: str | None = None, tell: Tell) -> Path:
    """The environment for a device, installed unless it is there.

    Args:
        root: Folder of the environments.
        kind: The device.
        torch_index: Package index of torch builds for CPUs.
        tell: Is told what happens, a line at a time.

    Returns:
        Its folder.

    Raises:
        InstallError: A package could not be installed or does not work; nothing half-made is left.
    """
    path = environment_path(root, kind)
    root.mkdir(parents=True, exist_ok=True)
    with _alone(root / ".install.lock", tell):
        if path.is_dir():
            return path
        free_gb = shutil.disk_usage(root).free / 1e9
        if free_gb < _NEEDED_GB[kind]:
            raise InstallError(
                f"vLLM for {kind} needs about {_NEEDED_GB[kind]} GB in {root}, where {free_gb:.0f} GB are free; "
                "make room or set PIXEL_HOME to another disk"
            )
        # Only its interpreter is ever run, and that finds its packages from where it is: the folder may be renamed.
        partial = root / f".partial-{path.name}"
        shutil.rmtree(partial, ignore_errors=True)
        try:
            _install(partial, kind, torch_index, tell)
        except BaseException:
            shutil.rmtree(partial, ignore_errors=True)
            raise
        partial.rename(path)
        return path


@contextmanager
def _alone(lock: Path, tell: Tell) -> Iterator[None]:
    with lock.open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            tell("waiting for another installation of vLLM to end")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _install(folder: Path, kind: DeviceKind, torch_index: str | None, tell: Tell) -> None:
    tell(f"making an environment for vLLM on {kind}; this takes minutes, once")
    _run([sys.executable, "-m", "venv", str(folder)], "making the environment", tell)
    python = str(folder / "bin" / "python")
    pip = [python, "-m", "pip", "install", "--progress-bar", "off", "--disable-pip-version-check"]
    rest = requirements(kind)
    if kind is DeviceKind.CPU:
        # Builds of torch for CPUs need other packages than those with CUDA, so it brings its own.
        torch = next(line for line in rest if line.startswith("torch=="))
        index = ["--index-url", torch_index] if torch_index else []
        _run([*pip, *index, torch], "installing torch", tell)
        rest.remove(torch)
    listed = folder / "requirements.txt"
    listed.write_text("\n".join(rest))
    _run([*pip, "--no-deps", "-r", str(listed)], f"installing {len(rest)} packages", tell)
    # The same import the server begins with: a package that does not fit shows itself here, not at the first start.
    check = "import torch, transformers; import vllm.entrypoints.openai.api_server"
    _run([python, "-c", check], "checking that vLLM loads", tell)


def _run(command: list[str], doing: str, tell: Tell) -> None:
    tell(doing)
    log = [""]
    environment = {**os.environ, "PYTHONSAFEPATH": "1", "VLLM_NO_USAGE_STATS": "1", "DO_NOT_TRACK": "1"}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", env=environment
    ) as process:
        try:
            for line in process.stdout or ():
                log.append(line.rstrip())
                if line.startswith("Collecting "):
                    tell(f"{doing}: {line.split()[1]}")
        except BaseException:
            process.terminate()
            raise
    if process.returncode:
        end = "\n".join(line for line in log[-_LOG_LINES:] if line)
        raise InstallError(f"{doing.capitalize()} failed with status {process.returncode}:\n{end}")
