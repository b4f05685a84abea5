"""Run as a process of its own: gives one document and works, until `PIXEL_CRASH_AT` ends it without a word.

Arguments: organization, knowledge base, source address, text.
"""

import sys
import uuid

from ingestion.intake import accept
from ingestion.worker import run_until_idle
from storage.settings import storage_settings
from storage.stores import open_stores


def main() -> None:
    organization_id, knowledge_base_id, uri, text = sys.argv[1:]
    stores = open_stores(storage_settings())
    accept(
        stores,
        organization_id=uuid.UUID(organization_id),
        knowledge_base_id=uuid.UUID(knowledge_base_id),
        source_uri=uri,
        name="a.md",
        data=text.encode(),
    )
    run_until_idle(stores, organization_id=uuid.UUID(organization_id))


if __name__ == "__main__":
    main()
