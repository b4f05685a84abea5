"""50,000 hostile filter values: none may let through a document that a plain reading of the filter would not."""

import asyncio
import random
import uuid
from collections.abc import Iterator
from typing import Any

from pydantic import ValidationError

from benchmarks.figure import figure
from benchmarks.retrieval.filter_oracle import Facts, passes
from benchmarks.retrieval.installation import Installation, load
from ingestion.embedding.embedder import default_embedder
from serving.retrieval import repository
from serving.retrieval.filters import Condition, Filter
from storage.postgres.engine import app_async_engine
from storage.postgres.models.document import Document
from storage.postgres.models.document_version import DocumentVersion
from storage.postgres.session import async_organization_session, organization_session

CASES = 50_000
DOCUMENTS = 40
HOSTILE = (
    "' OR '1'='1", "x') OR true --", '"; DROP TABLE documents; --', "%", "_", "\\", "\\'", "''", "$1", ":value", "{}", "[]", "null",
    "true", "NULL", "*", "a' UNION SELECT NULL --", "\u2028", "\u202e", "ﬀ", "Ａ", "İ", "ß", "🦆", "\t", "\n", " ", "",
    "0", "1e400", "-1", "1=1", "current_setting('pixel.organization_id')", "{{7*7}}", "${x}", "../..", "<script>", "ZZZ", "a" * 900,
)  # fmt: skip
FIELDS = ("name", "title", "author", "language", "tags", "page_count", "byte_size", "modified_at", "metadata.team",
          "metadata.level", "metadata.secret", "metadata.' OR 1=1 --", "metadata.a.b", "metadata.$.x")  # fmt: skip
OPERATORS = ("equals", "not_equals", "in", "not_in", "less", "at_most", "greater", "at_least", "contains", "exists")


def measure(place: Installation) -> Iterator[dict[str, Any]]:
    """Make documents with hostile values, ask with hostile values, compare with plain Python."""
    facts = make_documents(place)
    broadened, narrowed, asked, refused = asyncio.run(compare(place, facts))
    yield figure(
        "hostile filters: broadened results", broadened, "", at_most=0, cases=asked, refused_as_malformed=refused
    )
    yield figure("hostile filters: narrowed results", narrowed, "", at_most=0, cases=asked)


def make_documents(place: Installation) -> dict[uuid.UUID, Facts]:
    """The facts of each document, by its current version."""
    chance = random.Random(11)  # noqa: S311 - a seed, not a secret
    texts = [f"document {number}" for number in range(DOCUMENTS)]
    vectors = default_embedder().embed(texts)
    found: dict[uuid.UUID, Facts] = {}
    load(place, texts, vectors, name="filters", per_document=1)
    with organization_session(place.stores.app, place.organization_id) as session:
        rows = session.query(Document, DocumentVersion).join(
            DocumentVersion, DocumentVersion.id == Document.current_version_id
        )
        for document, version in rows.where(Document.name.like("filters%")):
            document.name = f"{chance.choice(HOSTILE)[:400]}{document.name}"
            document.tags = chance.sample(HOSTILE, chance.randint(0, 3))
            document.custom_metadata = {
                name: chance.choice((*HOSTILE, 1, 2.5, 0, True, False, None, "1", -7, 1e20))
                for name in chance.sample(
                    ("team", "level", "secret", "' OR 1=1 --", "a.b", "$.x"), chance.randint(0, 6)
                )
            }
            version.title = chance.choice((None, *HOSTILE))
            version.author = chance.choice((None, "a", *HOSTILE[:5]))
            version.page_count = chance.choice((None, 0, 1, 7))
            found[version.id] = {
                "name": document.name, "tags": list(document.tags), "metadata": dict(document.custom_metadata),
                "title": version.title, "author": version.author, "language": version.language,
                "page_count": version.page_count, "byte_size": version.byte_size, "modified_at": None,
            }  # fmt: skip
    return found


async def compare(
    place: Installation, facts: dict[uuid.UUID, Facts], *, cases: int = CASES
) -> tuple[int, int, int, int]:
    """How many documents too many and too few came back over all filters; filters asked and refused."""
    chance = random.Random(13)  # noqa: S311 - a seed, not a secret
    engine = app_async_engine(place.settings)
    broadened = narrowed = asked = refused = 0
    try:
        while asked < cases:
            async with async_organization_session(engine, place.organization_id) as session:
                for _ in range(500):
                    wanted = _filter(chance)
                    if wanted is None:
                        refused += 1
                        continue
                    asked += 1
                    rows = await repository.passing_versions(session, [place.knowledge_base_id], wanted, limit=10_000)
                    got = set(rows) & set(facts)
                    expected = {key for key, row in facts.items() if passes(wanted, row)}
                    broadened += len(got - expected)
                    narrowed += len(expected - got)
    finally:
        await engine.dispose()
    return broadened, narrowed, asked, refused


def _filter(chance: random.Random) -> Filter | None:
    """A random filter; None where the values are refused before they reach the database."""
    parts: dict[str, list[Condition]] = {"all": [], "any": [], "none": []}
    try:
        for _ in range(chance.randint(1, 3)):
            parts[chance.choice(("all", "all", "any", "none"))].append(_condition(chance))
        return Filter.model_validate(parts)
    except ValidationError:
        return None


def _condition(chance: random.Random) -> Condition:
    operator = chance.choice(OPERATORS)
    values: tuple[Any, ...] = (*HOSTILE, 1, 2.5, 0, True, False, "1", -7, "2026-01-01", 10**30)
    value: Any = chance.choice(values)
    if operator in ("in", "not_in"):
        value = tuple(chance.choice(values) for _ in range(chance.randint(0, 4)))
    elif operator == "exists":
        value = chance.choice((True, False))
    return Condition.model_validate({"field": chance.choice(FIELDS), "operator": operator, "value": value})
