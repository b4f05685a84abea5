"""Escaping."""

import re

from hypothesis import given
from hypothesis import strategies as st

from dashboards.components.text import plain


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
            escaped = plain(text)
            assert not re.search(r"(?<!\\)[!\[\](<>:$#`]", escaped), text

    @given(st.text())
    def test_nothing_is_lost(self, text: str) -> None:
        assert re.sub(r"\\([^A-Za-z0-9\s])", r"\1", plain(text)).replace("  \n", "\n") == text.replace("  \n", "\n")
