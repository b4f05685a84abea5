"""Lines of a stream, however the network cuts them."""

from hypothesis import given
from hypothesis import strategies as st

from serving.inference.providers.payloads import PayloadLines

TEXTS = st.lists(st.binary(max_size=40).map(lambda b: b.hex().encode()), max_size=8)


def read(pieces: list[bytes]) -> tuple[list[bytes], bytes]:
    lines = PayloadLines()
    found = [payload for piece in pieces for payload in lines.feed(piece)]
    return [*found, *lines.end()], bytes(lines.foreign)


class TestPayloadLines:
    @given(TEXTS, st.sampled_from([b"\n", b"\r\n"]), st.lists(st.integers(1, 30), max_size=40))
    def test_how_bytes_are_cut_changes_nothing(self, texts: list[bytes], end: bytes, sizes: list[int]) -> None:
        whole = b"".join(b": ping%sevent: x%sdata: %s%s%s" % (end, end, text, end, end) for text in texts)
        pieces, rest = [], whole
        for size in sizes:
            pieces.append(rest[:size])
            rest = rest[size:]
        assert read([*pieces, rest]) == (texts, b"")

    def test_the_last_line_needs_no_end(self) -> None:
        assert read([b"data: {}"]) == ([b"{}"], b"")

    def test_what_is_no_event_is_kept_apart(self) -> None:
        assert read([b'{"error":', b" {}}\ndata: 1\n<html>\n"]) == ([b"1"], b'{"error": {}}\n<html>\n')

    def test_no_more_than_a_part_of_it(self) -> None:
        _, foreign = read([b"x" * 1000 + b"\n"] * 500)
        assert len(foreign) < 70_000
