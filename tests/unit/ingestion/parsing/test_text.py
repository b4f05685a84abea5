"""Tests of plain text."""

from pathlib import Path

import pytest

from ingestion.errors import ParseError
from ingestion.parsing.request import ParseLimits
from ingestion.parsing.text import parse_text
from storage.records.failure_type import FailureType
from tests.factories.documents import request_for

SENTENCE = "Größe: 10 € – „gut“.\nZweite Zeile."


class TestParseText:
    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "utf-16-le", "cp1252"])
    def test_decodes(self, tmp_path: Path, encoding: str) -> None:
        document = parse_text(request_for(tmp_path / "a.txt", SENTENCE.encode(encoding)))

        assert document.text == SENTENCE

    def test_big_endian_without_mark(self, tmp_path: Path) -> None:
        document = parse_text(request_for(tmp_path / "a.txt", "Plain Latin text".encode("utf-16-be")))

        assert document.text == "Plain Latin text"
        assert document.metadata["encoding"] == "utf-16-be"

    def test_paragraphs_are_blocks(self, tmp_path: Path) -> None:
        document = parse_text(request_for(tmp_path / "a.txt", b"One\r\nmore\r\n\r\n \t\r\nTwo\r\n"))

        assert [document.text[b.char_start : b.char_end] for b in document.blocks] == ["One\nmore", "Two"]

    @pytest.mark.parametrize("data", [b" \n\t \n", b"\xef\xbb\xbf"])
    def test_blank_is_empty(self, tmp_path: Path, data: bytes) -> None:
        with pytest.raises(ParseError) as caught:
            parse_text(request_for(tmp_path / "a.txt", data))

        assert caught.value.failure_type is FailureType.EMPTY

    def test_binary_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(ParseError, match="binary") as caught:
            parse_text(request_for(tmp_path / "a.txt", bytes(range(256)) * 20))

        assert caught.value.failure_type is FailureType.UNSUPPORTED

    def test_cut_utf16_is_damaged(self, tmp_path: Path) -> None:
        with pytest.raises(ParseError, match="cut off") as caught:
            parse_text(request_for(tmp_path / "a.txt", "text".encode("utf-16")[:-1]))

        assert caught.value.failure_type is FailureType.DAMAGED

    def test_too_long(self, tmp_path: Path) -> None:
        with pytest.raises(ParseError, match="at most 100") as caught:
            parse_text(request_for(tmp_path / "a.txt", b"x" * 101, limits=ParseLimits(max_text_characters=100)))

        assert caught.value.failure_type is FailureType.TOO_LARGE

    def test_a_stray_nul_becomes_a_blank(self, tmp_path: Path) -> None:
        document = parse_text(request_for(tmp_path / "a.txt", b"before\x00after and more text"))

        assert document.text == "before after and more text"

    def test_invisible_characters_go_and_what_they_hide_is_told(self, tmp_path: Path) -> None:
        document = parse_text(request_for(tmp_path / "a.txt", "First.\n\npass\u200bword\u00a0x".encode()))

        assert document.text == "First.\n\npassword x"
        assert [(f.kind.value, f.char_start) for f in document.findings] == [("hidden_text", 12)]
        assert [document.text[b.char_start : b.char_end] for b in document.blocks] == ["First.", "password x"]

    def test_only_invisible_characters_are_empty(self, tmp_path: Path) -> None:
        with pytest.raises(ParseError) as caught:
            parse_text(request_for(tmp_path / "a.txt", ("\u200b" * 20).encode()))

        assert caught.value.failure_type is FailureType.EMPTY
