"""A real database that refuses what a test names, as it does when it fails over, deadlocks or is full."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine

# Codes of PostgreSQL: one that a client may wait out, and one that it may not.
COMES_BACK = "57P01"
STAYS_WRONG = "23514"


@contextmanager
def refused_writes(
    owner: Engine, table: str, event: str, condition: str, *, code: str, times: int = 1_000_000
) -> Iterator[None]:
    """While the block runs, the first writes that meet a condition are refused.

    Args:
        owner: Engine of the owner.
        table: Which table.
        event: `INSERT` or `UPDATE`.
        condition: On `NEW`, in SQL.
        code: The SQLSTATE that is raised.
        times: How many.
    """
    name = f"refuse_{uuid.uuid4().hex[:10]}"
    with owner.begin() as connection:
        # A sequence counts on though the transaction is rolled back.
        connection.exec_driver_sql(f"CREATE SEQUENCE {name}")
        connection.exec_driver_sql(
            f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN "
            f"IF nextval('{name}') <= {times} THEN RAISE EXCEPTION 'refused by a test' USING ERRCODE = '{code}'; END IF; "
            f"RETURN NEW; END $$"
        )
        connection.exec_driver_sql(
            f"CREATE TRIGGER {name} BEFORE {event} ON {table} FOR EACH ROW WHEN ({condition}) EXECUTE FUNCTION {name}()"
        )
    try:
        yield
    finally:
        with owner.begin() as connection:
            connection.exec_driver_sql(f"DROP TRIGGER {name} ON {table}")
            connection.exec_driver_sql(f"DROP FUNCTION {name}")
            connection.exec_driver_sql(f"DROP SEQUENCE {name}")
