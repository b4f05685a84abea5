"""Routes of accounts."""

import uuid
from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter, Request

from serving.accounts import repository, service
from serving.accounts.schemas import (
    ApiKeyCreate,
    ApiKeyCreated,
    ApiKeyOut,
    MemberCreate,
    MemberOut,
    MembershipOut,
    MemberUpdate,
    MeOut,
    OrganizationCreate,
    OrganizationOut,
    OrganizationUpdate,
    SessionCreate,
    SessionOut,
)
from serving.dependencies import (
    Context,
    CurrentActor,
    CurrentPrincipal,
    Database,
    IdentityDatabase,
    MemberReader,
    Owner,
)
from storage.postgres.models.api_key import ApiKey
from storage.postgres.models.member import Role
from storage.postgres.models.organization import Organization

router = APIRouter(prefix="/api/v1", tags=["accounts"])


@router.post("/sessions", status_code=201)
async def sign_in(body: SessionCreate, request: Request, context: Context) -> SessionOut:
    """Sign in with e-mail and password; the only route that takes a body without a credential."""
    address = request.client.host if request.client else "unknown"
    agent = request.headers.get("user-agent")
    return await service.sign_in(context.engine, context.settings, body, address=address, user_agent=agent)


@router.delete("/sessions/current", status_code=204)
async def sign_out(principal: CurrentPrincipal, session: IdentityDatabase) -> None:
    """End the session of this request."""
    await service.sign_out(session, principal.session_id)


@router.get("/me")
async def me(principal: CurrentPrincipal, session: IdentityDatabase) -> MeOut:
    """Who the credential belongs to, and what it may choose from."""
    return MeOut(
        user_id=principal.user_id,
        name=await repository.user_name(session, principal.user_id),
        api_key_id=principal.api_key_id,
        organization_id=principal.organization_id,
        role=None if principal.role is None else Role(principal.role),
        group_ids=None if principal.group_ids is None else sorted(principal.group_ids),
        organizations=[MembershipOut.model_validate(m) for m in principal.memberships],
    )


@router.post("/organizations", status_code=201, response_model=OrganizationOut)
async def create_organization(
    body: OrganizationCreate, principal: CurrentPrincipal, session: IdentityDatabase
) -> Organization:
    """Found an organization."""
    return await service.create_organization(session, principal.user_id, body)


@router.get("/organizations/current", response_model=OrganizationOut)
async def read_organization(actor: CurrentActor, session: Database) -> Organization:
    """The organization of this request."""
    return await repository.organization(session)


@router.patch("/organizations/current", response_model=OrganizationOut)
async def update_organization(actor: Owner, body: OrganizationUpdate, session: Database) -> Organization:
    """Rename the organization."""
    return await service.update_organization(session, actor, body)


@router.get("/members", response_model=list[MemberOut])
async def list_members(actor: MemberReader, session: Database) -> Sequence[Any]:
    """Members of the organization, by name."""
    return await repository.members(session)


@router.post("/members", status_code=201, response_model=MemberOut)
async def add_member(actor: Owner, body: MemberCreate, session: Database) -> Any:
    """Add a person to the organization."""
    return await service.add_member(session, actor, body)


@router.patch("/members/{member_id}", response_model=MemberOut)
async def update_member(actor: Owner, member_id: uuid.UUID, body: MemberUpdate, session: Database) -> Any:
    """Change a member's role, or suspend the membership; effective with the next request."""
    return await service.update_member(session, actor, member_id, body)


@router.get("/api-keys", response_model=list[ApiKeyOut])
async def list_api_keys(actor: Owner, session: Database) -> Sequence[ApiKey]:
    """Keys of the organization, without their secrets."""
    return await service.list_api_keys(session)


@router.post("/api-keys", status_code=201)
async def create_api_key(actor: Owner, body: ApiKeyCreate, session: Database) -> ApiKeyCreated:
    """Make a key for a program; its text is in this answer only."""
    return await service.create_api_key(session, actor, body)


@router.delete("/api-keys/{key_id}", status_code=204)
async def revoke_api_key(actor: Owner, key_id: uuid.UUID, session: Database) -> None:
    """Revoke a key at once."""
    await service.revoke_api_key(session, actor, key_id)
