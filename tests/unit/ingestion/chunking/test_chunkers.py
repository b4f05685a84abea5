"""Tests of the chunkers: what holds for any document, and what each is for."""

import itertools
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from ingestion.chunking.chunker import Chunker
from ingestion.chunking.registry import chunker_names, make_chunker
from ingestion.embedding.embedder import default_embedder
from ingestion.errors import IngestionError
from ingestion.parsing.markdown import parse_markdown
from ingestion.parsing.pdf import parse_pdf
from storage.records.chunk_draft import ChunkDraft
from storage.records.parsed_document import ParsedDocument
from tests.factories.documents import pdf_bytes, request_for

MOST = 40
WORDS = st.sampled_from(
    ["Price", "of", "ink.", "Is", "it?", "| a | b |", "| --- | --- |", "# One", "## Two", "- item", "\n", "\n\n", "```",
     "naïve", "日本語。", "🙂", "a" * 90, "Dr. No", "1.", "\t"]
)  # fmt: skip


def chunker(name: str, most: int = MOST, overlap: int = 10) -> Chunker:
    return make_chunker(name, default_embedder(), most_tokens=most, overlap_tokens=overlap)


def markdown(tmp_path: Path, text: str) -> ParsedDocument:
    return parse_markdown(request_for(tmp_path / "a.md", text.encode()))


def chunks_of(tmp_path: Path, text: str, name: str = "headings") -> list[ChunkDraft]:
    return chunker(name).chunk(markdown(tmp_path, text))


class TestAnyChunker:
    @pytest.mark.parametrize("name", chunker_names())
    @hypothesis_settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(parts=st.lists(WORDS, min_size=1, max_size=120))
    def test_spans_are_exact_and_cover_everything(self, tmp_path: Path, name: str, parts: list[str]) -> None:
        text = "x " + " ".join(parts)
        document = markdown(tmp_path, text)

        chunks = chunker(name).chunk(document)

        covered: set[int] = set()
        for number, chunk in enumerate(chunks):
            assert chunk.ordinal == number
            assert document.text[chunk.char_start : chunk.char_end] == chunk.text
            assert chunk.text.strip()
            assert chunk.token_count <= MOST
            assert default_embedder().count_tokens(chunk.text) - 2 <= MOST + 2
            covered.update(range(chunk.char_start, chunk.char_end))
            if chunk.parent is not None:
                assert chunk.parent[0] <= chunk.char_start < chunk.char_end <= chunk.parent[1]
        seen_by_model = {i for a, b in default_embedder().token_offsets(document.text) for i in range(a, b)}
        assert seen_by_model <= covered
        assert chunker(name).chunk(document) == chunks

    def test_unknown_name(self) -> None:
        with pytest.raises(IngestionError, match=r"`cubes`. Valid: fixed, headings, pages, recursive, semantic"):
            chunker("cubes")


class TestHeadingChunker:
    def test_never_crosses_a_heading(self, tmp_path: Path) -> None:
        chunks = chunks_of(tmp_path, "# A\n\nAlpha is first.\n\n## B\n\nBeta is second.\n\n# C\n\nGamma is third.")

        assert [(chunk.heading_path, chunk.text) for chunk in chunks] == [
            (("A",), "# A\n\nAlpha is first."),
            (("A", "B"), "## B\n\nBeta is second."),
            (("C",), "# C\n\nGamma is third."),
        ]

    def test_a_heading_without_text_leads_the_next_passage(self, tmp_path: Path) -> None:
        chunks = chunks_of(tmp_path, "# A\n\n## B\n\nBeta.\n\n## Last")

        assert [chunk.text for chunk in chunks] == ["# A\n\n## B\n\nBeta.", "## Last"]

    def test_keeps_sentences_whole_and_repeats_the_last(self, tmp_path: Path) -> None:
        sentences = [f"This is sentence number {number} of the text." for number in range(12)]

        chunks = chunks_of(tmp_path, " ".join(sentences))

        assert len(chunks) > 2
        for one, two in itertools.pairwise(chunks):
            assert one.text.endswith(".")
            assert two.text.startswith("This is sentence")
            assert two.char_start < one.char_end

    def test_table_rows_know_their_columns(self, tmp_path: Path) -> None:
        rows = "\n".join(f"| Item {number} | {number} EUR |" for number in range(20))

        chunks = chunks_of(tmp_path, f"# Prices\n\n| Item | Price |\n| --- | --- |\n{rows}")

        assert len(chunks) > 2
        assert chunks[0].heading_path == ("Prices",)
        assert {chunk.heading_path for chunk in chunks[1:]} == {("Prices", "| Item | Price |")}
        assert all(chunk.text.startswith("| Item ") and chunk.text.endswith(" |") for chunk in chunks[1:])

    def test_pages_and_boxes(self, tmp_path: Path) -> None:
        pages = [[(11.0, "Only on page one.")], [(11.0, "Only on page two.")]]
        document = parse_pdf(request_for(tmp_path / "a.pdf", pdf_bytes(pages)))

        together = chunker("headings").chunk(document)
        apart = chunker("headings", most=6, overlap=0).chunk(document)

        assert [(c.page_start, c.page_end, len(c.boxes or ())) for c in together] == [(1, 2, 2)]
        assert [(c.page_start, c.page_end) for c in apart] == [(1, 1), (2, 2)]
        assert apart[1].boxes is not None
        assert apart[1].boxes[0][0] == 2.0

    def test_a_long_text_is_cut_as_a_short_one(self, tmp_path: Path) -> None:
        sentence = "The printer of the second floor is out of ink again. "

        chunks = chunks_of(tmp_path, sentence * 4000)

        assert chunks[-1].char_end == len(sentence) * 4000 - 1
        assert {chunk.text.split(". ")[0].rstrip(".") for chunk in chunks} == {sentence[:-2]}


class TestFixedChunker:
    def test_windows_repeat_the_end_of_the_one_before(self, tmp_path: Path) -> None:
        chunks = chunks_of(tmp_path, "# H\n\n" + " ".join(f"w{n}" for n in range(60)), "fixed")

        assert all(chunk.token_count == MOST for chunk in chunks[:-1])
        assert all(two.char_start < one.char_end for one, two in itertools.pairwise(chunks))
        assert chunks[-1].heading_path == ("H",)


class TestHeadingParents:
    def test_a_passage_is_read_with_its_section(self, tmp_path: Path) -> None:
        first = " ".join(f"This is sentence number {number} of the text." for number in range(8))

        chunks = chunks_of(tmp_path, f"# A\n\n{first}\n\n# B\n\nShort.")

        *of_a, of_b = chunks
        assert len(of_a) > 1
        assert {chunk.parent for chunk in of_a} == {(of_a[0].char_start, of_a[-1].char_end)}
        assert of_b.parent == (of_b.char_start, of_b.char_end)

    def test_a_long_section_is_parted_into_several_parents(self, tmp_path: Path) -> None:
        text = " ".join(f"This is sentence number {number} of the text." for number in range(60))

        parents = {chunk.parent for chunk in chunks_of(tmp_path, text)}

        assert len(parents) > 2
        for parent in parents:
            assert parent is not None
            assert default_embedder().count_tokens(text[slice(*parent)]) <= 4 * MOST + 2


class TestTableChunker:
    def test_a_table_shares_its_passage_with_its_caption_only(self, tmp_path: Path) -> None:
        text = "# Prices\n\nPrices rose last year. Prices of ink:\n\n| Item | Price |\n| --- | --- |\n| K5 | 9 |\n\nAsk us."

        assert [chunk.text for chunk in chunks_of(tmp_path, text, "tables")] == [
            "# Prices\n\nPrices rose last year.",
            "Prices of ink:\n\n| Item | Price |\n| --- | --- |\n| K5 | 9 |",
            "Ask us.",
        ]


class TestPageChunker:
    def test_never_crosses_a_page(self, tmp_path: Path) -> None:
        pages = [[(11.0, "Only on page one.")], [(11.0, "Only on page two.")]]
        document = parse_pdf(request_for(tmp_path / "a.pdf", pdf_bytes(pages)))

        chunks = chunker("pages").chunk(document)

        assert [(c.page_start, c.page_end, c.text) for c in chunks] == [
            (1, 1, "Only on page one."),
            (2, 2, "Only on page two."),
        ]


class TestRecursiveChunker:
    def test_parts_at_paragraphs_before_sentences(self, tmp_path: Path) -> None:
        one = "The first paragraph has some words. It has two sentences, each of them short enough."
        two = "The second paragraph has some words. It has two sentences, each of them short enough."

        assert [chunk.text for chunk in chunks_of(tmp_path, f"{one}\n\n{two}\n\n{one}", "recursive")] == [
            f"{one}\n\n{two}",
            one,
        ]


class TestSentenceWindowChunker:
    def test_each_sentence_has_its_neighbours_around_it(self, tmp_path: Path) -> None:
        text = " ".join(f"This is sentence number {number} of the text." for number in range(12))

        chunks = chunks_of(tmp_path, text, "sentences")

        assert [chunk.text for chunk in chunks] == [
            f"This is sentence number {number} of the text." for number in range(12)
        ]
        middle = chunks[6]
        assert middle.parent is not None
        assert middle.parent[0] < middle.char_start
        assert middle.parent[1] > middle.char_end


class TestSemanticChunker:
    def test_parts_where_the_meaning_turns(self, tmp_path: Path) -> None:
        ink = "The printer is out of ink. New ink costs nine euros. A cartridge of ink prints a hundred pages. "
        cats = "Cats sleep most of the day. A kitten drinks milk. Many cats dislike water."

        chunks = chunker("semantic", most=200).chunk(markdown(tmp_path, ink + cats))

        assert [chunk.text for chunk in chunks] == [ink.strip(), cats]
