"""Other people's software that benchmarks are compared with: each in a virtual environment of its own, never in ours."""

import subprocess
import sys
from pathlib import Path

PEERS = Path.home() / ".cache" / "pixel-bench"


class PeerMissingError(Exception):
    """A peer could not be installed; its figures are left out."""


def peer_python(name: str, requirements: tuple[str, ...]) -> Path:
    """The Python of a peer's environment, made on first use; some minutes and some hundred megabytes.

    Raises:
        PeerMissingError: It could not be installed.
    """
    folder = PEERS / name
    python, stamp = folder / "bin" / "python", folder / ".complete"
    if stamp.exists() and stamp.read_text() == " ".join(requirements):
        return python
    commands = (
        [sys.executable, "-m", "venv", "--clear", str(folder)],
        [str(python), "-m", "pip", "install", "--quiet", *requirements],
    )
    for command in commands:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise PeerMissingError(f"The peer {name} could not be installed: {done.stderr.strip().splitlines()[-1:]}")
    stamp.write_text(" ".join(requirements))
    return python
