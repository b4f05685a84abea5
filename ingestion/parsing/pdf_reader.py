"""Opens PDFs with PDFium, and reads them with pypdf where PDFium gives up."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from ingestion.errors import ParseError
from storage.records.failure_type import FailureType

if TYPE_CHECKING:
    from pypdf import PdfReader
    from pypdfium2 import PdfDocument

_PASSWORD_ERROR = 4
DAMAGED = (
    "The PDF is damaged or cut off: two different readers could not open it. Open the original, save or print it "
    "as PDF again, and upload the new copy."
)
_LOCKED = (
    "The PDF is protected by a password. Put the password into PIXEL_INGEST_PASSWORDS and give the document again, or "
    "save a copy without it and upload that."
)
_NOT_OPENED = (
    "The PDF is protected by a password, and none of PIXEL_INGEST_PASSWORDS opens it. Add the right one and give the "
    "document again, or save a copy without it and upload that."
)


def encrypted(password: str | None) -> ParseError:
    """The error for a PDF that this password, or none, does not open."""
    return ParseError(FailureType.ENCRYPTED, _NOT_OPENED if password else _LOCKED)


@contextmanager
def open_pdf(path: Path, password: str | None = None) -> Iterator["PdfDocument | None"]:
    """Open a PDF with PDFium; None when it cannot read the file at all.

    Raises:
        ParseError: A password is needed, or another one.
    """
    import pypdfium2

    try:
        document = pypdfium2.PdfDocument(path, password=password)
    except pypdfium2.PdfiumError as error:
        if getattr(error, "err_code", None) == _PASSWORD_ERROR:
            raise encrypted(password) from None
        yield None
        return
    try:
        yield document
    finally:
        document.close()


class SecondReader:
    """pypdf, opened when first needed. It forgives other damage than PDFium does."""

    def __init__(self, path: Path, password: str | None) -> None:
        self._path = path
        self._password = password
        self._reader: PdfReader | None = None

    def page_count(self) -> int:
        """How many pages it sees.

        Raises:
            ParseError: It fails too, or a password is needed.
        """
        try:
            return len(self._open().pages)
        except (ParseError, MemoryError):
            raise
        except Exception as error:  # it meets damage with many built-in types
            raise ParseError(FailureType.DAMAGED, DAMAGED) from error

    def page_text(self, number: int) -> str | None:
        """The text of a page, counted from 1; None where it fails."""
        try:
            raw = self._open().pages[number - 1].extract_text()
        except (ParseError, MemoryError):
            raise
        except Exception:  # noqa: BLE001 - see above
            return None
        return "".join(c if c.isprintable() or c == "\n" else " " for c in raw).strip()

    def properties(self) -> dict[str, str]:
        """Title, author and dates, by PDFium's names."""
        try:
            found = self._open().metadata
            return {str(name).lstrip("/"): str(value) for name, value in (found or {}).items()}
        except (ParseError, MemoryError):
            raise
        except Exception:  # noqa: BLE001 - see above
            return {}

    def _open(self) -> "PdfReader":
        from pypdf import PdfReader
        from pypdf.errors import FileNotDecryptedError, WrongPasswordError

        if self._reader is None:
            try:
                reader = PdfReader(self._path, strict=False)
                if reader.is_encrypted and not reader.decrypt(self._password or ""):
                    raise encrypted(self._password)
            except (FileNotDecryptedError, WrongPasswordError):
                raise encrypted(self._password) from None
            except (ParseError, MemoryError):
                raise
            except Exception as error:
                raise ParseError(FailureType.DAMAGED, DAMAGED) from error
            self._reader = reader
        return self._reader
