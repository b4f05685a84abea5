"""Run as a process of its own: carries out one erasure, until `PIXEL_CRASH_AT` ends it without a word.

Argument: the organization.
"""

import sys
import uuid

from ingestion.erasing import run_next
from storage.settings import storage_settings
from storage.stores import open_stores
from tests.factories.knowledge import FAST


def main() -> None:
    run_next(open_stores(storage_settings()), "dying", settings=FAST, organization_id=uuid.UUID(sys.argv[1]))


if __name__ == "__main__":
    main()
