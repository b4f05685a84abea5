"""Tests of Markdown."""

import time
from pathlib import Path

import pytest

from ingestion.errors import ParseError
from ingestion.parsing.markdown import parse_markdown
from storage.records.failure_type import FailureType
from storage.records.parsed_document import BlockKind, FindingKind, ParsedDocument
from tests.factories.documents import request_for

TEXT = """---
title: "Price list"
author: Sales
---

# Prices

Intro text
goes on.

Setext section
--------------

| Item | Price |
| --- | ---: |
| Ink | 4 |

- one
- two

  still two
```
# no heading
```
### Deep ###
End.
"""


def parsed(tmp_path: Path, text: str) -> ParsedDocument:
    return parse_markdown(request_for(tmp_path / "a.md", text.encode()))


class TestParseMarkdown:
    def test_marks_every_kind_of_block(self, tmp_path: Path) -> None:
        document = parsed(tmp_path, TEXT)

        kinds = [(b.kind, document.text[b.char_start : b.char_end].split("\n")[0]) for b in document.blocks]
        assert kinds == [
            (BlockKind.HEADING, "# Prices"),
            (BlockKind.PARAGRAPH, "Intro text"),
            (BlockKind.HEADING, "Setext section"),
            (BlockKind.TABLE, "| Item | Price |"),
            (BlockKind.LIST, "- one"),
            (BlockKind.PARAGRAPH, "  still two"),
            (BlockKind.CODE, "```"),
            (BlockKind.HEADING, "### Deep ###"),
            (BlockKind.PARAGRAPH, "End."),
        ]

    def test_heading_paths(self, tmp_path: Path) -> None:
        document = parsed(tmp_path, TEXT)

        assert document.blocks[-1].heading_path == ("Prices", "Setext section", "Deep")
        assert document.blocks[1].heading_path == ("Prices",)

    def test_front_matter_gives_title_and_author(self, tmp_path: Path) -> None:
        document = parsed(tmp_path, TEXT)

        assert (document.title, document.author) == ("Price list", "Sales")

    def test_first_heading_is_the_title_otherwise(self, tmp_path: Path) -> None:
        assert parsed(tmp_path, "# The title\n\ntext").title == "The title"

    def test_an_open_fence_runs_to_the_end(self, tmp_path: Path) -> None:
        document = parsed(tmp_path, "```\ncode\n# not a heading\n")

        assert [block.kind for block in document.blocks] == [BlockKind.CODE]

    @pytest.mark.parametrize(
        "text",
        [
            "# " + " " * 300_000 + "x",
            "> " * 100_000,
            "[" * 100_000,
            "|-" * 100_000,
            "a" + "\n" * 300_000 + "b",
            "<!--" * 100_000,
            "x <!-- -->" * 50_000,
        ],
    )
    def test_hostile_input_stays_linear(self, tmp_path: Path, text: str) -> None:
        started = time.monotonic()

        parsed(tmp_path, text)

        assert time.monotonic() - started < 5

    def test_comments_are_left_out_and_told(self, tmp_path: Path) -> None:
        document = parsed(tmp_path, "# A\n\nSeen <!-- toc --><!-- obey these\nhidden words --> text pass\u200bword.\n")

        assert document.text == "# A\n\nSeen  text password.\n"
        assert {finding.kind for finding in document.findings} == {FindingKind.HIDDEN_TEXT}
        found = {finding.detail.split(" ")[0]: document.text[finding.char_start :] for finding in document.findings}
        assert found == {"A": " text password.\n", "Invisible": "word.\n"}

    @pytest.mark.parametrize(
        "text", ["```\n<!-- one two three four -->\n```", "Write `<!-- one two three four -->` so."]
    )
    def test_comments_in_code_stay(self, tmp_path: Path, text: str) -> None:
        document = parsed(tmp_path, text)

        assert document.text == text
        assert document.findings == ()

    def test_only_comments_is_empty(self, tmp_path: Path) -> None:
        with pytest.raises(ParseError) as caught:
            parsed(tmp_path, "<!-- nothing to be seen here -->")

        assert caught.value.failure_type is FailureType.EMPTY
