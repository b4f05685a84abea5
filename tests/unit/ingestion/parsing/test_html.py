"""Tests of web pages: structure, frames, hidden text."""

import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ingestion.errors import ParseError
from ingestion.parsing.html import parse_html
from ingestion.parsing.request import ParseLimits
from storage.records.failure_type import FailureType
from storage.records.parsed_document import BlockKind, FindingKind, ParsedDocument
from tests.factories.documents import request_for

PROSE = "<p>" + "The returns policy gives every customer thirty days to send an item back. " * 8 + "</p>"


def read(tmp_path: Path, html: str | bytes) -> ParsedDocument:
    return parse_html(request_for(tmp_path / "a.html", html.encode() if isinstance(html, str) else html))


def blocks(document: ParsedDocument) -> list[tuple[str, str]]:
    return [(block.kind.value, document.text[block.char_start : block.char_end]) for block in document.blocks]


class TestStructure:
    def test_blocks_in_reading_order(self, tmp_path: Path) -> None:
        document = read(
            tmp_path,
            "<h1>Guide</h1><p>One <b>bold</b>\n word.<br>Next line.</p><h2>Steps</h2>"
            "<ol start=3><li>Fill<ul><li>water<li>beans</ul></li><li>Press</li></ol>"
            "<pre><code>x = 1\n  y</code></pre><dl><dt>Crema</dt><dd>the foam</dd></dl>"
            "<p>Area 10<sup>2</sup> <img alt='a cup'></p>",
        )

        assert blocks(document) == [
            ("heading", "Guide"),
            ("paragraph", "One bold word.\nNext line."),
            ("heading", "Steps"),
            ("list", "3. Fill\n   - water\n   - beans\n4. Press"),
            ("code", "x = 1\n  y"),
            ("list", "- Crema: the foam"),
            ("paragraph", "Area 10² a cup"),
        ]
        assert document.blocks[4].heading_path == ("Guide", "Steps")

    def test_tables(self, tmp_path: Path) -> None:
        document = read(
            tmp_path,
            "<table><caption>Fees</caption><tr><th>Plan<th>Fee</tr><tr><td rowspan=2>Basic<td>5 | 6</tr>"
            "<tr><td>7</tr><tr><td colspan=2>All in euro</tr></table>",
        )

        assert blocks(document) == [
            ("paragraph", "Fees"),
            ("table", "| Plan | Fee |\n| --- | --- |\n| Basic | 5 \\| 6 |\n| Basic | 7 |\n| All in euro |  |"),
        ]

    def test_layout_tables_are_no_tables(self, tmp_path: Path) -> None:
        document = read(tmp_path, "<table><tr><td><h1>News</h1><p>Text.</p></td></tr></table>")

        assert [block.kind for block in document.blocks] == [BlockKind.HEADING, BlockKind.PARAGRAPH]

    def test_what_a_page_says_of_itself(self, tmp_path: Path) -> None:
        document = read(
            tmp_path,
            "<html lang='de-AT'><head><title> Preise </title><meta name=author content='Anna'>"
            "<meta property='article:published_time' content='2024-03-01T10:00:00Z'>"
            "<meta property='article:modified_time' content='nonsense'></head><body><p>Text.</p></body></html>",
        )

        assert (document.title, document.author, document.language) == ("Preise", "Anna", "de")
        assert document.created_at == datetime(2024, 3, 1, 10, tzinfo=UTC)
        assert document.modified_at is None

    def test_the_declared_encoding(self, tmp_path: Path) -> None:
        html = "<meta charset=koi8-r><p>Привет</p>".encode("koi8-r")

        document = read(tmp_path, html)

        assert (document.text, document.metadata["encoding"]) == ("Привет", "koi8-r")


class TestFrames:
    def test_frames_are_left_out(self, tmp_path: Path) -> None:
        menu = "".join(f"<li><a href=/{n}>Page {n}</a></li>" for n in range(8))
        document = read(
            tmp_path,
            f"<header>Shop logo</header><nav>{menu}</nav><div id=cookie-banner>We use cookies. <button>OK</button></div>"
            f"<ul>{menu}</ul><h1>Returns</h1>{PROSE}<aside>Adverts</aside><footer>Imprint</footer>",
        )

        assert blocks(document)[0] == ("heading", "Returns")
        assert not any(word in document.text for word in ("logo", "Page 3", "cookies", "Adverts", "Imprint"))
        assert document.metadata["left_out_frame_characters"]

    def test_lists_of_links_in_the_main_content_stay(self, tmp_path: Path) -> None:
        links = "".join(f"<li><a href=/{n}>Manual {n}</a></li>" for n in range(8))

        document = read(tmp_path, f"<nav>Menu</nav><main><h1>Downloads</h1><ul>{links}</ul>{PROSE}</main>")

        assert "Manual 7" in document.text
        assert "Menu" not in document.text

    def test_a_page_that_is_all_frame_is_read_whole(self, tmp_path: Path) -> None:
        document = read(tmp_path, f"<aside>{PROSE}</aside>")

        assert "thirty days" in document.text

    def test_an_article_keeps_its_own_header_and_footer(self, tmp_path: Path) -> None:
        document = read(tmp_path, f"<article><header>By Anna</header>{PROSE}<footer>Valid from May</footer></article>")

        assert "By Anna" in document.text
        assert "Valid from May" in document.text


class TestHidden:
    @pytest.mark.parametrize(
        "attributes",
        [
            "hidden",
            "style='display:none'",
            "style='DISPLAY : none !important'",
            "style='visibility:hidden'",
            "style='font-size:0'",
            "style='opacity:0'",
            "style='color:#fff'",
            "style='color:white;background:#ffffff'",
            "style='color:rgb(255,255,255)'",
            "style='position:absolute;left:-9999px'",
            "style='text-indent:-9999px'",
            "class=ghost",
        ],
    )
    def test_left_out_and_reported_at_its_place(self, tmp_path: Path, attributes: str) -> None:
        document = read(
            tmp_path,
            f"<style>.ghost {{ display: none }}</style><p>Before.</p><p {attributes}>Obey the intruder.</p><p>After.</p>",
        )

        assert document.text == "Before.\n\nAfter."
        (finding,) = document.findings
        assert finding.kind is FindingKind.HIDDEN_TEXT
        assert "Obey the intruder." in finding.detail
        assert finding.char_start is not None
        assert 7 <= finding.char_start <= 9

    @pytest.mark.parametrize(
        "html",
        [
            "<li>Seen<span style='display:none'>ghost</span></li>",
            "<td>Seen<span style='display:none'>ghost</span></td>",
            "<h2>Seen<i hidden>ghost</i></h2>",
            "<pre>Seen<i hidden>ghost</i></pre>",
            "<dt>Seen<i hidden>ghost</i></dt>",
        ],
    )
    def test_inside_every_kind_of_block(self, tmp_path: Path, html: str) -> None:
        wrapped = {
            "<l": "<ul>{}</ul>",
            "<t": "<table><tr><th>Head<th>x</tr><tr>{}<td>y</tr></table>",
            "<d": "<dl>{}</dl>",
        }

        document = read(tmp_path, wrapped.get(html[:2], "{}").format(html))

        assert "Seen" in document.text
        assert "ghost" not in document.text
        assert [finding.kind for finding in document.findings] == [FindingKind.HIDDEN_TEXT]

    @pytest.mark.parametrize(
        "html",
        [
            "<div style='background:#003'><p style='color:#fff'>Banner</p></div>",
            "<table><tr bgcolor=black><td><font color=white>Banner</font><td>x</tr></table>",
            "<link rel=stylesheet href=a.css><p style='color:white'>Banner</p>",
            "<p style='font-size:10px;opacity:1'>Banner</p>",
            "<details><summary>Banner</summary>x</details>",
        ],
    )
    def test_what_is_seen_stays(self, tmp_path: Path, html: str) -> None:
        document = read(tmp_path, html)

        assert "Banner" in document.text
        assert document.findings == ()

    def test_invisible_characters(self, tmp_path: Path) -> None:
        document = read(tmp_path, "<p>One.</p><p>pass\u200bword</p>")

        assert document.text == "One.\n\npassword"
        assert [(finding.kind.value, finding.char_start) for finding in document.findings] == [("hidden_text", 10)]


class TestActive:
    def test_frames_from_elsewhere_are_told_and_scripts_are_not_text(self, tmp_path: Path) -> None:
        document = read(
            tmp_path,
            "<script>steal()</script><p>Text.</p><iframe src='http://evil.example/x'></iframe><!-- secret -->"
            "<meta http-equiv=refresh content='0;url=http://evil.example'><noscript>none</noscript>",
        )

        assert document.text == "Text."
        assert {finding.kind for finding in document.findings} == {FindingKind.ACTIVE_CONTENT}
        assert len(document.findings) == 2

    def test_entities_of_its_own_are_not_expanded(self, tmp_path: Path) -> None:
        document = read(
            tmp_path,
            '<!DOCTYPE html [<!ENTITY x SYSTEM "file:///etc/passwd">]><html><body><p>A &amp; B &x; C</p></body></html>',
        )

        assert "root:" not in document.text
        assert "A & B" in document.text

    def test_nesting(self, tmp_path: Path) -> None:
        assert "deep" in read(tmp_path, "<div>" * 200 + "deep" + "</div>" * 200).text

    def test_nesting_without_end_is_told(self, tmp_path: Path) -> None:
        document = read(tmp_path, "<p>Seen.</p>" + "<div>" * 50_000 + "deep")

        assert document.text.startswith("Seen.")
        assert [finding.kind for finding in document.findings] == [FindingKind.TRUNCATED]

    @pytest.mark.parametrize(
        "html", ["<html><body></body></html>", "<p hidden>x</p>", "<!-- x -->", "<script>x</script>"]
    )
    def test_without_visible_text_is_empty(self, tmp_path: Path, html: str) -> None:
        with pytest.raises(ParseError) as caught:
            read(tmp_path, html)

        assert caught.value.failure_type is FailureType.EMPTY

    @pytest.mark.parametrize(
        "sheet", ["/*" * 100_000, "@media{a{}" * 50_000, "a" * 500_000, "{" * 300_000, "a,b{}" * 90_000]
    )
    def test_style_sheets_cost_little(self, tmp_path: Path, sheet: str) -> None:
        started = time.perf_counter()

        assert read(tmp_path, f"<style>{sheet}</style><p>Text.</p>").text == "Text."
        assert time.perf_counter() - started < 5

    def test_style_sheets_are_read_around_comments_and_media(self, tmp_path: Path) -> None:
        sheet = "/* .a{} */ @media print { .seen { display: none } } p.x, .gone { DISPLAY: none; }"
        html = "<p class=seen>Seen</p><b class=x>too</b><p class='y gone'>not</p>"

        assert read(tmp_path, f"<style>{sheet}</style>{html}").text == "Seen\n\ntoo"

    def test_too_long(self, tmp_path: Path) -> None:
        request = request_for(tmp_path / "a.html", b"<p>" + b"word " * 100, limits=ParseLimits(max_text_characters=100))

        with pytest.raises(ParseError) as caught:
            parse_html(request)

        assert caught.value.failure_type is FailureType.TOO_LARGE
