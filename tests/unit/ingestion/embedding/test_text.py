"""Tests of what is embedded for a passage."""

from ingestion.embedding.text import embedding_text


def words(text: str) -> int:
    return len(text.split())


class TestEmbeddingText:
    def test_headings_come_first(self) -> None:
        assert embedding_text(["A", "B"], "text", count_tokens=words, room=10) == "A > B\ntext"

    def test_outer_headings_go_when_there_is_no_room(self) -> None:
        assert embedding_text(["A", "B"], "text", count_tokens=words, room=2) == "B\ntext"

    def test_text_alone_when_nothing_fits(self) -> None:
        assert embedding_text(["A"], "text", count_tokens=words, room=1) == "text"

    def test_a_heading_that_opens_the_passage_is_not_repeated(self) -> None:
        assert embedding_text(["A", "B"], "B\n\ntext", count_tokens=words, room=10) == "A\nB\n\ntext"
        assert embedding_text(["B"], "## B\n\ntext", count_tokens=words, room=10) == "## B\n\ntext"
