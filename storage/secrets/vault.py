"""Secrets of an organization in its own transaction, and the rotation of what wraps their keys."""

import uuid
from collections.abc import Callable

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session

from storage.errors import SecretError
from storage.postgres.models.data_key import DataKey
from storage.secrets.envelope import Place, fresh_data_key, number_of, seal, unseal, unwrap, wrap
from storage.secrets.wrapping_keys import WrappingKeys


class Vault:
    """Seals and opens secrets.

    Args:
        keys: The wrapping keys; asked at each use, so that a rotation is seen without a restart.
    """

    def __init__(self, keys: Callable[[], WrappingKeys]) -> None:
        self._keys = keys

    async def seal(self, session: AsyncSession, place: Place, secret: str) -> bytes:
        """Encrypt a secret for its place. The organization's first secret makes its data key."""
        newest = select(DataKey).where(DataKey.organization_id == place.organization_id).order_by(DataKey.number.desc())
        row: DataKey | None = await session.scalar(newest.limit(1))
        if row is None:
            wrapping = self._keys().current
            made = {
                "organization_id": place.organization_id,
                "number": 1,
                "wrapped": wrap(wrapping, fresh_data_key(), place.organization_id, 1),
                "wrapping_key": wrapping.name,
            }
            # Two first secrets at once: one key is kept, and both use it.
            await session.execute(insert(DataKey).values(made).on_conflict_do_nothing())
            row = (await session.scalars(newest.limit(1))).one()
        return seal(self._unwrapped(row), row.number, place, secret)

    async def open(self, session: AsyncSession, place: Place, sealed: bytes) -> str:
        """The secret of a place.

        Raises:
            SecretError: It was changed, belongs to another place, or its wrapping key is not here.
        """
        number = number_of(sealed)
        row: DataKey | None = await session.scalar(
            select(DataKey).where(DataKey.organization_id == place.organization_id, DataKey.number == number)
        )
        if row is None:
            raise SecretError(f"Data key {number} of organization {place.organization_id} is not here. Enter it again.")
        return unseal(self._unwrapped(row), place, sealed)

    def _unwrapped(self, row: DataKey) -> bytes:
        return unwrap(self._keys().named(row.wrapping_key), row.wrapped, row.organization_id, row.number)


def rewrap(session: Session, keys: WrappingKeys, *, organization_id: uuid.UUID | None = None) -> int:
    """Wrap data keys with the current wrapping key; secrets themselves stay as they are.

    Args:
        session: A session of the owner.
        keys: The wrapping keys; those of the data keys must be among them.
        organization_id: Only this organization's; everyone's unless given.

    Returns:
        How many were wrapped anew.
    """
    statement = select(DataKey).where(DataKey.wrapping_key != keys.current.name).with_for_update()
    if organization_id is not None:
        statement = statement.where(DataKey.organization_id == organization_id)
    rows = session.scalars(statement).all()
    for row in rows:
        data_key = unwrap(keys.named(row.wrapping_key), row.wrapped, row.organization_id, row.number)
        row.wrapped = wrap(keys.current, data_key, row.organization_id, row.number)
        row.wrapping_key = keys.current.name
    return len(rows)
