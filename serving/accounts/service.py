"""Sign-in, organizations, members and API keys."""

import hashlib
import os
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from anyio import to_thread
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from serving.accounts import repository
from serving.accounts.audit import record
from serving.accounts.authentication import memberships_of
from serving.accounts.credentials import (
    hash_password,
    new_api_key,
    new_session_token,
    token_hash,
    verify_password,
)
from serving.accounts.errors import (
    ApiKeyNotFoundError,
    LastOwnerError,
    MemberExistsError,
    MemberNotFoundError,
    SlugTakenError,
    TooManyAttemptsError,
    WrongCredentialsError,
)
from serving.accounts.groups import check_groups
from serving.accounts.principal import Actor, Membership
from serving.accounts.schemas import (
    ApiKeyCreate,
    ApiKeyCreated,
    ApiKeyOut,
    MemberCreate,
    MembershipOut,
    MemberUpdate,
    OrganizationCreate,
    OrganizationUpdate,
    SessionCreate,
    SessionOut,
)
from serving.errors import BadRequestError
from serving.settings import ServingSettings
from storage.postgres.models.api_key import ApiKey
from storage.postgres.models.member import Member, Role
from storage.postgres.models.organization import Organization
from storage.postgres.models.user import User
from storage.postgres.models.user_session import UserSession
from storage.postgres.session import async_identity_session


async def sign_in(
    engine: AsyncEngine, settings: ServingSettings, body: SessionCreate, *, address: str, user_agent: str | None
) -> SessionOut:
    """Check a password and open a session.

    An attempt is counted, in a transaction of its own, before the password is looked at: parallel guesses cannot slip
    past the limit, and a failure that rolls back is counted all the same.

    Raises:
        TooManyAttemptsError: The account or the address has used up its attempts.
        WrongCredentialsError: Unknown account, wrong password, or a suspended account.
    """
    keys = [f"account:{hashlib.sha256(body.email.lower().encode()).hexdigest()}", f"address:{address[:60]}"]
    limits = [settings.sign_in_attempts, settings.sign_in_attempts_per_address]
    async with async_identity_session(engine) as session:
        counts = [await repository.count_attempt(session, key, window_s=settings.sign_in_window_s) for key in keys]
    for (count, seconds), limit in zip(counts, limits, strict=True):
        if count > limit:
            raise TooManyAttemptsError(f"Too many failed sign-ins; try again in {seconds} s", retry_after_s=seconds)
    async with async_identity_session(engine) as session:
        user = await repository.user_by_email(session, body.email)
    # No transaction is open here: Argon2 takes its time, and a connection must not wait for it.
    matches = await to_thread.run_sync(verify_password, body.password, user.password_hash if user else None)
    if user is None or not matches or not user.is_active:
        raise WrongCredentialsError
    async with async_identity_session(engine) as session:
        await repository.forget_attempts(session, keys)
        return await _open_session(session, settings, user, user_agent)


async def _open_session(
    session: AsyncSession, settings: ServingSettings, user: User, user_agent: str | None
) -> SessionOut:
    token = new_session_token()
    expires_at = datetime.now(UTC) + timedelta(hours=settings.session_hours)
    session.add(
        UserSession(
            user_id=user.id,
            token_hash=token_hash(token),
            user_agent=(user_agent or "")[:255] or None,
            expires_at=expires_at,
        )
    )
    return SessionOut(
        token=token,
        expires_at=expires_at,
        user_id=user.id,
        name=user.name,
        organizations=[_membership(m) for m in await memberships_of(session, user.id)],
    )


def _membership(membership: Membership) -> MembershipOut:
    return MembershipOut.model_validate(membership)


async def sign_out(session: AsyncSession, session_id: uuid.UUID | None) -> None:
    """End the session of this request, everywhere at once."""
    if session_id is None:
        raise BadRequestError("An API key has no session; revoke the key instead")
    await repository.revoke_session(session, session_id)


async def create_organization(
    session: AsyncSession, user_id: uuid.UUID | None, body: OrganizationCreate
) -> Organization:
    """Found an organization; the founder becomes its owner."""
    if user_id is None:
        raise BadRequestError("Only a person can found an organization; sign in with e-mail and password")
    row = Organization(id=uuid.uuid4(), name=body.name, slug=body.slug, hash_key=os.urandom(32))
    row.created_at = datetime.now(UTC)
    try:
        await repository.create_organization(session, row, user_id)
    except IntegrityError as error:
        raise SlugTakenError(f"The slug {body.slug} is in use already; choose another one") from error
    return row


async def update_organization(session: AsyncSession, actor: Actor, body: OrganizationUpdate) -> Organization:
    """Rename the organization."""
    row = await repository.organization(session)
    if body.name is not None:
        row.name = body.name
        record(session, actor, "organization.updated", subject_type="organization", subject_id=row.id)
    return row


async def add_member(session: AsyncSession, actor: Actor, body: MemberCreate) -> repository.MemberRow:
    """Add a person to the organization, making the account when there is none."""
    user = await repository.user_by_email(session, body.email)
    if user is None:
        if body.password is None:
            raise BadRequestError("This person has no account yet: send a password of at least 12 characters too")
        user = User(
            email=body.email, name=body.name, password_hash=await to_thread.run_sync(hash_password, body.password)
        )
        session.add(user)
        await session.flush()
    elif await repository.member_of_user(session, user.id) is not None:
        raise MemberExistsError
    row = Member(organization_id=actor.organization_id, user_id=user.id, role=body.role)
    session.add(row)
    await session.flush()
    record(session, actor, "member.added", subject_type="member", subject_id=row.id, details={"role": body.role.value})
    return await repository.member_row(session, row.id)


async def update_member(
    session: AsyncSession, actor: Actor, member_id: uuid.UUID, body: MemberUpdate
) -> repository.MemberRow:
    """Change role or activity; the last active owner stays one."""
    owners = await repository.active_owners(session)
    row = await repository.member(session, member_id)
    if row is None:
        raise MemberNotFoundError
    loses_owner = body.is_active is False or (body.role is not None and body.role != Role.OWNER)
    if row.role == Role.OWNER and row.is_active and loses_owner and owners == 1:
        raise LastOwnerError
    if body.role is not None:
        row.role = body.role
    if body.is_active is not None:
        row.is_active = body.is_active
    await session.flush()
    record(
        session,
        actor,
        "member.updated",
        subject_type="member",
        subject_id=row.id,
        details={"role": row.role, "is_active": row.is_active},
    )
    return await repository.member_row(session, row.id)


async def create_api_key(session: AsyncSession, actor: Actor, body: ApiKeyCreate) -> ApiKeyCreated:
    """Make a key; its text is in the result and nowhere else.

    Raises:
        GroupNotFoundError: One of its groups is unknown here.
        GroupsNotAllowedError: One of them is not the maker's own.
    """
    if body.group_ids:
        await check_groups(session, actor, body.group_ids)
    fresh = new_api_key()
    row = ApiKey(
        organization_id=actor.organization_id,
        name=body.name,
        prefix=fresh.prefix,
        secret_hash=fresh.secret_hash,
        role=body.role,
        group_ids=list(dict.fromkeys(body.group_ids)) or None,
        created_by=actor.user_id,
        expires_at=body.expires_at,
    )
    session.add(row)
    await session.flush()
    await session.refresh(row)
    record(
        session, actor, "api_key.created", subject_type="api_key", subject_id=row.id, details={"role": body.role.value}
    )
    return ApiKeyCreated(**ApiKeyOut.model_validate(row).model_dump(), key=fresh.text)


async def list_api_keys(session: AsyncSession) -> Sequence[ApiKey]:
    """All keys of the organization."""
    return await repository.api_keys(session)


async def revoke_api_key(session: AsyncSession, actor: Actor, key_id: uuid.UUID) -> None:
    """End a key at once."""
    row = await repository.api_key(session, key_id)
    if row is None:
        raise ApiKeyNotFoundError
    if row.revoked_at is None:
        row.revoked_at = datetime.now(UTC)
        record(session, actor, "api_key.revoked", subject_type="api_key", subject_id=row.id)
