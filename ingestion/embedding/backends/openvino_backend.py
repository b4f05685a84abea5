"""OpenVINO: the fastest engine on a CPU, and one that starts without PyTorch once the model is exported."""

import re
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

import structlog

from ingestion.embedding.backends.backend import Backend, BackendError, TokenIds, TokenVectors
from ingestion.embedding.backends.exported import exported
from ingestion.embedding.backends.proof import LEAST_COSINE, cosine_to_reference

if TYPE_CHECKING:
    from torch.nn import Module

log = structlog.get_logger(__name__)

Precision = Literal["f32", "bf16"]

_CPU_INFO = Path("/proc/cpuinfo")
# What OpenVINO says of a processor counts conversions in software too, and those are slower than 32-bit floats.
_HAS_BFLOAT16 = re.compile(r"^flags\s*:.*\b(?:avx512_bf16|amx_bf16)\b", re.MULTILINE)


class OpenVinoBackend(Backend):
    """Runs the exported model in 32-bit floats, or in bfloat16 where the processor computes with it (docs/decisions/0005).

    Args:
        model_path: The sentence-transformers model.
        folder: Where the exported model is kept.
        threads: Threads of the engine.
        precision: What it computes in; what suits the processor, and gives the model's vectors there, when None.

    Attributes:
        precision: What it computes in.

    Raises:
        BackendError: OpenVINO is not installed, cannot export or load the model, or computes something else than it.
    """

    name = "openvino"

    def __init__(self, model_path: Path, folder: Path, *, threads: int, precision: Precision | None = None) -> None:
        try:
            import openvino
        except ImportError as error:
            raise BackendError("The package `openvino` is not installed.") from error
        self._core = openvino.Core()
        self._threads = threads
        label = f"openvino-{openvino.__version__.split('-')[0]}-proven"
        path = exported(model_path, folder, label=label, suffix=".xml", write=_write)
        self._load(path, precision or fastest_precision())
        if (cosine := cosine_to_reference(self, path.parent)) < LEAST_COSINE and precision is None:
            log.warning("embedding_precision_distrusted", precision=self.precision, cosine=round(cosine, 4))
            self._load(path, "f32")
            cosine = cosine_to_reference(self, path.parent)
        if cosine < LEAST_COSINE:
            raise BackendError(
                f"OpenVINO computes something else than the model in {self.precision} on this processor "
                f"(cosine {cosine:.4f}; at least {LEAST_COSINE} expected)."
            )

    def _load(self, path: Path, precision: Precision) -> None:
        properties = {
            "INFERENCE_PRECISION_HINT": precision,
            "PERFORMANCE_HINT": "LATENCY",
            "INFERENCE_NUM_THREADS": self._threads,
            "ENABLE_CPU_PINNING": False,  # API and worker would be pinned to the same core
        }
        try:
            self._compiled = self._core.compile_model(path, "CPU", properties)
        except RuntimeError as error:
            raise BackendError("OpenVINO could not load the exported model on this processor.") from error
        self.precision: Precision = precision

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
