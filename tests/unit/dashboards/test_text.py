"""Escaping."""

import re

from hypothesis import given
from hypothesis import strategies as st

from dashboards.components.text import plain


def _without_marks(escaped: str) -> str:
    return re.sub(r":gray\[(\\[:.])\]", r"\1", escaped)


class TestPlain:
    def test_links_images_and_directives_lose_their_meaning(self) -> None:
        for text in (
            "![a](http://x)",
            "[a](http://x)",
            "<img src=x>",
            ":red[a]",
            "$x$",
            "# a",
            "`a`",
            "http://x.example",
        ):
            escaped = plain(text).replace(":gray[\\:]", "")
            assert not re.search(r"(?<!\\)[!\[\](<>:$#`]", escaped), text

    @given(st.text())
    def test_nothing_is_lost(self, text: str) -> None:
        assert re.sub(r"\\([^A-Za-z0-9\s])", r"\1", _without_marks(plain(text))).replace("  \n", "\n") == text.replace(
            "  \n", "\n"
        )

    def test_an_address_is_broken_up_so_that_it_is_no_link(self) -> None:
        for text in ("https://x.example/a", "HTTP://x.example", "see www.x.example"):
            escaped = plain(text)
            assert ":gray[" in escaped
            assert not re.search(r"(https?\\?://|www\\?\.)", escaped, re.IGNORECASE), text
