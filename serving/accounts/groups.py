"""Groups: who may read restricted documents."""

import uuid
from collections.abc import Collection, Sequence

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from serving.accounts import group_repository
from serving.accounts.audit import record
from serving.accounts.errors import GroupMemberError, GroupNotFoundError, GroupSlugTakenError, GroupsNotAllowedError
from serving.accounts.group_schemas import GroupCreate, GroupUpdate
from serving.accounts.principal import Actor
from serving.accounts.repository import member_of_user
from storage.postgres.models.group import Group
from storage.postgres.session import AnyRow


async def list_groups(session: AsyncSession, actor: Actor) -> Sequence[Group]:
    """All groups for whoever reads everything, else the actor's own."""
    return await group_repository.groups(session, actor.group_ids)


async def get_group(session: AsyncSession, group_id: uuid.UUID) -> Group:
    """One group, locked until the transaction ends."""
    found = await group_repository.group(session, group_id)
    if found is None:
        raise GroupNotFoundError
    return found


async def create_group(session: AsyncSession, actor: Actor, body: GroupCreate) -> Group:
    """Make a group; it has no members yet.

    Raises:
        GroupSlugTakenError: The slug is in use.
    """
    row = Group(organization_id=actor.organization_id, name=body.name, slug=body.slug)
    session.add(row)
    try:
        await session.flush()
    except IntegrityError as error:
        raise GroupSlugTakenError(f"Another group has the slug {body.slug}; choose another one") from error
    record(session, actor, "group.created", subject_type="group", subject_id=row.id)
    await session.refresh(row)
    return row


async def update_group(session: AsyncSession, actor: Actor, group_id: uuid.UUID, body: GroupUpdate) -> Group:
    """Rename a group."""
    row = await get_group(session, group_id)
    if body.name is not None:
        row.name = body.name
        record(session, actor, "group.updated", subject_type="group", subject_id=row.id)
    return row


async def delete_group(session: AsyncSession, actor: Actor, group_id: uuid.UUID) -> None:
    """Delete a group. Documents that were only its own are left to the owners; nothing is opened."""
    row = await get_group(session, group_id)
    documents = await group_repository.take_off(session, group_id)
    await session.delete(row)
    record(session, actor, "group.deleted", subject_type="group", subject_id=group_id, details={"documents": documents})


async def list_members(session: AsyncSession, group_id: uuid.UUID) -> Sequence[AnyRow]:
    """People in a group, by name."""
    await get_group(session, group_id)
    return await group_repository.members(session, group_id)


async def add_member(session: AsyncSession, actor: Actor, group_id: uuid.UUID, user_id: uuid.UUID) -> Sequence[AnyRow]:
    """Put a member of the organization into a group; effective with the person's next request.

    Raises:
        GroupNotFoundError: Unknown here.
        GroupMemberError: The person is no member of the organization.
    """
    row = await get_group(session, group_id)
    if await member_of_user(session, user_id) is None:
        raise GroupMemberError(f"{user_id} is no member of this organization; add the person as a member first")
    await group_repository.add_member(session, row, user_id)
    details = {"user_id": str(user_id)}
    record(session, actor, "group.member_added", subject_type="group", subject_id=group_id, details=details)
    return await group_repository.members(session, group_id)


async def remove_member(session: AsyncSession, actor: Actor, group_id: uuid.UUID, user_id: uuid.UUID) -> None:
    """Take a person out of a group; effective with the person's next request."""
    await get_group(session, group_id)
    await group_repository.remove_member(session, group_id, user_id)
    details = {"user_id": str(user_id)}
    record(session, actor, "group.member_removed", subject_type="group", subject_id=group_id, details=details)


async def check_groups(session: AsyncSession, actor: Actor, wanted: Collection[uuid.UUID]) -> None:
    """Make sure that the actor may give something to these groups.

    Raises:
        GroupNotFoundError: One of them is unknown here.
        GroupsNotAllowedError: One of them is not the actor's own, and the actor does not read everything; or the list is
            empty, which would leave it to owners alone.
    """
    if actor.group_ids is not None and (not wanted or not set(wanted) <= actor.group_ids):
        own = ", ".join(sorted(map(str, actor.group_ids))) or "none"
        raise GroupsNotAllowedError(f"You may only name groups that you are in; yours: {own}")
    known = {row.id for row in await group_repository.groups(session, wanted)}
    missing = set(wanted) - known
    if missing:
        raise GroupNotFoundError(f"No such group: {', '.join(sorted(map(str, missing)))}")
