"""Who may read a document: everybody in the organization, or some groups."""

import uuid
from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from serving.accounts.groups import check_groups
from serving.accounts.principal import Actor
from serving.knowledge import repository
from storage.postgres.models.document import Document


async def restrict(
    session: AsyncSession, actor: Actor, documents: Sequence[Document], group_ids: list[uuid.UUID] | None
) -> None:
    """Give documents to groups, or open them to everybody. Effective with the next statement of anybody.

    Args:
        session: A session of the actor.
        actor: Who does it: somebody who reads everything, or who is in the groups that lose and that get a document.
        documents: Documents that the actor may read.
        group_ids: The groups; null opens.

    Raises:
        GroupNotFoundError: A group is unknown here.
        GroupsNotAllowedError: The actor is not in all of the groups.
    """
    if group_ids is not None:
        await check_groups(session, actor, group_ids)
    for current in {tuple(row.group_ids) for row in documents if row.group_ids is not None}:
        if actor.group_ids is not None:
            await check_groups(session, actor, current)
    wanted = None if group_ids is None else list(dict.fromkeys(group_ids))
    for row in documents:
        row.group_ids = wanted
    await session.flush()
    await repository.restrict_ingestions(session, documents)
