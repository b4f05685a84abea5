"""ONNX Runtime: for machines where it is installed and OpenVINO is not."""

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from ingestion.embedding.backends.backend import Backend, BackendError, TokenIds, TokenVectors
from ingestion.embedding.backends.exported import exported
from ingestion.embedding.backends.proof import LEAST_COSINE, cosine_to_reference

if TYPE_CHECKING:
    from torch.nn import Module

_INPUTS = ["input_ids", "attention_mask"]


class OnnxBackend(Backend):
    """Runs the exported model in 32-bit floats on the CPU."""

    name = "onnx"

    def __init__(self, model_path: Path, folder: Path, *, threads: int) -> None:
        try:
            import onnxruntime
        except ImportError as error:
            raise BackendError("The package `onnxruntime` is not installed.") from error
        path = exported(model_path, folder, label="onnx-2", suffix=".onnx", write=_write)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        self._session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        if (cosine := cosine_to_reference(self, path.parent)) < LEAST_COSINE:
            raise BackendError(
                f"ONNX Runtime computes something else than the model on this processor (cosine {cosine:.4f}; "
                f"at least {LEAST_COSINE} expected)."
            )

    def token_vectors(self, ids: TokenIds, mask: TokenIds) -> TokenVectors:
        """See `Backend`."""
        return cast("TokenVectors", self._session.run(None, dict(zip(_INPUTS, (ids, mask), strict=True)))[0])


def _write(module: "Module", example: tuple[Any, Any], path: Path) -> None:
    import torch

    sizes = {0: "texts", 1: "tokens"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # tracing tells of branches that do not depend on the data
        torch.onnx.export(
            module,
            example,
            str(path),
            input_names=_INPUTS,
            output_names=["token_vectors"],
            dynamic_axes=dict.fromkeys([*_INPUTS, "token_vectors"], sizes),
            dynamo=False,
        )
