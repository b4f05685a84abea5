"""Sessions: one transaction each, with the organization and the groups that row-level security reads.

`SET LOCAL` ends with the transaction, so a pooled connection never carries an organization over. A statement without an
organization fails in the policy's cast: there is no default tenant. One without groups sees no restricted document.
"""

import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any, cast

import psycopg
from psycopg import sql
from sqlalchemy import Engine, Row, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession
from sqlalchemy.orm import Session

from storage.postgres.visibility import groups_setting

# A row of a query with many columns, read by attribute.
AnyRow = Row[*tuple[Any, ...]]

_SET_READER = text(
    "SELECT set_config('pixel.organization_id', :organization_id, true), set_config('pixel.groups', :groups, true)"
)


def _reader(organization_id: uuid.UUID) -> dict[str, str]:
    return {"organization_id": str(uuid.UUID(str(organization_id))), "groups": groups_setting()}


@contextmanager
def organization_session(engine: Engine, organization_id: uuid.UUID) -> Iterator[Session]:
    """One transaction of one organization, as the reader of `visibility`; commits at the end, rolls back on an error."""
    with Session(engine, expire_on_commit=False) as session, session.begin():
        session.execute(_SET_READER, _reader(organization_id))
        yield session


@contextmanager
def owner_session(engine: Engine) -> Iterator[Session]:
    """One transaction of the owner, who sees every organization."""
    with Session(engine, expire_on_commit=False) as session, session.begin():
        yield session


@asynccontextmanager
async def async_organization_session(engine: AsyncEngine, organization_id: uuid.UUID) -> AsyncIterator[AsyncSession]:
    """Asynchronous `organization_session`. The engine is `app_async_engine`, which leaves the beginning to us."""
    reader = _reader(organization_id)
    begin = sql.SQL(
        "BEGIN; SELECT set_config('pixel.organization_id', {}, true), set_config('pixel.groups', {}, true)"
    ).format(reader["organization_id"], reader["groups"])
    async with AsyncSession(engine, expire_on_commit=False) as session, session.begin():
        await _begin(session, begin)
        yield session


@asynccontextmanager
async def async_identity_session(engine: AsyncEngine) -> AsyncIterator[AsyncSession]:
    """One transaction without an organization: only users, sign-in sessions and the lookup functions are readable."""
    async with AsyncSession(engine, expire_on_commit=False) as session, session.begin():
        await _begin(session, sql.SQL("BEGIN"))
        yield session


async def _begin(session: AsyncSession, statements: sql.SQL | sql.Composed) -> None:
    """Begin the transaction and say who reads in one way to the database and back; an answer opens several.

    Raises:
        DBAPIError: The database cannot be reached, as from any other statement.
    """
    connection = await (await session.connection()).get_raw_connection()
    driver = cast("psycopg.AsyncConnection[Any]", connection.driver_connection)
    try:
        # Several statements cannot be prepared.
        await driver.execute(statements, prepare=False)
    except psycopg.OperationalError as error:
        # A connection that is dead is found to be so by SQLAlchemy, which then mends its pool and says so itself.
        await session.execute(text("SELECT 1"))
        raise OperationalError("BEGIN", None, error) from error
