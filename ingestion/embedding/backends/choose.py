"""Chooses the engine: the one that is set, or the fastest that works here."""

import os
from pathlib import Path

import structlog

from ingestion.embedding.backends.backend import Backend, BackendError
from ingestion.embedding.backends.cuda_backend import CudaBackend
from ingestion.embedding.backends.onnx_backend import OnnxBackend
from ingestion.embedding.backends.openvino_backend import OpenVinoBackend
from ingestion.embedding.backends.torch_backend import TorchBackend
from ingestion.embedding.settings import EmbeddingSettings

log = structlog.get_logger(__name__)

_NVIDIA = Path("/proc/driver/nvidia/version")


def choose_backend(settings: EmbeddingSettings, model_path: Path, *, folder: Path) -> Backend:
    """The engine of these settings.

    `auto` is the first that works of: PyTorch on an NVIDIA GPU if there is one, OpenVINO, ONNX Runtime, PyTorch on the CPU. That
    is their order of speed; one that does not work here is passed over and the log says why.

    Args:
        settings: Which engine, and how many threads.
        model_path: The sentence-transformers model.
        folder: Where exported files are kept.

    Raises:
        BackendError: The engine that was asked for by name does not work here.
    """
    threads = settings.threads or max(1, min(4, os.cpu_count() or 1))
    if settings.backend != "auto":
        return _make(settings.backend, model_path, folder, threads, settings)
    for name in (*(("cuda",) if _NVIDIA.exists() else ()), "openvino", "onnx"):
        try:
            return _make(name, model_path, folder, threads, settings)
        except BackendError as error:
            log.info("embedding_backend_passed_over", backend=name, reason=str(error))
    return _make("torch", model_path, folder, threads, settings)


def _make(name: str, model_path: Path, folder: Path, threads: int, settings: EmbeddingSettings) -> Backend:
    precision = None if settings.precision == "auto" else settings.precision
    match name:
        case "cuda":
            return CudaBackend(model_path, threads=threads, precision=precision)
        case "openvino":
            return OpenVinoBackend(model_path, folder, threads=threads, precision=precision)
        case "onnx":
            return OnnxBackend(model_path, folder, threads=threads)
        case _:
            return TorchBackend(model_path, threads=threads)
