"""Tests of e-mails."""

import base64
import quopri
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path

import pytest

from ingestion.errors import ParseError
from ingestion.parsing.eml import parse_eml
from storage.records.failure_type import FailureType
from storage.records.parsed_document import FindingKind, ParsedDocument
from tests.factories.documents import request_for

HEAD = "From: Anna <anna@example.com>\r\nTo: team@example.com\r\nSubject: Prices\r\nDate: Fri, 1 Mar 2024 10:00:00 +0000\r\n"


def read(tmp_path: Path, data: bytes) -> ParsedDocument:
    return parse_eml(request_for(tmp_path / "a.eml", data))


def message(text: str = "Hello.") -> EmailMessage:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "Änne <a@example.com>", "b@example.com", "Größe"
    mail.set_content(text)
    return mail


class TestParseEml:
    def test_head_and_body(self, tmp_path: Path) -> None:
        document = read(tmp_path, (HEAD + "X-Spam: no\r\n\r\nHello,\r\n\r\nprices rise.\r\n").encode())

        assert document.text == (
            "From: Anna <anna@example.com>\nTo: team@example.com\nSubject: Prices\n"
            "Date: Fri, 1 Mar 2024 10:00:00 +0000\n\nHello,\n\nprices rise."
        )
        assert (document.title, document.author) == ("Prices", "Anna <anna@example.com>")
        assert document.created_at == datetime(2024, 3, 1, 10, tzinfo=UTC)

    def test_encoded_headers_and_bodies(self, tmp_path: Path) -> None:
        document = read(tmp_path, message("Schöne Grüße").as_bytes())

        assert (document.title, document.author) == ("Größe", "Änne <a@example.com>")
        assert document.text.endswith("Schöne Grüße")

    @pytest.mark.parametrize(
        ("charset", "transfer"),
        [("koi8-r", "8bit"), ("koi8-r", "base64"), ("utf-8", "quoted-printable"), ("utf-16", "base64")],
    )
    def test_charsets_and_transfer_encodings(self, tmp_path: Path, charset: str, transfer: str) -> None:
        body = "Привет, мир".encode(charset)
        coded = {"base64": base64.b64encode(body), "quoted-printable": quopri.encodestring(body), "8bit": body}[
            transfer
        ]
        head = f"{HEAD}Content-Type: text/plain; charset={charset}\r\nContent-Transfer-Encoding: {transfer}\r\n\r\n"

        assert read(tmp_path, head.encode() + coded).text.endswith("Привет, мир")

    @pytest.mark.parametrize("charset", ["no-such-charset", "us-ascii", '"'])
    def test_a_wrong_charset_does_no_harm(self, tmp_path: Path, charset: str) -> None:
        data = f"{HEAD}Content-Type: text/plain; charset={charset}\r\n\r\n".encode() + "Größe und Länge".encode(
            "cp1252"
        )

        assert read(tmp_path, data).text.endswith("Größe und Länge")

    def test_the_page_is_read_when_there_is_no_plain_body(self, tmp_path: Path) -> None:
        mail = message()
        mail.set_content(
            "<table><tr><td><p>Seen <b>words</b></p></td></tr></table><p style='display:none'>preview</p>",
            subtype="html",
        )

        document = read(tmp_path, mail.as_bytes())

        assert document.text.endswith("Seen words")
        assert [finding.kind for finding in document.findings] == [FindingKind.HIDDEN_TEXT]

    def test_the_plain_body_is_taken_when_both_say_the_same(self, tmp_path: Path) -> None:
        mail = message("The plain body.")
        mail.add_alternative("<p>The other body.</p>", subtype="html")

        text = read(tmp_path, mail.as_bytes()).text

        assert "The plain body." in text
        assert "other" not in text

    def test_a_plain_body_that_only_points_to_the_page_is_not(self, tmp_path: Path) -> None:
        mail = message("See HTML.")
        mail.add_alternative("<p>" + "real words " * 30 + "</p>", subtype="html")

        assert "real words" in read(tmp_path, mail.as_bytes()).text

    def test_attachments_are_named_and_not_read(self, tmp_path: Path) -> None:
        mail = message()
        mail.add_attachment(b"secret content", maintype="application", subtype="pdf", filename="Preisliste März.pdf")

        document = read(tmp_path, mail.as_bytes())

        (finding,) = document.findings
        assert (finding.kind, finding.detail) == (
            FindingKind.ATTACHMENT,
            "Preisliste März.pdf (application/pdf, 14 bytes), not read.",
        )
        assert "secret" not in document.text

    def test_messages_inside(self, tmp_path: Path) -> None:
        outer = message("Please see below.")
        outer.add_attachment(message("The inner words."))

        text = read(tmp_path, outer.as_bytes()).text

        assert text.index("Please see below.") < text.index("Forwarded message:") < text.index("The inner words.")

    def test_quoted_history_keeps_its_marks(self, tmp_path: Path) -> None:
        body = "I agree.\r\nBest\r\n> On Monday you wrote\r\n> prices fall\r\nreally?\r\n"

        document = read(tmp_path, (HEAD + "\r\n" + body).encode())

        texts = [document.text[block.char_start : block.char_end] for block in document.blocks]
        assert texts[1:] == ["I agree.\nBest", "> On Monday you wrote\n> prices fall", "really?"]

    def test_broken_headers_survive(self, tmp_path: Path) -> None:
        data = b"From: \xe4nne@example.com\nSubject: =?utf-8?b?!!!?= =?no-such?q?x?=\nDate: yesterday\nbroken line\n\nBody text."

        document = read(tmp_path, data)

        assert "Body text." in document.text
        assert document.created_at is None

    def test_parts_inside_parts_without_end(self, tmp_path: Path) -> None:
        data = HEAD + "".join(f'Content-Type: multipart/mixed; boundary="{n}"\r\n\r\n--{n}\r\n' for n in range(3_000))

        with pytest.raises(ParseError) as caught:
            read(tmp_path, data.encode())

        assert caught.value.failure_type is FailureType.DAMAGED

    def test_encrypted(self, tmp_path: Path) -> None:
        data = f"{HEAD}Content-Type: application/pkcs7-mime; smime-type=enveloped-data\r\n\r\nAAAA".encode()

        with pytest.raises(ParseError) as caught:
            read(tmp_path, data)

        assert caught.value.failure_type is FailureType.ENCRYPTED
