"""Tests of what a picture may take: a Tesseract that never ends is a process that sleeps, under the name of it."""

import os
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from PIL import Image

from ingestion.errors import ParseError
from ingestion.parsing import ocr, ocr_pages
from ingestion.parsing.detect import MediaType
from ingestion.parsing.image import parse_image
from ingestion.parsing.pdf import parse_pdf
from storage.records.failure_type import FailureType
from tests.factories.documents import request_for
from tests.factories.pdfs import drawn, scanned_page

ROOT = Path(__file__).parents[4]
SLEEPER = """#!/bin/sh
case "$1" in
  --version) echo "tesseract 5.3.0" ;;
  --list-langs) echo eng ;;
  *) exec sleep 600.25 ;;
esac
"""
UNDER_SEAL = """
import sys, threading
from pathlib import Path
from PIL import Image
from ingestion.errors import ParseError
from ingestion.parsing import ocr_pages
from ingestion.parsing.seal import seal
seal(Path(sys.argv[1]))
ocr_pages.PICTURE_SECONDS = 1.0
with ocr_pages.ocr_pages("eng") as reader:
    try:
        reader.submit(Image.new("L", (300, 300), 255), page=1, dpi=None).result()
    except ParseError as error:
        print(error.failure_type.value)
"""


@pytest.fixture
def path_with_sleeper(tmp_path: Path) -> str:
    program = tmp_path / "bin" / "tesseract"
    program.parent.mkdir()
    program.write_text(SLEEPER)
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return f"{program.parent}{os.pathsep}{os.environ['PATH']}"


@pytest.fixture
def sleeper(path_with_sleeper: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("PATH", path_with_sleeper)
    monkeypatch.setattr(ocr_pages, "PICTURE_SECONDS", 1.0)
    ocr.installed_languages.cache_clear()
    yield
    ocr.installed_languages.cache_clear()


def sleeping() -> list[int]:
    return [
        process.pid
        for process in psutil.process_iter(["cmdline", "status"])
        if (process.info["cmdline"] or [])[-1:] == ["600.25"] and process.info["status"] != psutil.STATUS_ZOMBIE
    ]


class TestLimit:
    def test_works_under_the_seal(self, tmp_path: Path, path_with_sleeper: str) -> None:
        folder = tmp_path / "parser"
        folder.mkdir()
        environment = {"PYTHONPATH": str(ROOT), "PATH": path_with_sleeper, "TMPDIR": str(folder)}
        started = time.monotonic()

        result = subprocess.run(
            [sys.executable, "-c", UNDER_SEAL, str(folder)],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

        assert result.stdout.split() == ["timed_out"], result.stderr
        assert time.monotonic() - started < 30
        assert not sleeping()

    @pytest.mark.usefixtures("sleeper")
    def test_a_picture_fails_with_its_type(self, tmp_path: Path) -> None:
        path = tmp_path / "a.png"
        Image.new("L", (300, 300), 255).save(path)

        with pytest.raises(ParseError) as error:
            parse_image(request_for(path), MediaType.PNG)

        assert error.value.failure_type is FailureType.TIMED_OUT
        assert "longer than 1 s" in error.value.reason

    @pytest.mark.usefixtures("sleeper")
    def test_a_page_is_missing_and_the_others_are_read(self, tmp_path: Path) -> None:
        data = drawn(lambda canvas: canvas.drawString(72, 700, "The pump runs at two bar."), scanned_page())

        document = parse_pdf(request_for(tmp_path / "a.pdf", data))

        assert document.text == "The pump runs at two bar."
        assert list(document.missing_pages) == ["2"]
        assert "longer than 1 s" in document.missing_pages["2"]


class TestEffort:
    def test_ends_after_four_passes(self) -> None:
        effort = ocr_pages._Effort()

        tried = [(effort.may_go_on, effort.next_pass() > 40) for _ in range(5)]

        assert tried == [(True, True)] * 4 + [(False, True)]

    def test_ends_when_enough_time_is_spent(self, monkeypatch: pytest.MonkeyPatch) -> None:
        effort = ocr_pages._Effort()
        monkeypatch.setattr(effort, "_started", time.monotonic() - 20)

        assert not effort.may_go_on
        assert 20 < effort.next_pass() < 26
