"""Tests of finding documents that say the same."""

import random

from ingestion.duplicates import find_duplicates
from ingestion.intake import tombstone
from ingestion.worker import run_until_idle
from storage.postgres.models.knowledge_base import KnowledgeBase
from storage.postgres.session import organization_session
from storage.stores import Stores
from tests.factories.knowledge import FAST, give

WORDS = [f"word{number}" for number in range(300)]


def essay(seed: int) -> str:
    return " ".join(random.Random(seed).choices(WORDS, k=400))  # noqa: S311 - no secret


def found(stores: Stores, base: KnowledgeBase) -> list[tuple[str, str, bool]]:
    with organization_session(stores.app, base.organization_id) as session:
        return [(d.document_name, d.other_name, d.is_exact) for d in find_duplicates(session, base.id)]


class TestFindDuplicates:
    def test_exact_ones_then_near_ones_and_nothing_else(self, stores: Stores, knowledge_base: KnowledgeBase) -> None:
        texts = {"a": essay(1), "b": essay(1), "c": essay(1) + " and one more line", "d": essay(2)}
        accepted = {name: give(stores, knowledge_base, text, uri=f"file:x/{name}.md") for name, text in texts.items()}
        run_until_idle(stores, organization_id=knowledge_base.organization_id, settings=FAST)

        assert found(stores, knowledge_base) == [("a.md", "b.md", True), ("a.md", "c.md", False)]

        tombstone(stores, knowledge_base.organization_id, accepted["a"].document_id)
        assert found(stores, knowledge_base) == [("b.md", "c.md", False)]

    def test_an_empty_knowledge_base(self, stores: Stores, knowledge_base: KnowledgeBase) -> None:
        assert found(stores, knowledge_base) == []
