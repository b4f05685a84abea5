"""Secrets in the database: data keys of organizations, and their rotation."""

import asyncio
import base64
import secrets
import uuid
from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, delete, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from storage.errors import SecretError
from storage.postgres.models.data_key import DataKey
from storage.postgres.models.organization import Organization
from storage.postgres.session import async_organization_session, owner_session
from storage.secrets.envelope import Place
from storage.secrets.vault import Vault, rewrap
from storage.secrets.wrapping_keys import WrappingKeys

OLD, NEW = secrets.token_bytes(32), secrets.token_bytes(32)


@pytest.fixture(autouse=True)
def cleared(owner: Engine) -> Iterator[None]:
    """Keys of this test's own wrapping keys are taken away again: a rotation of the installation could not open them."""
    yield
    with owner_session(owner) as session:
        session.execute(delete(DataKey).where(DataKey.wrapping_key.in_([k.current.name for k in map(one, (OLD, NEW))])))


def one(key: bytes) -> WrappingKeys:
    return WrappingKeys([key])


def vault(*keys: bytes) -> Vault:
    return Vault(lambda: WrappingKeys(keys))


def place(organization: Organization) -> Place:
    return Place(organization.id, "model_connections", "sealed_key", uuid.uuid4())


async def sealed(engine: AsyncEngine, kept: Vault, where: Place) -> bytes:
    async with async_organization_session(engine, where.organization_id) as session:
        return await kept.seal(session, where, "secret")


async def opened(engine: AsyncEngine, kept: Vault, where: Place, value: bytes) -> str:
    async with async_organization_session(engine, where.organization_id) as session:
        return await kept.open(session, where, value)


class TestVault:
    async def test_first_secrets_at_once_share_a_key(self, async_app: AsyncEngine, organization: Organization) -> None:
        kept, places = vault(OLD), [place(organization) for _ in range(8)]
        values = await asyncio.gather(*(sealed(async_app, kept, where) for where in places))
        for where, value in zip(places, values, strict=True):
            assert await opened(async_app, kept, where, value) == "secret"
        async with async_organization_session(async_app, organization.id) as session:
            assert len((await session.scalars(select(DataKey))).all()) == 1

    async def test_a_foreign_organization_has_no_key_for_it(
        self, async_app: AsyncEngine, organization: Organization, other_organization: Organization
    ) -> None:
        kept, mine, theirs = vault(OLD), place(organization), place(other_organization)
        value, other = await sealed(async_app, kept, mine), await sealed(async_app, kept, theirs)
        for where, wrong in ((mine, other), (theirs, value)):
            with pytest.raises(SecretError):
                await opened(async_app, kept, where, wrong)

    async def test_a_data_key_of_another_organization_does_not_open(
        self, async_app: AsyncEngine, owner: Engine, organization: Organization, other_organization: Organization
    ) -> None:
        kept, mine = vault(OLD), place(organization)
        value = await sealed(async_app, kept, mine)
        await sealed(async_app, kept, place(other_organization))
        with owner_session(owner) as session:
            theirs = session.scalars(select(DataKey).where(DataKey.organization_id == other_organization.id)).one()
            statement = update(DataKey).where(DataKey.organization_id == organization.id)
            session.execute(statement.values(wrapped=theirs.wrapped))
        with pytest.raises(SecretError, match="was changed"):
            await opened(async_app, kept, mine, value)


class TestRewrap:
    async def test_secrets_open_with_the_new_key_alone(
        self, async_app: AsyncEngine, owner: Engine, organization: Organization
    ) -> None:
        where = place(organization)
        value = await sealed(async_app, vault(OLD), where)
        with pytest.raises(SecretError, match="not here"):
            await opened(async_app, vault(NEW), where, value)
        both = WrappingKeys([NEW, OLD])
        for expected in (1, 0):
            with owner_session(owner) as session:
                assert rewrap(session, both, organization_id=organization.id) == expected
        assert await opened(async_app, vault(NEW), where, value) == "secret"
        with pytest.raises(SecretError):
            await opened(async_app, vault(OLD), where, value)

    def test_keys_have_names_that_tell_nothing(self) -> None:
        name = WrappingKeys([OLD]).current.name
        assert name not in base64.b64encode(OLD).decode()
        assert len(name) == 12
