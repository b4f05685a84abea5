"""Damaged documents: seeds made on the spot or found beside the checkout, changed by a seeded random generator."""

import io
import random
import re
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

_LARGEST_SEED = 64_000
_MOST_FOUND = 150
_SUFFIXES = (".pdf", ".docx", ".png", ".jpg", ".jpeg", ".tif", ".tiff", ".gif", ".bmp", ".webp")
_NUMBERS = (b"0", b"-1", b"1", b"255", b"65536", b"2147483647", b"4294967295", b"99999999999999999999")
_WORDS = (
    b"<<", b">>", b"[", b"]", b"stream\r\n", b"endstream", b"endobj", b"obj", b"/Length", b"/Filter", b"/FlateDecode",
    b"/Kids", b"/Parent", b"/Count", b"/Type /Page", b"/Contents", b"/Resources", b"/ToUnicode", b"0 0 R", b"1 0 R",
    b"/ObjStm", b"/Encrypt", b"/Prev", b"startxref", b"BT", b"ET", b"Tj", b"3 Tr", b"1e38 0 0 1e38 0 0 cm", b"q " * 500,
    b"[" * 500, b"<<" * 300, b"IHDR", b"IDAT", b"IEND", b"\xff\xd8", b"\xff\xd9", b"PK\x03\x04", b"PK\x01\x02",
    b"<w:p>", b"</w:p>", b"<w:tbl>", b"<!DOCTYPE x [<!ENTITY a 'b'>]>", b"&a;", b"<w:r><w:t>", b"\x00" * 64, b"\xff" * 64,
)  # fmt: skip
_INTEGER = re.compile(rb"\d+")


@dataclass(frozen=True, slots=True)
class Seed:
    """A whole document to start from."""

    suffix: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Mutant:
    """A damaged document. Its name tells its number and format."""

    name: str
    data: bytes


def seeds(shared: Path) -> list[Seed]:
    """Documents made here, and small ones beside the checkout if there are any."""
    made = [Seed(".pdf", data) for data in _pdfs()] + [Seed(".docx", _docx())] + _images()
    found: list[Seed] = []
    for folder in ("documents", "hostile"):
        if (shared / folder).is_dir():
            paths = (path for path in sorted((shared / folder).rglob("*")) if path.suffix.lower() in _SUFFIXES)
            small = [path for path in paths if path.is_file() and path.stat().st_size <= _LARGEST_SEED]
            step = max(1, len(small) // _MOST_FOUND)
            found += [Seed(path.suffix.lower(), path.read_bytes()) for path in small[::step]]
    return made + found


def mutants(originals: list[Seed], count: int, *, seed: int) -> Iterator[Mutant]:
    """So many damaged documents; the same for the same seeds and number."""
    numbers = random.Random(seed)  # noqa: S311 - repeatable, not secret
    for number in range(count):
        original = numbers.choice(originals)
        data = original.data
        if original.suffix == ".docx" and numbers.random() < 0.5:
            data = _inside_archive(data, numbers)
        else:
            for _ in range(numbers.randint(1, 3)):
                other = numbers.choice(originals).data
                data = numbers.choice(_CHANGES)(data, other, numbers)
        yield Mutant(f"mutant-{seed}-{number}{original.suffix}", data)


def _flip(data: bytes, _: bytes, numbers: random.Random) -> bytes:
    changed = bytearray(data)
    for _turn in range(numbers.randint(1, 32)):
        if changed:
            changed[numbers.randrange(len(changed))] = numbers.randrange(256)
    return bytes(changed)


def _cut(data: bytes, _: bytes, numbers: random.Random) -> bytes:
    return data[: numbers.randrange(len(data) + 1)]


def _remove(data: bytes, _: bytes, numbers: random.Random) -> bytes:
    start = numbers.randrange(len(data) + 1)
    return data[:start] + data[start + numbers.randint(1, 512) :]


def _splice(data: bytes, other: bytes, numbers: random.Random) -> bytes:
    return data[: numbers.randrange(len(data) + 1)] + other[numbers.randrange(len(other) + 1) :]


def _repeat(data: bytes, _: bytes, numbers: random.Random) -> bytes:
    start = numbers.randrange(len(data) + 1)
    end = min(len(data), start + numbers.randint(1, 1024))
    return data[:end] + data[start:end] * numbers.randint(1, 20) + data[end:]


def _insert_word(data: bytes, _: bytes, numbers: random.Random) -> bytes:
    place = numbers.randrange(len(data) + 1)
    return data[:place] + numbers.choice(_WORDS) + data[place:]


def _change_number(data: bytes, _: bytes, numbers: random.Random) -> bytes:
    """Lengths, counts, offsets and sizes that are written as digits."""
    places = list(_INTEGER.finditer(data))
    if not places:
        return data
    place = numbers.choice(places)
    return data[: place.start()] + numbers.choice(_NUMBERS) + data[place.end() :]


def _change_field(data: bytes, _: bytes, numbers: random.Random) -> bytes:
    """Lengths and sizes that are written as two or four bytes."""
    width = numbers.choice((2, 4))
    if len(data) < width:
        return data
    place = numbers.randrange(len(data) - width + 1)
    value = numbers.choice((0, 1, 0x7F, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF)) & ((1 << 8 * width) - 1)
    return data[:place] + value.to_bytes(width, numbers.choice(("big", "little"))) + data[place + width :]


Change = Callable[[bytes, bytes, random.Random], bytes]
_CHANGES: tuple[Change, ...] = (
    _flip,
    _flip,
    _cut,
    _remove,
    _splice,
    _repeat,
    _insert_word,
    _insert_word,
    _change_number,
    _change_number,
    _change_field,
)


def _inside_archive(data: bytes, numbers: random.Random) -> bytes:
    """Damage one part of an archive and pack it again, so that the damage reaches the XML."""
    buffer = io.BytesIO()
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as sink:
            names = source.namelist()
            chosen = (
                "word/document.xml"
                if "word/document.xml" in names and numbers.random() < 0.7
                else numbers.choice(names)
            )
            for name in names:
                part = source.read(name)
                sink.writestr(name, numbers.choice(_CHANGES)(part, part, numbers) if name == chosen else part)
    except (zipfile.BadZipFile, OSError, ValueError, IndexError, NotImplementedError, RuntimeError):
        return _flip(data, b"", numbers)
    return buffer.getvalue()


def _pdfs() -> list[bytes]:
    from pypdf import PdfReader, PdfWriter
    from pypdf.generic import DictionaryObject, NameObject, TextStringObject
    from reportlab.pdfgen.canvas import Canvas

    plain = []
    for compression in (0, 1):
        buffer = io.BytesIO()
        canvas = Canvas(buffer, pageCompression=compression)
        for page in range(2):
            canvas.bookmarkPage(f"p{page}")
            canvas.addOutlineEntry(f"Part {page}", f"p{page}", 0)
            for line in range(10):
                canvas.drawString(72, 700 - 14 * line, f"Line {line} of page {page}, about nothing at all.")
            canvas.showPage()
        canvas.save()
        plain.append(buffer.getvalue())
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(plain[1])))
    writer.add_attachment("note.txt", b"attached")
    script = {NameObject("/S"): NameObject("/JavaScript"), NameObject("/JS"): TextStringObject("app.alert(1)")}
    writer.root_object[NameObject("/OpenAction")] = DictionaryObject(script)
    carrying = io.BytesIO()
    writer.write(carrying)
    writer.encrypt(user_password="", owner_password="owner")  # noqa: S106 - a test document
    locked = io.BytesIO()
    writer.write(locked)
    return [*plain, carrying.getvalue(), locked.getvalue()]


def _docx() -> bytes:
    import docx

    document = docx.Document()
    document.add_heading("Title", level=1)
    document.add_paragraph("A paragraph.")
    document.add_table(rows=2, cols=2)
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def _images() -> list[Seed]:
    from PIL import Image, ImageDraw

    image = Image.new("RGB", (160, 60), "white")
    ImageDraw.Draw(image).text((5, 10), "Number 4711", fill="black", font_size=24)
    made = []
    for suffix, kind in ((".png", "PNG"), (".jpg", "JPEG"), (".tif", "TIFF"), (".gif", "GIF"), (".bmp", "BMP")):
        buffer = io.BytesIO()
        image.save(buffer, kind)
        made.append(Seed(suffix, buffer.getvalue()))
    return made
