"""Tests of reading passages with the real embedding model."""

import uuid

import numpy as np
import pytest

from ingestion.embedding.embedder import default_embedder
from serving.inference.provider import Evidence
from serving.inference.reading import PassageReader, ReadSentence

WARRANTY = "The Model K2 grinder carries a warranty of 36 months. The Model K5 grinder carries a warranty of 60 months."


def passage(text: str, *path: str, chunk_id: uuid.UUID | None = None) -> Evidence:
    return Evidence(1, chunk_id or uuid.uuid5(uuid.NAMESPACE_URL, text), "policy.md", text, path, 0.6)


def closeness(read: ReadSentence, question: str) -> float:
    return float(read.vector @ default_embedder().embed_query(question))


class TestRead:
    def test_a_sentence_has_a_vector_for_each_of_its_words(self) -> None:
        (whole,) = PassageReader(default_embedder()).read([passage(WARRANTY)])
        first, second = whole.sentences

        assert (first.sentence.text, second.sentence.text) == tuple(
            f"{part}." for part in WARRANTY.rstrip(".").split(". ")
        )
        assert first.word_vectors.shape == second.word_vectors.shape == (10, 384)
        assert first.word_vectors.dtype == np.float16  # half the memory, and nothing is decided by the lost digits
        np.testing.assert_allclose(np.linalg.norm(first.vector), 1.0, atol=1e-5)
        assert whole.other_word_vectors.shape == (0, 384)

    def test_a_word_knows_the_heading_above_it(self) -> None:
        text = "It lasts 60 months from the day of delivery."
        reader = PassageReader(default_embedder())

        (bare,) = reader.read([passage(text)])[0].sentences
        (under_heading,) = reader.read([passage(text, "K5 grinder", "Warranty")])[0].sentences

        question = "How long is the warranty of the K5 grinder?"
        assert closeness(under_heading, question) > closeness(bare, question) + 0.1

    @pytest.mark.parametrize("is_in_text", [False, True], ids=["above the text", "in the text"])
    def test_the_words_of_a_heading_are_in_no_sentence_and_not_lost(self, *, is_in_text: bool) -> None:
        text, heading = "It lasts 60 months from the day of delivery.", "Warranty of grinders"
        given = passage(f"## {heading}\n\n{text}", heading) if is_in_text else passage(text, heading)

        (whole,) = PassageReader(default_embedder()).read([given])

        assert [read.sentence.text for read in whole.sentences] == [text]
        assert len(whole.sentences[0].word_vectors) == 9
        assert len(whole.other_word_vectors) == 3
        assert whole.other_word_vectors.dtype == np.float16

    def test_a_row_is_read_with_the_words_of_its_header(self) -> None:
        table = "| Model | Warranty |\n|---|---|\n| K2 | 36 months |\n| K5 | 60 months |"

        k2, k5 = PassageReader(default_embedder()).read([passage(table)])[0].sentences

        assert k5.sentence.header == "| Model | Warranty |"
        assert len(k5.word_vectors) == len(k2.word_vectors) == 2 + 3

    def test_a_passage_longer_than_the_model_sees_is_read_to_its_end(self) -> None:
        many = " ".join(f"Machine number {n} stands in hall {n} west." for n in range(80))
        assert default_embedder().count_tokens(many) > 2 * default_embedder().max_tokens

        (whole,) = PassageReader(default_embedder()).read([passage(many)])

        assert len(whole.sentences) == 80
        assert all(len(read.word_vectors) == 8 for read in whole.sentences)

    def test_a_passage_without_a_sentence(self) -> None:
        (whole,) = PassageReader(default_embedder()).read([passage("# Warranty")])
        assert whole.sentences == ()
        assert whole.other_word_vectors.shape == (1, 384)

    def test_a_passage_without_a_word(self) -> None:
        (whole,) = PassageReader(default_embedder()).read([passage("")])
        assert whole.sentences == ()
        assert whole.other_word_vectors.shape == (0, 384)

    def test_nothing(self) -> None:
        assert PassageReader(default_embedder()).read([]) == []


class TestCache:
    def test_a_known_passage_is_not_embedded_again(self, monkeypatch: pytest.MonkeyPatch) -> None:
        reader = PassageReader(default_embedder())
        (before,) = reader.read([passage(WARRANTY)])
        monkeypatch.setattr(reader, "_windows", None)  # any use would raise

        (after,) = reader.read([passage(WARRANTY)])

        assert after is before

    def test_a_changed_passage_is_read_anew(self) -> None:
        reader, chunk_id = PassageReader(default_embedder()), uuid.uuid4()
        for months in ("12", "24"):
            text = f"The K5 grinder carries a warranty of {months} months."
            (read,) = reader.read([passage(text, chunk_id=chunk_id)])[0].sentences
            assert read.sentence.quote == text

    def test_never_grows_beyond_its_bound(self) -> None:
        reader = PassageReader(default_embedder(), most_cached=3)
        for number in range(5):
            reader.read([passage(f"The warranty of model {number} is {number} years.")])
        assert len(reader) == 3

    def test_more_passages_at_once_than_it_keeps(self) -> None:
        reader = PassageReader(default_embedder(), most_cached=1)
        found = reader.read([passage(WARRANTY), passage("Opened coffee beans cannot be returned.")])
        assert [len(whole.sentences) for whole in found] == [2, 1]
