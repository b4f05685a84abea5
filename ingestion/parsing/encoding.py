"""Which encoding a text is in: what it says of itself, UTF-8, then a guess by how letters stand together."""

import codecs
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from ingestion.errors import ParseError
from storage.records.failure_type import FailureType

# Longest first: the UTF-32 mark starts with the UTF-16 one.
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_SAMPLE_BYTES = 4096
_BLOCK_BYTES = 1 << 20
_DETECTED_BYTES = 200_000
_HIGH_RUN = re.compile(rb"[\x80-\xff]+")
_HIGH_BYTE = re.compile(rb"[\x80-\xff]")
_ASCII_LETTER = re.compile(rb"[A-Za-z]")
_JAPANESE_ESCAPE = re.compile(rb"\x1b\$[@B]|\x1b\([IJ]")
_LATIN = ("cp1252", "cp1250", "iso8859-2", "cp1254")
_OTHER = (
    "cp1251", "koi8-r", "koi8-u", "cp866", "iso8859-5", "cp1253", "cp1255", "cp1256",
    "cp932", "euc-jp", "gb18030", "big5", "cp949",
)  # fmt: skip
_LEAST_LATIN_EVIDENCE = 3  # so many letters beyond ASCII before anything but Windows-1252 is believed
_LEAST_LEAD = 1.25
# Signs that stand beside letters only when the encoding is wrong, as in "wolno³æ".
_SPLIT_WORD = re.compile(r"[^\W\d_][¡¢¤¥¦¨©ª«¬®¯±²³´¶·¸¹»¼½¾¿×÷][a-zà-ÿ]|[a-z]±(?=\s)|(?<!\d)[¼¾][a-z]")
_C1 = re.compile(r"[\x80-\x9f]")
_CJK_STARTS = "\u2e80"
_MOST_NEIGHBOURS = 0.5


class FileEncoding(NamedTuple):
    """A codec's name, what to do with bytes that do not fit it, and how many bytes of a mark to skip."""

    name: str
    errors: str
    skip: int


def decode(data: bytes, *, declared: str | None = None) -> tuple[str, str]:
    """Decode text of an unknown encoding.

    Marks at the start come first, then UTF-16 and UTF-32 by their zero bytes, then UTF-8, then what the document
    declares, then a guess; Windows-1252 when nothing else fits.

    Args:
        data: The bytes.
        declared: Encoding that the document says it has, for example in a `<meta charset>`.

    Returns:
        The text, and the name of the encoding.

    Raises:
        ParseError: It is marked as an encoding that it is not in.
    """
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _strict(data[len(mark) :], encoding), encoding
    unmarked = wide_without_mark(data)
    if unmarked:
        return _strict(data, unmarked), unmarked
    if _JAPANESE_ESCAPE.search(data) and (text := _tried(data, "iso2022_jp")):
        return text, "iso-2022-jp"
    if (text := _tried(data, "utf-8")) is not None:
        return text, "utf-8"
    if declared and (known := _known(declared)) and (text := _tried(data, known)) is not None:
        return text, known
    sample = _telling(data)
    if _nearly_utf8(sample):
        return data.decode("utf-8", errors="replace"), "utf-8"
    encoding = _guess(sample)
    return data.decode(encoding, errors="replace"), encoding


def encoding_of_file(path: Path) -> FileEncoding:
    """As `decode`, for a file that is too long to hold: the same questions in the same order, block by block.

    Args:
        path: The file.

    Returns:
        How to decode it.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(_SAMPLE_BYTES)
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            return FileEncoding(encoding, "replace" if encoding == "utf-8" else "strict", len(mark))
    if unmarked := wide_without_mark(head, size=size):
        return FileEncoding(unmarked, "strict", 0)
    has_escape = any(_JAPANESE_ESCAPE.search(block) for block in _blocks(path))
    if has_escape and _decodes(path, "iso2022_jp"):
        return FileEncoding("iso-2022-jp", "strict", 0)
    if _decodes(path, "utf-8"):
        return FileEncoding("utf-8", "strict", 0)
    sample = _telling(next(block for block in _blocks(path) if _HIGH_BYTE.search(block)))
    name = "utf-8" if _nearly_utf8(sample) else _guess(sample)
    return FileEncoding(name, "replace", 0)


def _blocks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while block := file.read(_BLOCK_BYTES):
            yield block


def _decodes(path: Path, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        for block in _blocks(path):
            decoder.decode(block)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def wide_without_mark(data: bytes, *, size: int | None = None) -> str | None:
    """UTF-16 or UTF-32 without a mark: mostly Latin text shows zeros at fixed places.

    Args:
        data: The text, or its beginning.
        size: How long the whole is, where this is its beginning.
    """
    size = len(data) if size is None else size
    sample = data[: _SAMPLE_BYTES - _SAMPLE_BYTES % 4]
    zeros = [sample[place::4].count(0) for place in range(4)]
    quarter = len(sample) // 4
    if quarter and size % 4 == 0:
        if not zeros[0] and zeros[2] == zeros[3] == quarter:
            return "utf-32-le"
        if not zeros[3] and zeros[0] == zeros[1] == quarter:
            return "utf-32-be"
    if len(sample) < 4 or size % 2:
        return None
    half = len(sample) // 2
    if sample[1::2].count(0) > 0.7 * half and not sample[0::2].count(0):
        return "utf-16-le"
    if sample[0::2].count(0) > 0.7 * half and not sample[1::2].count(0):
        return "utf-16-be"
    return None


def _strict(data: bytes, encoding: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        if encoding == "utf-8":
            return data.decode(encoding, errors="replace")  # the mark is right; some bytes are broken
        raise ParseError(
            FailureType.DAMAGED,
            f"The file is marked as {encoding.upper()} text, but it is cut off or damaged at byte {error.start}."
            " Save it again as UTF-8.",
        ) from error


def _tried(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except (UnicodeDecodeError, LookupError):
        return None


def _known(name: str) -> str | None:
    """The codec of a declared name, as browsers read it: Latin-1 means Windows-1252."""
    try:
        found = codecs.lookup(name.strip().strip("\"'")).name
    except (LookupError, ValueError):
        return None
    if found.startswith("utf"):
        return None  # it is not valid UTF-8, so the declaration is wrong
    widened = {"iso8859-1": "cp1252", "ascii": "cp1252", "gb2312": "gb18030", "gbk": "gb18030", "euc_kr": "cp949"}
    return widened.get(found, "cp932" if found == "shift_jis" else found)


def _telling(data: bytes) -> bytes:
    """A part of the text that tells its encoding: from the line where the first character beyond ASCII stands."""
    first = _HIGH_BYTE.search(data)
    start = data.rfind(b"\n", 0, first.start()) + 1 if first else 0
    start = max(start, first.start() - _SAMPLE_BYTES) if first else 0
    return data[start : start + _DETECTED_BYTES]


def _nearly_utf8(data: bytes) -> bool:
    """Whether it is UTF-8 with a few broken bytes: most sequences beyond ASCII are well formed."""
    text = data.decode("utf-8", errors="replace")
    broken = text.count("\ufffd")
    good = sum(1 for character in text if character > "\x7f" and character != "\ufffd")
    return good > 20 * broken


def _guess(data: bytes) -> str:
    runs = _HIGH_RUN.findall(data)
    high = sum(len(run) for run in runs)
    letters = len(_ASCII_LETTER.findall(data))
    if high > 0.35 * (high + letters) or max(map(len, runs), default=0) >= 4:
        found = _detected(data, _OTHER)
        if found and (text := _tried(data, found[0][0])) is not None and _hangs_together(text):
            return found[0][0]
    found = _detected(data, _LATIN)
    scores = dict(found)
    western = max(scores.get("cp1252", 0.0), 1e-6)
    split = bool(_SPLIT_WORD.search(data.decode("cp1252", errors="replace")))
    for encoding, score in found:
        if encoding == "cp1252":
            break
        text = data.decode(encoding, errors="replace")
        if _C1.search(text):
            continue
        letters = sum(1 for character in text if character > "\x7f" and character.isalpha())
        if split or (letters >= _LEAST_LATIN_EVIDENCE and score > _LEAST_LEAD * western):
            return encoding
    return "cp1252"


def _detected(data: bytes, encodings: tuple[str, ...]) -> list[tuple[str, float]]:
    import chardet

    found = chardet.detect_all(data, ignore_threshold=True, include_encodings=encodings, no_match_encoding=encodings[0])
    named = ((codecs.lookup(result["encoding"]).name, result["confidence"]) for result in found if result["encoding"])
    return [(name, score) for name, score in named if name.replace("_", "-") in encodings]


def _hangs_together(text: str) -> bool:
    """Whether what is beyond ASCII makes words of its own: a wrong guess gives signs, or letters inside Latin words."""
    beyond = [place for place, character in enumerate(text) if character > "\x7f"]
    letters = [place for place in beyond if text[place].isalpha()]
    neighbours = 0
    for place in letters:
        beside = text[max(0, place - 1) : place] + text[place + 1 : place + 2]
        is_cjk = text[place] >= _CJK_STARTS  # digits and Latin names stand right beside these
        neighbours += sum(1 for c in beside if c.isascii() and (c.isalpha() or (c.isdigit() and not is_cjk)))
    return len(letters) > 0.6 * len(beyond) and neighbours <= _MOST_NEIGHBOURS * len(letters)
