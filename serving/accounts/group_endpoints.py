"""Routes of groups."""

import uuid
from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter

from serving.accounts import groups
from serving.accounts.group_schemas import GroupCreate, GroupMemberCreate, GroupMemberOut, GroupOut, GroupUpdate
from serving.dependencies import Database, KnowledgeReader, Owner
from storage.postgres.models.group import Group

router = APIRouter(prefix="/api/v1/groups", tags=["accounts"])


@router.get("", response_model=list[GroupOut])
async def list_groups(actor: KnowledgeReader, session: Database) -> Sequence[Group]:
    """Groups by name: all for an owner, else those that one is in."""
    return await groups.list_groups(session, actor)


@router.post("", status_code=201, response_model=GroupOut)
async def create_group(actor: Owner, body: GroupCreate, session: Database) -> Group:
    """Make a group."""
    return await groups.create_group(session, actor, body)


@router.get("/{group_id}", response_model=GroupOut)
async def read_group(actor: Owner, group_id: uuid.UUID, session: Database) -> Group:
    """One group."""
    return await groups.get_group(session, group_id)


@router.patch("/{group_id}", response_model=GroupOut)
async def update_group(actor: Owner, group_id: uuid.UUID, body: GroupUpdate, session: Database) -> Group:
    """Rename a group."""
    return await groups.update_group(session, actor, group_id, body)


@router.delete("/{group_id}", status_code=204)
async def delete_group(actor: Owner, group_id: uuid.UUID, session: Database) -> None:
    """Delete a group; documents that were only its own are left to the owners."""
    await groups.delete_group(session, actor, group_id)


@router.get("/{group_id}/members", response_model=list[GroupMemberOut])
async def list_members(actor: Owner, group_id: uuid.UUID, session: Database) -> Sequence[Any]:
    """People in a group, by name."""
    return await groups.list_members(session, group_id)


@router.post("/{group_id}/members", status_code=201, response_model=list[GroupMemberOut])
async def add_member(actor: Owner, group_id: uuid.UUID, body: GroupMemberCreate, session: Database) -> Sequence[Any]:
    """Put a member of the organization into a group."""
    return await groups.add_member(session, actor, group_id, body.user_id)


@router.delete("/{group_id}/members/{user_id}", status_code=204)
async def remove_member(actor: Owner, group_id: uuid.UUID, user_id: uuid.UUID, session: Database) -> None:
    """Take somebody out of a group."""
    await groups.remove_member(session, actor, group_id, user_id)
