from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from scripts.examples.blocks import Paragraph, Source
from scripts.examples.render import DOCUMENTS, read_sources, render
from tests.unit.examples.reading import has_text_layer, normalise, read_example

SOURCES = read_sources()
WITH_TEXT = [source for source in SOURCES if has_text_layer(DOCUMENTS / source.file_name)]


def _name(source: Source) -> str:
    return source.name


class TestDocuments:
    def test_covers_the_formats(self) -> None:
        texts = Counter(path.suffix for path in DOCUMENTS.iterdir() if has_text_layer(path))
        pictures = Counter(path.suffix for path in DOCUMENTS.iterdir() if not has_text_layer(path))
        assert texts[".md"] >= 8
        assert all(texts[suffix] >= 5 for suffix in (".txt", ".docx", ".pdf"))
        assert pictures == {".pdf": 2, ".png": 2}

    def test_two_documents_are_long(self) -> None:
        long = [path for path in DOCUMENTS.iterdir() if len(read_example(path.name).split()) > 2000]
        assert len(long) >= 2

    def test_stays_small(self) -> None:
        assert sum(path.stat().st_size for path in DOCUMENTS.iterdir()) < 3_000_000


class TestRender:
    @pytest.mark.parametrize("source", SOURCES, ids=_name)
    def test_same_bytes_twice(self, source: Source) -> None:
        assert render(source) == render(source)

    @pytest.mark.parametrize("source", WITH_TEXT, ids=_name)
    def test_committed_file_holds_every_text_of_its_source(self, source: Source) -> None:
        text = read_example(source.file_name).replace(" ", "")
        pieces = [piece for piece in source.texts() if normalise(piece).replace(" ", "") not in text]
        assert pieces == []

    def test_refuses_a_character_that_the_font_lacks(self) -> None:
        strange = replace(SOURCES[0], blocks=(Paragraph("漢字"),))
        with pytest.raises(ValueError, match="no glyph"):
            render(strange)
