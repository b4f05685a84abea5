"""The report of a run."""

import re
from html.parser import HTMLParser
from pathlib import Path

from evals.report import render, write_report
from tests.factories.evals import make_result


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in {"meta", "rect", "line"}:
            self.open.append(tag)
        self.links += [value or "" for name, value in attrs if name in {"src", "href"}]

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        pass

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


class TestRender:
    def test_is_well_formed_and_loads_nothing(self) -> None:
        parser = _Tags()
        page = render(make_result())
        parser.feed(page)
        assert parser.open == []
        assert parser.links == []
        assert "@import" not in page
        assert "url(" not in page

    def test_text_of_answers_cannot_become_markup(self) -> None:
        page = render(make_result())
        assert "The &lt;b&gt;owner&lt;/b&gt;." in page
        assert "Who &lt;owns&gt; it?" in page

    def test_shows_value_interval_and_count(self) -> None:
        assert re.search(r"100% <small>\(\d+% to 100%, 1 of 1\)</small>", render(make_result()))


class TestWriteReport:
    def test_makes_the_folder(self, tmp_path: Path) -> None:
        result = make_result()
        path = write_report(result, tmp_path / "reports")
        assert path.name == f"answer-quality-{result.eval_run_id}.html"
        assert path.read_text(encoding="utf-8").startswith("<!doctype html>")
