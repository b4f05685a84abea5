"""Tests of long texts: piece by piece gives what the whole text at once gives."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from ingestion.errors import ParseError
from ingestion.parsing import large_text
from ingestion.parsing.large_text import parse_large_text
from ingestion.parsing.progress import Listener, listening
from ingestion.parsing.request import ParseLimits
from ingestion.parsing.text import parse_text
from storage.records.failure_type import FailureType
from storage.records.parsed_document import Block
from tests.factories.documents import request_for

TEXT = "\r\n".join(
    [
        "Größe: 10 € – „gut“.",
        "Zweite Zeile.",
        "",
        " \t",
        "pass\u200bword und Cafe\u0301.",
        "",
        "",
        "Ende 😀 der",
        "Seite",
    ]
    * 40
)


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(large_text, "_BLOCK_BYTES", 61)  # cuts letters, line ends and paragraphs


@pytest.mark.usefixtures("small_blocks")
class TestParseLargeText:
    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
    def test_equals_the_whole_at_once(self, tmp_path: Path, encoding: str) -> None:
        request = request_for(tmp_path / "a.txt", TEXT.encode(encoding))

        assert parse_large_text(request) == parse_text(request)

    @pytest.mark.parametrize(
        "data",
        ["Größe und Maß der Straße.\n\nÜber alles.\n".encode("cp1252") * 50, "日本語の文です。\n".encode("iso2022_jp") * 50, "Plain Latin text\n\n".encode("utf-16-le") * 90,
         b"Gr\xc3\xb6\xc3\x9fe \xff und mehr.\n" + "Größe\n".encode() * 90, b"\n\nOne\rtwo\r\n\r\nthree\n\n\n"],
        ids=["cp1252", "iso-2022-jp", "utf-16-le", "broken utf-8", "line ends"],
    )  # fmt: skip
    def test_other_bytes_too(self, tmp_path: Path, data: bytes) -> None:
        request = request_for(tmp_path / "a.txt", data)

        assert parse_large_text(request) == parse_text(request)

    def test_a_listener_takes_the_parts_and_hears_the_bytes(self, tmp_path: Path) -> None:
        request = request_for(tmp_path / "a.txt", TEXT.encode())
        texts: list[str] = []
        taken: list[Block] = []
        heard: list[tuple[int, int]] = []

        def take(text: str, blocks: Sequence[Block]) -> None:
            texts.append(text)
            taken.extend(blocks)

        listener = Listener(lambda done, total: heard.append((done, total)), lambda: None, take)
        with listening(listener):
            rest = parse_large_text(request)

        whole = parse_text(request)
        assert (rest.text, rest.blocks) == ("", ())
        assert ("".join(texts), tuple(taken)) == (whole.text, whole.blocks)
        assert heard[-1] == (len(TEXT.encode()), len(TEXT.encode()))

    @pytest.mark.parametrize(
        ("data", "failure"),
        [
            (b" \n\t \n" * 90, FailureType.EMPTY),
            (bytes(range(128)) * 20, FailureType.UNSUPPORTED),
            (TEXT.encode("utf-16")[:-1], FailureType.DAMAGED),
        ],
    )
    def test_fails_alike(self, tmp_path: Path, data: bytes, failure: FailureType) -> None:
        with pytest.raises(ParseError) as caught:
            parse_large_text(request_for(tmp_path / "a.txt", data))

        assert caught.value.failure_type is failure

    def test_too_long(self, tmp_path: Path) -> None:
        request = request_for(tmp_path / "a.txt", b"word " * 300, limits=ParseLimits(max_text_characters=1000))

        with pytest.raises(ParseError, match="more than 1,000") as caught:
            parse_large_text(request)

        assert caught.value.failure_type is FailureType.TOO_LARGE

    def test_is_used_for_a_large_file(self, tmp_path: Path) -> None:
        data = (b"The pump runs at two bar.\n" * 4 + b"\n") * (large_text.LARGE_BYTES // 100)
        request = request_for(tmp_path / "a.txt", data)
        heard: list[int] = []

        with listening(Listener(lambda done, total: heard.append(done), lambda: None, lambda text, blocks: None)):
            assert parse_text(request).text == ""

        assert heard[-1] == len(data)
