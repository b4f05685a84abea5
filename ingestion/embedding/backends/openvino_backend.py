"""OpenVINO: the fastest engine on a CPU, and one that starts without PyTorch once the model is exported."""

import re
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

from ingestion.embedding.backends.backend import BackendError, TokenIds, TokenVectors
from ingestion.embedding.backends.exported import exported

if TYPE_CHECKING:
    from torch.nn import Module


Precision = Literal["f32", "bf16"]

_CPU_INFO = Path("/proc/cpuinfo")
# What OpenVINO says of a processor counts conversions in software too, and those are slower than 32-bit floats.
_HAS_BFLOAT16 = re.compile(r"^flags\s*:.*\b(?:avx512_bf16|amx_bf16)\b", re.MULTILINE)


class OpenVinoBackend:
    """Runs the exported model in 32-bit floats, or in bfloat16 where the processor computes with it (docs/decisions/0005).

    Args:
        model_path: The sentence-transformers model.
        folder: Where the exported model is kept.
        threads: Threads of the engine.
        precision: What it computes in; what suits the processor when None.

    Raises:
        BackendError: OpenVINO is not installed, or cannot export or load the model.
    """

    name = "openvino"

    def __init__(self, model_path: Path, folder: Path, *, threads: int, precision: Precision | None = None) -> None:
        try:
            import openvino
        except ImportError as error:
            raise BackendError("The package `openvino` is not installed.") from error
        label = f"openvino-{openvino.__version__.split('-')[0]}"
        path = exported(model_path, folder, label=label, suffix=".xml", write=_write)
        properties = {
            "INFERENCE_PRECISION_HINT": precision or fastest_precision(),
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


def fastest_precision() -> Precision:
    """bfloat16 where the processor has instructions for it, 32-bit floats elsewhere and where it does not say."""
    try:
        return "bf16" if _HAS_BFLOAT16.search(_CPU_INFO.read_text()) else "f32"
    except OSError:  # not Linux
        return "f32"


def _write(module: "Module", example: tuple[Any, Any], path: Path) -> None:
    import openvino

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # tracing tells of branches that do not depend on the data
        model = openvino.convert_model(module, example_input=example)
    openvino.save_model(model, path, compress_to_fp16=False)
