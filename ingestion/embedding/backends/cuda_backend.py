"""PyTorch on an NVIDIA GPU: half the bits, batches that fill the card, and only the vectors of whole texts come back."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

import numpy as np
import structlog
from numpy.typing import NDArray

from ingestion.embedding.backends.backend import LEAST_LENGTH, Backend, BackendError, TextMatrix, TokenIds, TokenVectors
from ingestion.embedding.backends.proof import LEAST_COSINE, lowest_cosine, proof_tokens
from ingestion.embedding.backends.torch_backend import TorchBackend, load_transformer

if TYPE_CHECKING:
    from torch import Tensor
    from torch.nn import Module

log = structlog.get_logger(__name__)

GpuPrecision = Literal["f32", "bf16", "f16"]
# PyTorch says the first of what it hands out itself; CUDA's libraries take memory of their own.
_OUT_OF_MEMORY = ("out of memory", "CUBLAS_STATUS_ALLOC_FAILED", "CUBLAS_STATUS_NOT_INITIALIZED")


class CudaBackend(Backend):
    """Runs the model's transformer on the GPU.

    The card may be shared, with a vLLM server above all: where memory runs out a batch is halved, later ones are smaller from the
    start, and what does not even fit as a batch for CPUs is read on the CPU.

    Args:
        model_path: The sentence-transformers model.
        threads: Threads of the CPU, should it have to help out.
        precision: What it computes in; 16-bit floats where they give the model's vectors when None, else 32-bit ones.
        device: PyTorch's name of the device.

    Attributes:
        precision: What it computes in.

    Raises:
        BackendError: PyTorch has no GPU here, there is no memory left on it, or it computes something else than the model.
    """

    name = "cuda"
    # Measured (docs/decisions/0005): half of it is a fifth slower, twice of it saves little and takes a gigabyte of the card.
    tokens_per_batch = 32_768

    def __init__(
        self, model_path: Path, *, threads: int, precision: GpuPrecision | None = None, device: str = "cuda"
    ) -> None:
        import torch

        if device == "cuda" and not torch.cuda.is_available():
            raise BackendError("PyTorch has no NVIDIA GPU here: it is a build for CPUs, or the GPU is hidden from it.")
        self._torch, self._device = torch, device
        self._model_path, self._threads = model_path, threads
        self._helper: TorchBackend | None = None
        exact = load_transformer(model_path)
        ids, mask = proof_tokens(cast("Any", exact.config).vocab_size)
        with torch.inference_mode():
            expected = self._means(exact, torch.from_numpy(ids), torch.from_numpy(mask)).numpy()
        for each in (precision,) if precision is not None else ("f16", "f32"):
            cosine = self._load(exact, each, ids, mask, expected)
            if cosine >= LEAST_COSINE:
                return
            log.warning("embedding_precision_distrusted", precision=each, cosine=round(cosine, 4))
        raise BackendError(
            f"The GPU computes something else than the model in {self.precision} (cosine {cosine:.4f}; "
            f"at least {LEAST_COSINE} expected)."
        )

    def _load(
        self, exact: "Module", precision: GpuPrecision, ids: TokenIds, mask: TokenIds, expected: TextMatrix
    ) -> float:
        """Put the model on the GPU; the lowest cosine of what it computes there to what it ought to."""
        import copy

        torch = self._torch
        kind = {"f32": torch.float32, "bf16": torch.bfloat16, "f16": torch.float16}[precision]
        self.precision: GpuPrecision = precision
        try:
            # Cast before it is moved, so that the card never holds both.
            self._transformer = copy.deepcopy(exact).to(kind).to(self._device)
            return lowest_cosine(self._on_gpu(self._means, ids, mask), expected)
        except RuntimeError as error:  # no memory, or no code for this card in this build of PyTorch
            raise BackendError(f"The embedding model does not run on the GPU ({type(error).__name__}).") from error

    def token_vectors(self, ids: TokenIds, mask: TokenIds) -> TokenVectors:
        """See `Backend`."""
        return self._halving(self._tokens, TorchBackend.token_vectors, ids, mask)

    def text_vectors(self, ids: TokenIds, mask: TokenIds) -> TextMatrix:
        """See `Backend`."""
        return self._halving(self._means, TorchBackend.text_vectors, ids, mask)

    def _halving(
        self,
        compute: Callable[["Module", "Tensor", "Tensor"], "Tensor"],
        on_cpu: Callable[[TorchBackend, TokenIds, TokenIds], NDArray[np.float32]],
        ids: TokenIds,
        mask: TokenIds,
    ) -> NDArray[np.float32]:
        try:
            found = self._on_gpu(compute, ids, mask)
        except RuntimeError as error:
            if not _is_out_of_memory(error):
                raise
        else:
            # 16 bits end at 65,504; what goes beyond is no number any more.
            return found if np.isfinite(found).all() else on_cpu(self._cpu("embedding_no_numbers"), ids, mask)
        # What this process keeps for later may be what is missing; the error that held the rest of it is gone by now.
        self._torch.cuda.empty_cache()
        if len(ids) == 1 or ids.size <= Backend.tokens_per_batch:
            return on_cpu(self._cpu("embedding_gpu_full"), ids, mask)
        self.tokens_per_batch = min(self.tokens_per_batch, max(Backend.tokens_per_batch, ids.size // 2))
        half = len(ids) // 2
        parts = (slice(None, half), slice(half, None))
        return np.concatenate([self._halving(compute, on_cpu, ids[part], mask[part]) for part in parts])

    def _cpu(self, reason: str) -> TorchBackend:
        if self._helper is None:
            log.warning(reason, device=self._device)
            self._helper = TorchBackend(self._model_path, threads=self._threads)
        return self._helper

    def _on_gpu(
        self, compute: Callable[["Module", "Tensor", "Tensor"], "Tensor"], ids: TokenIds, mask: TokenIds
    ) -> NDArray[np.float32]:
        torch = self._torch
        with torch.inference_mode():
            given = torch.from_numpy(ids).to(self._device), torch.from_numpy(mask).to(self._device)
            return cast("NDArray[np.float32]", compute(self._transformer, *given).cpu().numpy())

    def _tokens(self, transformer: "Module", ids: "Tensor", mask: "Tensor") -> "Tensor":
        return cast("Tensor", transformer(input_ids=ids, attention_mask=mask).last_hidden_state.float())

    def _means(self, transformer: "Module", ids: "Tensor", mask: "Tensor") -> "Tensor":
        """What `mean_vectors` makes of the tokens, made where they are: they are 200 times as much to bring back."""
        torch = self._torch
        sums = torch.einsum("btd,bt->bd", self._tokens(transformer, ids, mask), mask.float())
        unit: Tensor = torch.nn.functional.normalize(sums, dim=1, eps=LEAST_LENGTH)
        return unit


def _is_out_of_memory(error: RuntimeError) -> bool:
    return any(words in str(error) for words in _OUT_OF_MEMORY)
