"""Tests of how fresh each source is."""

from ingestion.worker import run_until_idle
from orchestration.freshness import source_freshness
from storage.stores import Stores
from tests.factories.accounts import make_organization
from tests.factories.knowledge import FAST, give, make_knowledge_base


class TestSourceFreshness:
    def test_one_entry_for_each_source_of_each_knowledge_base(self, stores: Stores) -> None:
        organization = make_organization(stores.owner)
        base = make_knowledge_base(stores.app, organization.id)
        addresses = ("file:policies/a.md", "file:policies/b/c.md", "upload:d.md", "https://docs.example.com/e/f.html")
        for number, address in enumerate(addresses):
            give(stores, base, f"Printer {number} costs {number} euros.", uri=address)
        run_until_idle(stores, organization_id=organization.id, settings=FAST)

        found = [row for row in source_freshness(stores) if row["organization"] == organization.slug]

        assert [(row["source"], row["documents"]) for row in found] == [
            ("file:policies", 2),
            ("https://docs.example.com", 1),
            ("uploads", 1),
        ]
        assert all(row["hours_ago"] == 0 and row["last_read_at"] for row in found)
