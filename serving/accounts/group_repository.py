"""Queries of groups."""

import uuid
from collections.abc import Collection, Sequence

from sqlalchemy import any_, delete, func, literal, select, update
from sqlalchemy.dialects.postgresql import UUID, insert
from sqlalchemy.ext.asyncio import AsyncSession

from storage.postgres.models.api_key import ApiKey
from storage.postgres.models.document import Document
from storage.postgres.models.group import Group
from storage.postgres.models.group_member import GroupMember
from storage.postgres.models.ingestion import Ingestion
from storage.postgres.models.user import User
from storage.postgres.session import AnyRow


async def groups(session: AsyncSession, wanted: Collection[uuid.UUID] | None) -> Sequence[Group]:
    """Groups by name: all of them, or those among `wanted`."""
    statement = select(Group).order_by(Group.name, Group.id)
    if wanted is not None:
        statement = statement.where(Group.id.in_(wanted))
    return (await session.scalars(statement)).all()


async def group(session: AsyncSession, group_id: uuid.UUID) -> Group | None:
    """One group, locked for a change."""
    found: Group | None = await session.scalar(select(Group).where(Group.id == group_id).with_for_update())
    return found


async def members(session: AsyncSession, group_id: uuid.UUID) -> Sequence[AnyRow]:
    """People in a group, by name."""
    statement = (
        select(GroupMember.user_id, User.email, User.name, GroupMember.created_at)
        .join(User, User.id == GroupMember.user_id)
        .where(GroupMember.group_id == group_id)
        .order_by(User.name, User.id)
    )
    return (await session.execute(statement)).all()


async def add_member(session: AsyncSession, group: Group, user_id: uuid.UUID) -> None:
    """Put somebody into a group; once is enough."""
    values = {"organization_id": group.organization_id, "group_id": group.id, "user_id": user_id}
    await session.execute(insert(GroupMember).values(values).on_conflict_do_nothing())


async def remove_member(session: AsyncSession, group_id: uuid.UUID, user_id: uuid.UUID) -> None:
    """Take somebody out of a group."""
    await session.execute(delete(GroupMember).where(GroupMember.group_id == group_id, GroupMember.user_id == user_id))


async def take_off(session: AsyncSession, group_id: uuid.UUID) -> int:
    """Take a group off all documents, ingestions and keys.

    What was only this group's is nobody's but the owners' then: an empty list restricts, only null opens.

    Returns:
        How many documents it was on.
    """
    taken = 0
    for model in (ApiKey, Ingestion, Document):
        touched = await session.scalars(
            update(model)
            .where(literal(group_id, UUID(as_uuid=True)) == any_(model.group_ids))
            .values(group_ids=func.array_remove(model.group_ids, group_id))
            .returning(model.id)
        )
        taken = len(touched.all())
    return taken
