"""Office files as packages of XML parts: safe reading of parts, relations, properties, macros and links to outside."""

import posixpath
import re
import zipfile
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING
from urllib.parse import unquote

from ingestion.errors import ParseError
from ingestion.parsing.builder import DocumentBuilder
from ingestion.parsing.cleaning import clean_text
from ingestion.parsing.moments import moment
from storage.records.failure_type import FailureType
from storage.records.parsed_document import FindingKind

if TYPE_CHECKING:
    from lxml.etree import _Element

_STRICT = (
    (b"http://purl.oclc.org/ooxml/officeDocument/relationships", b"http://schemas.openxmlformats.org/officeDocument/2006/relationships"),
    (b"http://purl.oclc.org/ooxml/wordprocessingml/main", b"http://schemas.openxmlformats.org/wordprocessingml/2006/main"),
    (b"http://purl.oclc.org/ooxml/spreadsheetml/main", b"http://schemas.openxmlformats.org/spreadsheetml/2006/main"),
    (b"http://purl.oclc.org/ooxml/presentationml/main", b"http://schemas.openxmlformats.org/presentationml/2006/main"),
    (b"http://purl.oclc.org/ooxml/drawingml/", b"http://schemas.openxmlformats.org/drawingml/2006/"),
    (b"http://purl.oclc.org/ooxml/officeDocument/math", b"http://schemas.openxmlformats.org/officeDocument/2006/math"),
    (b"http://purl.oclc.org/ooxml/officeDocument/", b"http://schemas.openxmlformats.org/officeDocument/2006/"),
)  # fmt: skip
_RELATIONS = "{http://schemas.openxmlformats.org/package/2006/relationships}Relationship"
_PROPERTY = {
    "title": "title", "creator": "author", "subject": "subject", "keywords": "keywords", "category": "category",
    "language": "declared_language", "created": "created", "modified": "modified",
}  # fmt: skip
_HARMLESS = {"hyperlink"}  # a link that a reader may click is no content of its own
_EMBEDDED = re.compile(r"(?:^|/)embeddings/[^/]+$")
_MACROS = re.compile(r"(?:^|/)(?:vbaProject\.bin|macrosheets/[^/]+|activeX/[^/]+\.bin)$", re.IGNORECASE)
_MOST_TOLD = 20
_LONGEST = 500


@dataclass(frozen=True, slots=True)
class Relation:
    """A link from one part to another, or to somewhere outside."""

    kind: str
    target: str
    is_external: bool


@dataclass(slots=True)
class Properties:
    """What an office file says of itself."""

    title: str | None = None
    author: str | None = None
    created_at: datetime | None = None
    modified_at: datetime | None = None
    metadata: dict[str, str | int | bool] = field(default_factory=dict)


class OfficePackage:
    """A checked archive of an office file, opened for reading parts."""

    def __init__(self, path: Path, *, kind: str) -> None:
        self._archive = zipfile.ZipFile(path)
        self._kind = kind
        self.names = {name.lower(): name for name in self._archive.namelist()}

    def close(self) -> None:
        """Let go of the file."""
        self._archive.close()

    def has(self, name: str) -> bool:
        """Whether there is a part of a name; case does not count."""
        return name.lower() in self.names

    def read(self, name: str) -> bytes:
        """The bytes of a part."""
        return self._archive.read(self.names[name.lower()])

    def open(self, name: str) -> IO[bytes]:
        """A part as a stream."""
        return self._archive.open(self.names[name.lower()])

    def xml(self, name: str) -> "_Element | None":
        """A part's elements, in the namespaces of the usual form; None when the part is missing.

        Raises:
            ParseError: It is no XML.
        """
        from lxml import etree

        if not self.has(name):
            return None
        data = self.read(name)
        if b"purl.oclc.org/ooxml" in data[:20_000]:
            for strict, usual in _STRICT:
                data = data.replace(strict, usual)
        parser = etree.XMLParser(
            resolve_entities=False,
            no_network=True,
            huge_tree=False,
            load_dtd=False,
            remove_comments=True,
            recover=False,
        )
        try:
            return etree.fromstring(data, parser)
        except etree.XMLSyntaxError as error:
            raise self.damaged() from error

    def optional_xml(self, name: str) -> "_Element | None":
        """As `xml`, for a part that the text can do without: None when it is broken, too."""
        try:
            return self.xml(name)
        except ParseError:
            return None

    def relations(self, name: str) -> dict[str, Relation]:
        """The relations of a part, by their id; targets are names of parts."""
        folder, base = posixpath.split(name)
        root = self.optional_xml(posixpath.join(folder, "_rels", f"{base}.rels"))
        if root is None:
            return {}
        found: dict[str, Relation] = {}
        for entry in root.iter(_RELATIONS):
            target = entry.get("Target", "")
            is_external = entry.get("TargetMode") == "External"
            if not is_external:
                target = unquote(target)
                target = (
                    target.lstrip("/") if target.startswith("/") else posixpath.normpath(posixpath.join(folder, target))
                )
            found[entry.get("Id", "")] = Relation(posixpath.basename(entry.get("Type", "")), target, is_external)
        return found

    def main_part(self, usual: str) -> str:
        """The name of the part that the file is about."""
        for relation in self.relations("").values():
            if relation.kind == "officeDocument" and self.has(relation.target):
                return relation.target
        return usual

    def properties(self) -> Properties:
        """Title, author, dates and more, cleaned."""
        part = next((r.target for r in self.relations("").values() if r.kind == "core-properties"), "docProps/core.xml")
        root = self.optional_xml(part)
        named: dict[str, str] = {}
        for element in root if root is not None else ():
            name = _PROPERTY.get(element.tag.rsplit("}", 1)[-1] if isinstance(element.tag, str) else "")
            text = " ".join(clean_text(element.text or "").split())[:_LONGEST]
            if name and text:
                named[name] = text
        created, modified = moment(named.pop("created", None)), moment(named.pop("modified", None))
        return Properties(named.pop("title", None), named.pop("author", None), created, modified, dict(named))

    def tell(self, builder: DocumentBuilder) -> None:
        """Note macros, embedded files and content from outside, none of which is run, read or fetched."""
        if any(_MACROS.search(name) for name in self.names.values()):
            builder.find(FindingKind.ACTIVE_CONTENT, f"The {self._kind} holds macros; they are not run.", whole=True)
        told: set[tuple[str, str]] = set()
        drawn: set[str] = set()  # the numbers behind a chart, which is read itself
        for name in sorted(self.names.values()):
            if not name.endswith(".rels"):
                continue
            folder, base = posixpath.split(name)
            owner = posixpath.join(posixpath.dirname(folder), base.removesuffix(".rels"))
            for relation in self.relations(owner).values():
                if "/charts/" in owner:
                    drawn.add(relation.target)
                told_as = (relation.kind, relation.target)
                if relation.is_external and relation.kind not in _HARMLESS and told_as not in told:
                    told.add(told_as)
                    if len(told) <= _MOST_TOLD:
                        builder.find(
                            FindingKind.ACTIVE_CONTENT,
                            f"Content from outside ({relation.kind}), not fetched: {relation.target[:200]}",
                            whole=True,
                        )

        for name in sorted(self.names.values()):
            if _EMBEDDED.search(name) and name not in drawn:
                size = self._archive.getinfo(name).file_size
                detail = f"{posixpath.basename(name)} ({size:,} bytes), not read."
                builder.find(FindingKind.ATTACHMENT, detail, whole=True)

    def damaged(self) -> ParseError:
        """The error for a part that is missing or broken."""
        return ParseError(
            FailureType.DAMAGED,
            f"The {self._kind} is damaged: a part that it needs is missing or broken. Open it in the program that "
            "made it, save it again and upload the new copy.",
        )
