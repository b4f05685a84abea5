"""Models of a folder: a tiny one, made on the spot."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from ingestion.embedding.embedder import default_embedder
from ingestion.embedding.fingerprint import fingerprint_of
from ingestion.embedding.registry import embedder_for, embedder_of, resolve_model
from ingestion.embedding.settings import EmbeddingSettings
from ingestion.errors import ModelUnavailableError
from storage.errors import IndexMismatchError
from storage.postgres.models.index_version import IndexVersion
from storage.settings import StorageSettings
from tests.factories.embedding_models import DIMENSION, damage, make_tiny_model


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny_model(tmp_path_factory.mktemp("models") / "tiny")


def index_of(folder: Path | None, **changes: object) -> IndexVersion:
    """An index version that was made with the model of a folder."""
    embedder = embedder_for(folder)
    made = {
        "number": 2,
        "embedding_model": embedder.model,
        "model_source": None if folder is None else str(folder),
        "model_fingerprint": embedder.fingerprint,
        "dimension": embedder.dimension,
    }
    return IndexVersion(**{**made, **changes})


class TestSentenceTransformerEmbedder:
    def test_vectors_are_normalized_and_in_order(self, folder: Path) -> None:
        embedder = embedder_for(folder)
        texts = [f"text number {n} " * (n % 7 + 1) for n in range(50)]
        vectors = embedder.embed(texts)
        assert vectors.shape == (50, DIMENSION)
        assert vectors.dtype == np.float32
        assert np.allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)
        assert np.allclose(vectors[17], embedder.embed([texts[17]])[0], atol=1e-5)
        assert embedder.embed([]).shape == (0, DIMENSION)

    def test_a_question_is_read_like_a_passage_without_prompts(self, folder: Path) -> None:
        embedder = embedder_for(folder)
        assert np.allclose(embedder.embed_queries(["where is it?"]), embedder.embed(["where is it?"]), atol=1e-6)

    def test_tokens_are_counted_whole_and_placed(self, folder: Path) -> None:
        embedder = embedder_for(folder)
        assert embedder.count_tokens("word " * 500) == 502
        assert embedder.max_tokens == 128
        assert embedder.token_offsets("Hello brave world") == [(0, 5), (6, 11), (12, 17)]

    def test_words_have_vectors(self, folder: Path) -> None:
        embedder = embedder_for(folder)
        (found,) = embedder.embed_words(["Hello brave world"])
        assert found.words == ("hello", "brave", "world")
        assert found.word_vectors.shape == (3, DIMENSION)
        assert np.allclose(found.vector, embedder.embed(["Hello brave world"])[0], atol=1e-5)

    def test_long_texts_do_not_change_what_is_cut_off_later(self, folder: Path) -> None:
        embedder = embedder_for(folder)
        before = embedder.embed(["word " * 500])
        embedder.count_tokens("word " * 500)
        assert np.allclose(embedder.embed(["word " * 500]), before, atol=1e-6)

    def test_damaged_weights_are_named(self, tmp_path: Path) -> None:
        broken = make_tiny_model(tmp_path / "broken")
        damage(broken)
        with pytest.raises(ModelUnavailableError, match="broken` could not be loaded"):
            embedder_for(broken).embed(["x"])


class TestFingerprint:
    def test_says_the_same_of_a_copy_and_another_of_other_weights(self, folder: Path, tmp_path: Path) -> None:
        copy = shutil.copytree(folder, tmp_path / "copy")
        assert fingerprint_of(copy) == fingerprint_of(folder)
        (copy / "README.md").write_text("# Words")
        assert fingerprint_of(copy) == fingerprint_of(folder)
        other = make_tiny_model(tmp_path / "other", seed=4)
        assert fingerprint_of(other) != fingerprint_of(folder)


class TestEmbedderFor:
    def test_is_shared_until_the_files_change(self, tmp_path: Path) -> None:
        folder = make_tiny_model(tmp_path / "moving", seed=1)
        first = embedder_for(folder)
        assert embedder_for(str(folder)) is first
        make_tiny_model(folder, seed=2)
        second = embedder_for(folder)
        assert second is not first
        assert second.model != first.model

    def test_the_products_own_needs_no_folder(self) -> None:
        assert embedder_for(None) is default_embedder()

    def test_a_folder_without_a_model_is_named(self, tmp_path: Path) -> None:
        with pytest.raises(ModelUnavailableError, match="No embedding model in"):
            embedder_for(tmp_path)


class TestEmbedderOf:
    def test_agrees_with_an_index_of_its_own(self, folder: Path) -> None:
        assert embedder_of(index_of(folder)) is embedder_for(folder)
        assert embedder_of(index_of(None, model_fingerprint=None)) is default_embedder()

    @pytest.mark.parametrize(
        ("changes", "words"),
        [
            ({"embedding_model": "other@000000000000"}, r"was built with `other@0.*here is `tiny@"),
            ({"model_fingerprint": "f" * 64}, r"\(files ffffffffffff\); here is `tiny@"),
            ({"dimension": 384}, r"of 384 dimensions; here it has 32"),
        ],
    )
    def test_any_difference_is_refused_saying_both_and_what_to_do(
        self, folder: Path, changes: dict[str, object], words: str
    ) -> None:
        with pytest.raises(IndexMismatchError, match=words) as refused:
            embedder_of(index_of(folder, **changes))
        assert "build and promote an index version" in str(refused.value)


class TestResolveModel:
    def test_by_name_by_path_and_the_products_own(self, folder: Path, tmp_path: Path) -> None:
        settings, storage = EmbeddingSettings(models=folder.parent, _env_file=None), StorageSettings(home=tmp_path)
        assert resolve_model("tiny", settings=settings, storage=storage) == folder
        assert resolve_model(str(folder), settings=settings, storage=storage) == folder
        assert resolve_model("all-MiniLM-L6-v2", settings=settings, storage=storage) is None
        assert resolve_model(None, settings=settings, storage=storage) is None

    def test_an_unknown_name_lists_those_there_are(self, folder: Path, tmp_path: Path) -> None:
        settings = EmbeddingSettings(models=folder.parent, _env_file=None)
        with pytest.raises(ModelUnavailableError, match="Valid: all-MiniLM-L6-v2, tiny"):
            resolve_model("nowhere", settings=settings, storage=StorageSettings(home=tmp_path))
