"""Tests of the sandbox: what a document may cost, and what it may not do."""

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from pypdf import PdfWriter

from ingestion.errors import ParseError
from ingestion.parsing.sandbox import ParserSandbox
from ingestion.settings import IngestSettings
from storage.records.failure_type import FailureType
from tests.factories.documents import docx_bytes, encrypted_pdf_bytes, pdf_bytes, rezipped

SETTINGS = IngestSettings(_env_file=None)
ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def heavy_pdf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Takes more than a second to read."""
    path = tmp_path_factory.mktemp("heavy") / "heavy.pdf"
    path.write_bytes(pdf_bytes([[(8.0, f"Line {n} of a long page about nothing at all.") for n in range(60)]] * 400))
    return path


@pytest.fixture(scope="module")
def long_pdf(heavy_pdf: Path) -> Path:
    """1,600 pages: long enough to hear of progress."""
    path = heavy_pdf.with_name("long.pdf")
    writer = PdfWriter()
    for _ in range(4):
        writer.append(heavy_pdf)
    writer.write(path)
    return path


@pytest.fixture
def good(tmp_path: Path) -> Path:
    path = tmp_path / "good.md"
    path.write_text("# Fine\n\nThis is fine.")
    return path


@pytest.fixture
def closing() -> Iterator[list[ParserSandbox]]:
    opened: list[ParserSandbox] = []
    yield opened
    for sandbox in opened:
        sandbox.close()


def make(closing: list[ParserSandbox], **changes: float) -> ParserSandbox:
    closing.append(ParserSandbox(SETTINGS.model_copy(update=changes)))
    return closing[-1]


def pid_of(sandbox: ParserSandbox) -> int:
    """The process that read the last document."""
    pid = sandbox._processes[0].pid
    assert pid is not None
    return pid


def failure(sandbox: ParserSandbox, path: Path) -> ParseError:
    with pytest.raises(ParseError) as caught:
        sandbox.parse(path, name=path.name)
    return caught.value


class TestParse:
    def test_reads(self, closing: list[ParserSandbox], good: Path) -> None:
        document = make(closing).parse(good, name="good.md")

        assert document.text == "# Fine\n\nThis is fine."
        assert document.blocks[1].heading_path == ("Fine",)

    def test_passes_failures_on(self, closing: list[ParserSandbox], tmp_path: Path) -> None:
        path = tmp_path / "empty.md"
        path.write_bytes(b"")

        assert failure(make(closing), path).failure_type is FailureType.EMPTY

    def test_reuses_its_process_and_replaces_it_in_time(self, closing: list[ParserSandbox], good: Path) -> None:
        sandbox = make(closing, parse_reuse=2)
        pids = []
        for _ in range(4):
            sandbox.parse(good, name="good.md")
            pids.append(pid_of(sandbox))

        assert pids[0] == pids[1] != pids[2] == pids[3]

    def test_wall_time(self, closing: list[ParserSandbox], heavy_pdf: Path, good: Path) -> None:
        sandbox = make(closing, parse_seconds=0.3, ocr_seconds=0.3)

        caught = failure(sandbox, heavy_pdf)

        assert caught.failure_type is FailureType.TIMED_OUT
        assert "0.3 s" in caught.reason
        slow_enough = make(closing)
        assert slow_enough.parse(good, name="good.md").text
        assert sandbox._processes[0].pid is None

    def test_cpu_time(self, closing: list[ParserSandbox], tmp_path: Path) -> None:
        path = tmp_path / "long.md"
        path.write_text("- item one of a very long list\n\n" * 600_000)

        assert failure(make(closing, parse_cpu_seconds=0), path).failure_type is FailureType.TIMED_OUT

    def test_memory(self, closing: list[ParserSandbox], tmp_path: Path, good: Path) -> None:
        numbers = random.Random(0)  # noqa: S311 - only so that it does not compress like a bomb
        words = (numbers.getrandbits(48) for _ in range(600_000))
        body = "".join(f"<w:p><w:r><w:t>{word:x}</w:t></w:r></w:p>" for word in words)
        space = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
        xml = f'<w:document xmlns:w="{space}"><w:body>{body}</w:body></w:document>'
        path = tmp_path / "big.docx"
        path.write_bytes(rezipped(docx_bytes(), replace={"word/document.xml": xml.encode()}))
        sandbox = make(closing, parse_memory_mb=160)

        caught = failure(sandbox, path)

        assert caught.failure_type is FailureType.OUT_OF_MEMORY
        assert sandbox.parse(good, name="good.md").text

    def test_a_killed_process_fails_one_document_only(
        self, closing: list[ParserSandbox], heavy_pdf: Path, good: Path
    ) -> None:
        sandbox = make(closing)
        sandbox.parse(good, name="good.md")
        pid = pid_of(sandbox)
        timer = threading.Timer(0.2, lambda: os.kill(pid, signal.SIGSEGV))
        timer.start()

        caught = failure(sandbox, heavy_pdf)

        timer.join()
        assert caught.failure_type is FailureType.DAMAGED
        assert "crash" in caught.reason
        assert sandbox.parse(good, name="good.md").text

    def test_a_process_that_died_between_documents_is_replaced(self, closing: list[ParserSandbox], good: Path) -> None:
        sandbox = make(closing)
        sandbox.parse(good, name="good.md")
        os.kill(pid_of(sandbox), signal.SIGKILL)
        time.sleep(0.1)

        assert sandbox.parse(good, name="good.md").text

    def test_knows_no_secret_of_its_worker(
        self, closing: list[ParserSandbox], good: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("PIXEL_DATABASE_URL", "postgresql://secret")
        sandbox = make(closing)
        sandbox.parse(good, name="good.md")

        assert b"secret" not in Path(f"/proc/{pid_of(sandbox)}/environ").read_bytes()

    def test_holds_no_heavy_library(self) -> None:
        code = "import sys, ingestion.parsing.child; print(sorted({'torch', 'lancedb', 'sqlalchemy', 'numpy'} & set(sys.modules)))"
        environment = {"PYTHONPATH": str(ROOT), "PATH": os.environ["PATH"]}

        out = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)

        assert out.stdout.strip() == "[]"


class TestPool:
    def test_two_documents_are_read_at_once(self, closing: list[ParserSandbox], heavy_pdf: Path) -> None:
        sandbox = make(closing, parse_workers=2)
        with ThreadPoolExecutor(2) as pool:
            documents = list(pool.map(lambda n: sandbox.parse(heavy_pdf, name=f"{n}.pdf"), range(2)))

        assert documents[0] == documents[1]
        assert len({process.pid for process in sandbox._processes} - {None}) == 2

    def test_one_after_the_other_needs_one_process(self, closing: list[ParserSandbox], good: Path) -> None:
        sandbox = make(closing, parse_workers=3)
        for _ in range(3):
            sandbox.parse(good, name="good.md")

        assert [process.pid is not None for process in sandbox._processes] == [True, False, False]

    def test_more_callers_than_processes_take_turns(self, closing: list[ParserSandbox], good: Path) -> None:
        sandbox = make(closing, parse_workers=2)
        with ThreadPoolExecutor(8) as pool:
            texts = list(pool.map(lambda n: sandbox.parse(good, name=f"{n}.md").text, range(40)))

        assert texts == ["# Fine\n\nThis is fine."] * 40

    def test_a_death_in_one_process_leaves_the_other_alone(
        self, closing: list[ParserSandbox], heavy_pdf: Path, tmp_path: Path
    ) -> None:
        hopeless = tmp_path / "cut.pdf"
        hopeless.write_bytes(heavy_pdf.read_bytes()[:500])
        sandbox = make(closing, parse_workers=2)
        with ThreadPoolExecutor(2) as pool:
            slow = pool.submit(sandbox.parse, heavy_pdf, name="heavy.pdf")
            assert failure(sandbox, hopeless).failure_type is FailureType.DAMAGED
            assert slow.result().page_count == 400


class TestProgress:
    def test_pages_are_told_while_reading(self, closing: list[ParserSandbox], long_pdf: Path) -> None:
        heard: list[tuple[int, int]] = []

        document = make(closing).parse(long_pdf, name="a.pdf", on_progress=lambda *pages: heard.append(pages))

        assert document.page_count == 1600
        assert heard
        assert heard == sorted(heard)
        assert all(0 < done <= total == 1600 for done, total in heard)

    def test_a_listener_that_fails_does_not_mix_up_documents(
        self, closing: list[ParserSandbox], long_pdf: Path, good: Path
    ) -> None:
        def refuse(done: int, total: int) -> None:
            raise RuntimeError("no more")

        sandbox = make(closing)
        with pytest.raises(RuntimeError, match="no more"):
            sandbox.parse(long_pdf, name="a.pdf", on_progress=refuse)

        assert sandbox.parse(good, name="good.md").text == "# Fine\n\nThis is fine."


class TestPassword:
    def test_opens_a_document_and_stays_nowhere(
        self, closing: list[ParserSandbox], tmp_path: Path, capfd: pytest.CaptureFixture[str]
    ) -> None:
        path = tmp_path / "locked.pdf"
        path.write_bytes(encrypted_pdf_bytes(user_password="open sesame"))
        sandbox = make(closing)

        document = sandbox.parse(path, name="locked.pdf", password="open sesame")

        assert document.text == "The secret handshake."
        assert "sesame" not in document.model_dump_json()
        for kind in ("environ", "cmdline"):
            assert b"sesame" not in Path(f"/proc/{pid_of(sandbox)}/{kind}").read_bytes()
        assert failure(sandbox, path).failure_type is FailureType.ENCRYPTED
        with pytest.raises(ParseError) as caught:
            sandbox.parse(path, name="locked.pdf", password="not this")
        assert "not this" not in f"{caught.value} {capfd.readouterr()}"


class TestSeal:
    @pytest.mark.parametrize(
        "code",
        [
            "import socket; socket.socket()",
            "import socket; socket.getaddrinfo('localhost', 80)",
            "open('/tmp/pixel-escape', 'w')",
            "open(folder + '/../pixel-escape', 'a')",
            "import os; os.open('/tmp/pixel-escape', os.O_CREAT | os.O_WRONLY)",
            "import os; os.symlink('/etc', folder + '/etc'); open(folder + '/etc/pixel-escape', 'w')",
            "import os; os.remove('/tmp/pixel-victim')",
            "import os; os.rename(folder, '/tmp/pixel-escape')",
            "import os; os.mkdir('/tmp/pixel-escape')",
            "import subprocess; subprocess.run(['ls'])",
            "import os; os.system('ls')",
            "import os; os.fork()",
            "import os; os.kill(os.getppid(), 9)",
            "import os; os.kill(os.getpid(), 9)",
            "import os; os.kill(0, 9)",
            "import os; os.kill(-1, 0)",
        ],
    )
    def test_forbids(self, tmp_path: Path, code: str) -> None:
        result = self._run(tmp_path, code)

        assert "SealBrokenError" in result.stderr
        assert not Path("/tmp/pixel-escape").exists()  # noqa: S108

    @pytest.mark.parametrize(
        "code", ["open(folder + '/x', 'w').close()", "open('/etc/hostname').read()", "open('/dev/null', 'w').close()"]
    )
    def test_allows(self, tmp_path: Path, code: str) -> None:
        assert self._run(tmp_path, code).returncode == 0

    def _run(self, folder: Path, code: str) -> "subprocess.CompletedProcess[str]":
        program = f"from pathlib import Path\nfrom ingestion.parsing.seal import seal\nfolder = {str(folder)!r}\nseal(Path(folder))\n{code}"
        environment = {"PYTHONPATH": str(ROOT), "PATH": os.environ["PATH"]}
        return subprocess.run(
            [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=False
        )
