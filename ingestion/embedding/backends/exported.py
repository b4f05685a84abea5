"""Files that other engines read, made from the PyTorch model once and kept in `models/` of the home folder."""

import contextlib
import fcntl
import hashlib
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ingestion.embedding.backends.backend import BackendError
from ingestion.embedding.backends.proof import write_reference
from ingestion.embedding.backends.torch_backend import load_transformer

if TYPE_CHECKING:
    from torch.nn import Module

Write = Callable[["Module", tuple[Any, Any], Path], None]
_WEIGHTS = "model.safetensors"


def exported(model_path: Path, folder: Path, *, label: str, suffix: str, write: Write) -> Path:
    """The exported file of a model, written with its reference (`proof`) if it is not there yet.

    The folder appears whole or not at all; of several processes that need it at once, one writes it.

    Args:
        model_path: The sentence-transformers model.
        folder: Where exported files are kept; made when missing.
        label: Engine and version; another version is another file.
        suffix: Of the file, for example `.onnx`.
        write: Writes the traced module, given example inputs, to a path with that suffix.

    Raises:
        BackendError: The folder cannot be written to, or the model cannot be traced.
    """
    path = folder / f"{model_path_name(model_path)}-{label}" / f"model{suffix}"
    if path.exists():
        return path
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with _alone(folder / ".lock"):
            if not path.exists():
                with tempfile.TemporaryDirectory(dir=folder, prefix=".export-") as scratch:
                    made = Path(scratch) / path.parent.name
                    made.mkdir()
                    module, example, words = _traceable(model_path)
                    write(module, example, made / path.name)
                    write_reference(module, words, made)
                    made.rename(path.parent)
    except OSError as error:
        raise BackendError(f"`{folder}` cannot be written to: {error.strerror or error}.") from error
    except RuntimeError as error:
        raise BackendError(f"The model in `{model_path}` could not be exported: {type(error).__name__}.") from error
    return path


def model_path_name(model_path: Path) -> str:
    """A name that changes with the model's weights."""
    digest = hashlib.sha256()
    with (model_path / _WEIGHTS).open("rb") as file:
        digest.update(file.read(1 << 20))  # the head holds every tensor's name, shape and the first weights
        digest.update(str(file.seek(0, 2)).encode())
    return digest.hexdigest()[:12]


def _traceable(model_path: Path) -> tuple["Module", tuple[Any, Any], int]:
    import torch

    transformer = load_transformer(model_path)

    class TokenVectorsOf(torch.nn.Module):
        def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
            kinds = torch.zeros_like(input_ids)
            output = transformer(input_ids=input_ids, attention_mask=attention_mask, token_type_ids=kinds)
            hidden: torch.Tensor = output.last_hidden_state
            return hidden

    module = TokenVectorsOf()
    module.transformer = transformer
    example = torch.ones(2, 8, dtype=torch.long)
    config: Any = transformer.config
    return module.eval(), (example, example), config.vocab_size


@contextlib.contextmanager
def _alone(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
