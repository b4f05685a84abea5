"""Question sets with what answers them: SciFact (train judgements only) and XQuAD in four languages."""

import csv
import json
from dataclasses import dataclass

from benchmarks.shared_data import data_folder
from ingestion.chunking.registry import make_chunker
from ingestion.embedding.embedder import default_embedder
from ingestion.embedding.text import embedding_text
from ingestion.language.identification import identify_prose
from storage.records.parsed_document import Block, BlockKind, ParsedDocument

LANGUAGES = ("en", "de", "es", "zh")
_MOST_TOKENS, _OVERLAP_TOKENS = 200, 30  # the product's default


@dataclass(frozen=True)
class JudgedSet:
    """Documents cut by the product's default chunker, and questions with the documents that answer them.

    `documents` are whole texts; `passages` what is embedded and indexed, `owners` the document of each; `relevant` maps a
    question's number to the numbers of its documents.
    """

    name: str
    documents: tuple[str, ...]
    passages: tuple[str, ...]
    owners: tuple[int, ...]
    languages: tuple[str | None, ...]
    questions: tuple[str, ...]
    relevant: tuple[frozenset[int], ...]


def scifact() -> JudgedSet:
    """SciFact: 5,183 abstracts, 809 claims with train judgements (the test judgements are kept by whoever judges us)."""
    folder = data_folder("scifact")
    rows = [json.loads(line) for line in (folder / "corpus.jsonl").read_text().splitlines()]
    numbers = {row["_id"]: number for number, row in enumerate(rows)}
    claims = {row["_id"]: row["text"] for row in map(json.loads, (folder / "queries.jsonl").read_text().splitlines())}
    judged: dict[str, set[int]] = {}
    with (folder / "qrels" / "train.tsv").open() as lines:
        for row in csv.DictReader(lines, delimiter="\t"):
            if int(row["score"]) > 0:
                judged.setdefault(row["query-id"], set()).add(numbers[row["corpus-id"]])
    documents = [_titled(row["title"], row["text"]) for row in rows]
    return _cut("scifact", documents, [claims[key] for key in judged], [frozenset(found) for found in judged.values()])


def xquad(language: str) -> JudgedSet:
    """XQuAD: 240 paragraphs, 1,190 questions, each answered by one paragraph."""
    folder = data_folder("xquad")
    documents: list[ParsedDocument] = []
    questions: list[str] = []
    relevant: list[frozenset[int]] = []
    for article in json.loads((folder / f"xquad.{language}.json").read_text())["data"]:
        for paragraph in article["paragraphs"]:
            for asked in paragraph["qas"]:
                questions.append(asked["question"])
                relevant.append(frozenset({len(documents)}))
            text = paragraph["context"]
            block = Block(kind=BlockKind.PARAGRAPH, char_start=0, char_end=len(text))
            documents.append(ParsedDocument(text=text, blocks=(block,)))
    return _cut(f"xquad {language}", documents, questions, relevant)


def _titled(title: str, text: str) -> ParsedDocument:
    whole = f"{title}\n\n{text}"
    heading = Block(kind=BlockKind.HEADING, char_start=0, char_end=len(title))
    body = Block(kind=BlockKind.PARAGRAPH, char_start=len(title) + 2, char_end=len(whole), heading_path=(title,))
    return ParsedDocument(text=whole, blocks=(heading, body))


def _cut(name: str, documents: list[ParsedDocument], questions: list[str], relevant: list[frozenset[int]]) -> JudgedSet:
    embedder = default_embedder()
    chunker = make_chunker("headings", embedder, most_tokens=_MOST_TOKENS, overlap_tokens=_OVERLAP_TOKENS)
    passages, owners = [], []
    for number, document in enumerate(documents):
        for draft in chunker.chunk(document):
            passages.append(
                embedding_text(
                    draft.heading_path, draft.text, count_tokens=embedder.count_tokens, room=embedder.max_tokens
                )
            )
            owners.append(number)
    return JudgedSet(
        name=name,
        documents=tuple(document.text for document in documents),
        passages=tuple(passages),
        owners=tuple(owners),
        # As ingestion does: a passage too short to tell has its document's language.
        languages=tuple(
            identify_prose(passage) or identify_prose(documents[owner].text)
            for passage, owner in zip(passages, owners, strict=True)
        ),
        questions=tuple(questions),
        relevant=tuple(relevant),
    )
