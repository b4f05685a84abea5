"""OpenVINO: the fastest engine on a CPU, and one that starts without PyTorch once the model is exported."""

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from ingestion.embedding.backends.backend import BackendError, TokenIds, TokenVectors
from ingestion.embedding.backends.exported import exported

if TYPE_CHECKING:
    from torch.nn import Module


class OpenVinoBackend:
    """Runs the exported model in 32-bit floats: lower precision moves vectors and was no faster (docs/decisions/0005)."""

    name = "openvino"

    def __init__(self, model_path: Path, folder: Path, *, threads: int) -> None:
        try:
            import openvino
        except ImportError as error:
            raise BackendError("The package `openvino` is not installed.") from error
        label = f"openvino-{openvino.__version__.split('-')[0]}"
        path = exported(model_path, folder, label=label, suffix=".xml", write=_write)
        properties = {
            "INFERENCE_PRECISION_HINT": "f32",
            "PERFORMANCE_HINT": "LATENCY",
            "INFERENCE_NUM_THREADS": threads,
            "ENABLE_CPU_PINNING": False,  # API and worker would be pinned to the same core
        }
        try:
            self._compiled = openvino.Core().compile_model(path, "CPU", properties)
        except RuntimeError as error:
            raise BackendError("OpenVINO could not load the exported model on this processor.") from error

    def token_vectors(self, ids: TokenIds, mask: TokenIds) -> TokenVectors:
        """See `Backend`."""
        return cast("TokenVectors", self._compiled([ids, mask])[0])


def _write(module: "Module", example: tuple[Any, Any], path: Path) -> None:
    import openvino

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # tracing tells of branches that do not depend on the data
        model = openvino.convert_model(module, example_input=example)
    openvino.save_model(model, path, compress_to_fp16=False)
