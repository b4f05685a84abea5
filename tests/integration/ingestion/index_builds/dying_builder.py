"""Run as a process of its own: builds an index version until `PIXEL_CRASH_AT` ends it without a word.

Arguments: organization, index version.
"""

import sys
import uuid

from ingestion.index_builds import build
from storage.settings import storage_settings
from storage.stores import open_stores
from tests.factories.knowledge import FAST


def main() -> None:
    organization_id, index_version_id = (uuid.UUID(argument) for argument in sys.argv[1:])
    build.DOCUMENTS_PER_BATCH = 2  # so that some documents are done before and some after
    build.build(open_stores(storage_settings()), organization_id, index_version_id, settings=FAST)


if __name__ == "__main__":
    main()
