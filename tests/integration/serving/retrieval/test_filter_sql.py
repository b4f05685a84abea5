"""What PostgreSQL makes of a filter, against a plain reading of it in Python."""

import asyncio

from benchmarks.retrieval import filters
from benchmarks.retrieval.installation import Installation
from storage.settings import StorageSettings
from storage.stores import Stores
from tests.factories.accounts import make_organization
from tests.factories.knowledge import make_knowledge_base


class TestAgainstPlainPython:
    def test_hostile_values_neither_broaden_nor_narrow(self, settings: StorageSettings, stores: Stores) -> None:
        organization = make_organization(stores.owner)
        base = make_knowledge_base(stores.app, organization.id)
        place = Installation(settings, stores, organization.id, base.id)
        facts = filters.make_documents(place)
        broadened, narrowed, asked, refused = asyncio.run(filters.compare(place, facts, cases=3000))
        assert (broadened, narrowed) == (0, 0)
        assert asked >= 3000
        assert refused > 0
