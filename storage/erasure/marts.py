"""Takes what is erased out of the warehouse at once, and has the next build make every model anew."""

import uuid
from collections.abc import Mapping, Sequence

from sqlalchemy import Engine, MetaData, Table, delete, inspect, or_, text

from storage.erasure.targets import Targets
from storage.postgres.warehouse import MARTS_SCHEMA, build_lock

_UNMARK = text("COMMENT ON SCHEMA analytics IS 'built before an erasure'")


def remove_from_marts(owner: Engine, organization_id: uuid.UUID, targets: Targets) -> dict[str, int]:
    """Delete rows of the targets from every mart; views in the other schemas hold nothing of their own.

    Sums over what is gone are right again after the next build: it is a full one.

    Returns:
        Counts by mart; empty where no warehouse was built yet.
    """
    ids: Mapping[str, Sequence[uuid.UUID]] = {
        "document_id": targets.document_ids,
        "document_version_id": targets.version_ids,
        "conversation_id": targets.conversation_ids,
    }
    counts: dict[str, int] = {}
    with owner.connect() as connection:
        if MARTS_SCHEMA not in inspect(connection).get_schema_names():
            return counts
    with build_lock(owner), owner.begin() as connection:
        for name in sorted(inspect(connection).get_table_names(schema=MARTS_SCHEMA)):
            table = Table(name, MetaData(), schema=MARTS_SCHEMA, autoload_with=connection, resolve_fks=False)
            belongs = [table.c[column].in_(found) for column, found in ids.items() if column in table.c and found]
            if not belongs or "organization_id" not in table.c:
                continue
            removed = connection.execute(delete(table).where(table.c.organization_id == organization_id, or_(*belongs)))
            if removed.rowcount:
                counts[f"{MARTS_SCHEMA}.{name}"] = removed.rowcount
        connection.execute(_UNMARK)
    return counts
