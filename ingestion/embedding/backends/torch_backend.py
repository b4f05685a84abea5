"""PyTorch on the CPU: the reference that other engines are held against, and the last resort."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np

from ingestion.embedding.backends.backend import Backend, TokenIds, TokenVectors

if TYPE_CHECKING:
    from torch.nn import Module


class TorchBackend(Backend):
    """Runs the model's transformer on the CPU, in 32-bit floats."""

    name = "torch"

    def __init__(self, model_path: Path, *, threads: int) -> None:
        import torch

        torch.set_num_threads(threads)
        self._torch = torch
        self._transformer = load_transformer(model_path)

    def token_vectors(self, ids: TokenIds, mask: TokenIds) -> TokenVectors:
        """See `Backend`."""
        torch = self._torch
        with torch.inference_mode():
            output = self._transformer(input_ids=torch.from_numpy(ids), attention_mask=torch.from_numpy(mask))
            return cast("TokenVectors", output.last_hidden_state.float().numpy().astype(np.float32, copy=False))


def load_transformer(model_path: Path) -> "Module":
    """The transformer of a sentence-transformers model, without its pooling, on the CPU; nothing is fetched."""
    for name in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "HF_HUB_DISABLE_TELEMETRY"):
        os.environ.setdefault(name, "1")
    from sentence_transformers import SentenceTransformer
    from transformers.utils import logging

    logging.disable_progress_bar()  # type: ignore[no-untyped-call]  # loading takes a second
    logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    transformer = SentenceTransformer(str(model_path), device="cpu")
    return cast("Module", transformer[0].auto_model).eval()
