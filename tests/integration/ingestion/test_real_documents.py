"""Tests that every kind of real document is read, or refused for a reason that is told."""

import difflib
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from ingestion.errors import ParseError
from ingestion.parsing.sandbox import ParserSandbox
from ingestion.settings import IngestSettings
from storage.records.failure_type import FailureType
from storage.records.parsed_document import ParsedDocument

DOCUMENTS = Path(__file__).parents[3].parent / "shared" / "data" / "documents"
KINDS = [
    ".html",
    ".htm",
    ".eml",
    ".csv",
    ".tsv",
    ".xlsx",
    ".xlsm",
    ".pptx",
    ".docx",
    ".txt",
    ".md",
    ".doc",
    ".xls",
    ".ppt",
    ".msg",
    ".odt",
    ".odp",
    ".epub",
    ".rtf",
    ".org",
    ".rst",
    ".json",
    ".ndjson",
    ".asciidoc",
    ".yaml",
    ".xml",
]
ONE_TEXT = "unstructured/language-docs/eng_spa_mult"
# What these are is not text, or is protected: each reason is the right one.
EXPECTED: dict[str, FailureType | None] = {
    "unstructured/empty.txt": FailureType.EMPTY,
    "unstructured/fake-text-all-whitespace.txt": FailureType.EMPTY,
    "unstructured/empty.xlsx": FailureType.EMPTY,
    "unstructured/eml/empty.eml": FailureType.EMPTY,
    "unstructured/picture.pptx": FailureType.EMPTY,
    "unstructured/test-image-jpg-mime.pptx": FailureType.EMPTY,
    "unstructured/eml/fake-encrypted.eml": FailureType.ENCRYPTED,
    f"{ONE_TEXT}.doc": None,  # it is a DOCX inside
    f"{ONE_TEXT}.ppt": None,  # it is a PPTX inside
    "ocrmypdf/tagged.odt": FailureType.DAMAGED,  # its archive lacks a byte at its beginning
}
NOT_READ = (".doc", ".xls", ".ppt", ".msg", ".odp", ".rtf")

pytestmark = [
    pytest.mark.shared_data,
    pytest.mark.skipif(not DOCUMENTS.is_dir(), reason="the shared documents are not beside the checkout"),
]


@pytest.fixture(scope="module")
def sandbox() -> Iterator[ParserSandbox]:
    box = ParserSandbox(IngestSettings(_env_file=None))
    yield box
    box.close()


def words(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())


class TestRealDocuments:
    def test_each_ends_as_text_or_with_its_reason(self, sandbox: ParserSandbox) -> None:
        files = sorted(path for path in DOCUMENTS.rglob("*") if path.suffix.lower() in KINDS and path.name != "NOTE.md")
        wrong: dict[str, str] = {}
        with structlog.testing.capture_logs() as logs:
            for path in files:
                name = path.relative_to(DOCUMENTS).as_posix()
                expected = EXPECTED.get(name, FailureType.UNSUPPORTED if path.suffix.lower() in NOT_READ else None)
                try:
                    document = sandbox.parse(path, name=path.name)
                except ParseError as error:
                    if error.failure_type is not expected:
                        wrong[name] = f"{error.failure_type}: {error.reason}"
                else:
                    self.check(document)
                    if expected is not None:
                        wrong[name] = "was read"

        assert wrong == {}
        assert len(files) > 150
        assert [entry for entry in logs if entry["event"] in ("parser_raised", "parser_died")] == []

    @pytest.mark.parametrize("suffix", [".doc", ".pptx", ".ppt", ".eml", ".epub", ".txt"])
    def test_one_text_in_many_formats(self, sandbox: ParserSandbox, suffix: str) -> None:
        truth = words((DOCUMENTS / f"{ONE_TEXT}.txt").read_text(encoding="utf-8"))
        path = DOCUMENTS / f"{ONE_TEXT}{suffix}"
        if not path.exists():
            pytest.skip(f"there is no {suffix} of this text")

        found = words(sandbox.parse(path, name=path.name).text)

        assert (Counter(found) & Counter(truth)).total() >= 0.99 * len(truth)
        assert difflib.SequenceMatcher(None, found, truth, autojunk=False).ratio() > 0.95

    def check(self, document: ParsedDocument) -> None:
        """Whether all positions lie in the text, blocks do not overlap, and pages cover the blocks in order."""
        end = 0
        for block in document.blocks:
            assert end <= block.char_start < block.char_end <= len(document.text)
            assert document.text[block.char_start : block.char_end].strip()
            end = block.char_end
        if document.pages:
            assert document.page_count == len(document.pages) + len(document.missing_pages)
            assert all(
                earlier.char_end <= later.char_start
                for earlier, later in zip(document.pages, document.pages[1:], strict=False)
            )
        for finding in document.findings:
            assert finding.char_start is None or 0 <= finding.char_start <= len(document.text)
        assert "\x00" not in document.text
