"""E-mails: a short head, the best body, quoted history marked; attachments are named, not read.

Broken headers, charsets and transfer encodings are read as well as they allow.
"""

import contextlib
import email
import email.policy
import re
from collections.abc import Iterator
from datetime import datetime
from email.header import decode_header
from email.message import Message
from email.utils import parsedate_to_datetime
from typing import NamedTuple

from ingestion.errors import ParseError
from ingestion.parsing.builder import DocumentBuilder
from ingestion.parsing.cleaning import clean_text
from ingestion.parsing.detect import MediaType
from ingestion.parsing.eml_body import write_plain
from ingestion.parsing.encoding import decode, wide_without_mark
from ingestion.parsing.html import page_tree, write_page
from ingestion.parsing.moments import moment
from ingestion.parsing.request import ParseRequest
from storage.records.failure_type import FailureType
from storage.records.parsed_document import BlockKind, FindingKind, ParsedDocument

_HEAD = ("From", "To", "Cc", "Subject", "Date")
_MOST_ADDRESSES = 2_000
_MOST_PARTS = 2_000
_DEEPEST = 5
_WIDE_MARKS = (b"\xff\xfe", b"\xfe\xff")
_ENCODED_WORD = re.compile(r"=\?[^?]+\?[bBqQ]\?[^?]*\?=")
_ENCRYPTED = {"application/pkcs7-mime", "application/x-pkcs7-mime", "multipart/encrypted"}
_SIGNATURES = {"application/pkcs7-signature", "application/x-pkcs7-signature", "application/pgp-signature"}


class _Attachment(NamedTuple):
    name: str
    media_type: str
    size: int


def parse_eml(request: ParseRequest) -> ParsedDocument:
    """Read an e-mail.

    Raises:
        ParseError: Without text, encrypted or too long.
    """
    try:
        message = email.message_from_bytes(_narrow(request.path.read_bytes()), policy=email.policy.compat32)
    except RecursionError as error:
        raise ParseError(
            FailureType.DAMAGED, "The e-mail has parts inside parts without end, as no mail program writes them."
        ) from error
    builder = DocumentBuilder()
    _write(builder, message, limit=request.limits.max_text_characters, depth=0)
    if not builder.text.strip():
        raise ParseError(FailureType.EMPTY, "The e-mail has neither a header nor a body with text.")
    return ParsedDocument(
        text=builder.text,
        blocks=tuple(builder.blocks),
        findings=tuple(builder.findings),
        title=_header(message, "Subject") or None,
        author=_header(message, "From") or None,
        created_at=_date(message),
        media_type=MediaType.EML,
        metadata=_metadata(message),
    )


def _narrow(data: bytes) -> bytes:
    """A message whose whole file was saved as UTF-16 or UTF-32, in UTF-8."""
    if data.startswith(_WIDE_MARKS) or wide_without_mark(data):
        return decode(data)[0].encode("utf-8")
    return data.removeprefix(b"\xef\xbb\xbf").lstrip(b"\r\n")


def _write(builder: DocumentBuilder, message: Message, *, limit: int, depth: int) -> None:
    lines = [f"{name}: {value}" for name in _HEAD if (value := _header(message, name))]
    builder.add_clean(BlockKind.PARAGRAPH, "\n".join(lines))
    if message.get_content_type() in _ENCRYPTED and "signed" not in str(message.get_param("smime-type", "")):
        if depth == 0:
            raise ParseError(
                FailureType.ENCRYPTED, "The e-mail is encrypted. Open it in your mail program and save a readable copy."
            )
        return
    plain, page, attachments, inner = _parts(message)
    _write_body(builder, plain, page, limit)
    builder.check_length(limit)
    for attachment in attachments:
        builder.find(
            FindingKind.ATTACHMENT, f"{attachment.name} ({attachment.media_type}, {attachment.size:,} bytes), not read."
        )
    for nested in inner:
        if depth >= _DEEPEST:
            builder.find(FindingKind.TRUNCATED, f"Messages inside messages are read {_DEEPEST} deep.")
            break
        builder.add_clean(BlockKind.PARAGRAPH, "Forwarded message:")
        _write(builder, nested, limit=limit, depth=depth + 1)


def _write_body(builder: DocumentBuilder, plain: list[str], page: list[str], limit: int) -> None:
    """The plain body, unless it only points to the other one."""
    roots = [root for root, _ in map(page_tree, page) if root is not None]
    as_page = sum(len("".join(root.itertext()).split()) for root in roots)
    as_plain = sum(len(text.split()) for text in plain)
    if roots and (not as_plain or as_page > 5 * as_plain + 20):
        for root in roots:
            write_page(builder, root, limit=limit)
        return
    for text in plain:
        write_plain(builder, text)


def _parts(message: Message) -> tuple[list[str], list[str], list[_Attachment], list[Message]]:
    plain: list[str] = []
    page: list[str] = []
    attachments: list[_Attachment] = []
    inner: list[Message] = []
    for count, part in enumerate(_leaves(message)):
        if count >= _MOST_PARTS:
            break
        kind = part.get_content_type()
        is_attached = part.get_content_disposition() == "attachment" or bool(part.get_filename())
        if kind == "message/rfc822" and part.is_multipart():
            inner += [nested for nested in part.get_payload() if isinstance(nested, Message)]
        elif is_attached or not kind.startswith("text/") or kind not in ("text/plain", "text/html"):
            if kind not in _SIGNATURES and _content(part):
                attachments.append(_Attachment(_file_name(part, count), kind, len(_content(part))))
        elif text := _text(part):
            (page if kind == "text/html" else plain).append(text)
    return plain, page, attachments, inner


def _leaves(message: Message) -> Iterator[Message]:
    """Parts without parts of their own; messages inside count as one."""
    stack = [message]
    while stack:
        part = stack.pop()
        payload = part.get_payload()
        if isinstance(payload, list) and part.get_content_type() != "message/rfc822":
            stack += [inner for inner in reversed(payload) if isinstance(inner, Message)]
        else:
            yield part


def _content(part: Message) -> bytes:
    try:
        content = part.get_payload(decode=True)
    except (ValueError, AssertionError, LookupError):
        content = None
    return content if isinstance(content, bytes) else b""


def _text(part: Message) -> str:
    data = _content(part)
    charset = str(part.get_param("charset", "") or "")
    text, _ = decode(data, declared=charset or None)
    if charset.lower().replace("_", "-") in ("utf-16", "utf-16le", "utf-16be", "utf-16-le", "utf-16-be", "utf-7"):
        with contextlib.suppress(UnicodeDecodeError, LookupError):  # it may say so and not be
            text = data.decode(charset)
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", " ")


def _file_name(part: Message, count: int) -> str:
    name = part.get_filename()
    return _decoded(name)[:200] if name else f"part {count + 1} without a name"


def _header(message: Message, name: str) -> str:
    try:
        values = message.get_all(name, [])
    except (ValueError, IndexError):
        return ""
    return ", ".join(filter(None, (_decoded(str(value)) for value in values)))[:_MOST_ADDRESSES]


def _decoded(value: str) -> str:
    """A header's text: encoded words decoded, raw bytes beyond ASCII as well as they can be."""
    if _ENCODED_WORD.search(value):
        try:
            pieces = [
                piece if isinstance(piece, str) else _piece(piece, charset) for piece, charset in decode_header(value)
            ]
            value = "".join(pieces)
        except (ValueError, LookupError):
            pass  # a header that breaks the rules stays as it is
    raw = value.encode("utf-8", errors="surrogateescape")
    return " ".join(clean_text(decode(raw)[0]).split())


def _piece(piece: bytes, charset: str | None) -> str:
    try:
        return piece.decode(charset or "ascii")
    except (UnicodeDecodeError, LookupError):
        return decode(piece, declared=charset)[0]


def _date(message: Message) -> datetime | None:
    text = _header(message, "Date")
    try:
        found = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return moment(text)
    return found if found.tzinfo else moment(found.isoformat())


def _metadata(message: Message) -> dict[str, str | int | bool]:
    named = {"message_id": _header(message, "Message-ID"), "in_reply_to": _header(message, "In-Reply-To")}
    return {name: value[:500] for name, value in named.items() if value}
