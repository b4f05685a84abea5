"""Tests of what goes between a worker and its parser process."""

import io
from pathlib import Path

import pytest
from pydantic import SecretStr

from ingestion.parsing.frames import (
    BLOCKS,
    END,
    TEXT,
    BrokenFrameError,
    FrameBuffer,
    ParseReply,
    ReplyReader,
    SandboxRequest,
    request_bytes,
    write_frame,
    write_progress,
    write_reply,
)
from ingestion.parsing.request import ParseRequest
from storage.records.parsed_document import Block, BlockKind, Line, ParsedDocument


def document(blocks: int) -> ParsedDocument:
    line = Line(char_start=0, char_end=1, page=1, left=0, top=0, right=1, bottom=1)
    block = Block(kind=BlockKind.PARAGRAPH, char_start=0, char_end=1, heading_path=("Ä",), lines=(line,))
    return ParsedDocument(text="Grüße 😀 " * 300_000, blocks=(block,) * blocks, title="T")


def blocks_frame(heads: str, lines: bytes) -> bytes:
    return BLOCKS + len(heads).to_bytes(4, "big") + heads.encode() + lines


def taken(data: bytes, reader: ReplyReader, *, step: int) -> ParseReply | None:
    buffer, reply = FrameBuffer(), None
    for first in range(0, len(data), step):
        for frame in buffer.feed(data[first : first + step]):
            reply = reader.take(frame) or reply
    return reply


class TestReply:
    @pytest.mark.parametrize("step", [997, 1 << 20])
    def test_a_long_document_arrives_whole(self, step: int) -> None:
        sent, stream = document(1300), io.BytesIO()
        write_progress(stream, 3, 7)
        write_reply(stream, ParseReply(document=sent))
        heard: list[tuple[int, int]] = []

        reply = taken(stream.getvalue(), ReplyReader(10_000_000, lambda *pages: heard.append(pages)), step=step)

        assert reply is not None
        assert reply.document == sent
        assert heard == [(3, 7)] * 4  # again with each part of the blocks

    @pytest.mark.parametrize(
        "frame",
        [
            b"",
            b"Xabc",
            b"Bnot json",
            b'B[{"kind": "paragraph"}]',
            blocks_frame('[["paragraph", 0, 1, [], 1]]', b""),  # a line is missing
            blocks_frame('[["paragraph", 0, 1, [], 1]]', b"\x00" * 55),  # half a line
            blocks_frame('[["paragraph", 0, 1, [], 0]]', b"\x00" * 56),  # a line of no block
            blocks_frame('[["paragraph", 0, 1, [], -1]]', b""),
            blocks_frame('[["paragraph", 0, 99999999999999999999, [], 0]]', b""),
            blocks_frame('[["paragraph", 0, 1, [], 9223372036854775807], ["paragraph", 0, 1, [], 9]]', b""),
            TEXT + b"\xff\xfe",
            b"Pone two",
            b"P3 99999999999",
            b"P-1 7",
            END + b"{}x",
        ],
    )
    def test_nonsense_is_refused(self, frame: bytes) -> None:
        with pytest.raises(BrokenFrameError):
            ReplyReader(100).take(frame)

    def test_more_blocks_than_a_document_of_that_length_can_have_are_refused(self) -> None:
        reader, frame = ReplyReader(10), blocks_frame("[" + ", ".join(['["paragraph", 0, 1, [], 0]'] * 20) + "]", b"")
        reader.take(frame)
        reader.take(frame)

        with pytest.raises(BrokenFrameError):
            reader.take(frame)

    def test_more_text_than_allowed_is_refused(self) -> None:
        reader = ReplyReader(10)
        reader.take(TEXT + b"12345678")

        with pytest.raises(BrokenFrameError):
            reader.take(TEXT + b"12345678")

    def test_a_frame_of_gigabytes_is_refused_before_it_is_read(self) -> None:
        with pytest.raises(BrokenFrameError):
            list(FrameBuffer().feed(b"\xff\xff\xff\xff"))


class TestRequest:
    def test_the_password_goes_through_the_pipe_and_nowhere_else(self) -> None:
        parse = ParseRequest(path=Path("a.pdf"), name="a.pdf", password=SecretStr("sesame"))
        request = SandboxRequest(parse=parse, cpu_seconds=1, memory_mb=1)
        stream = io.BytesIO()

        write_frame(stream, request_bytes(request))

        read = SandboxRequest.model_validate_json(stream.getvalue()[4:])
        assert read.parse.clear_password == "sesame"
        assert "sesame" not in repr(request)
        assert "sesame" not in request.model_dump_json()
