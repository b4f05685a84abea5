"""Queries of accounts."""

import uuid
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Row, case, func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from storage.postgres.models.api_key import ApiKey
from storage.postgres.models.member import Member, Role
from storage.postgres.models.organization import Organization
from storage.postgres.models.sign_in_attempt import SignInAttempt
from storage.postgres.models.user import User
from storage.postgres.models.user_session import UserSession


async def user_by_email(session: AsyncSession, email: str) -> User | None:
    """The account of an e-mail address, whatever its case."""
    found: User | None = await session.scalar(select(User).where(func.lower(User.email) == email.lower()))
    return found


async def user_name(session: AsyncSession, user_id: uuid.UUID | None) -> str | None:
    """What a person is called; None for whoever is no person."""
    found: str | None = await session.scalar(select(User.name).where(User.id == user_id)) if user_id else None
    return found


async def count_attempt(session: AsyncSession, key: str, *, window_s: int) -> tuple[int, int]:
    """Count one sign-in for a key, starting a new window when the last one is over. One atomic statement.

    Returns:
        Attempts in the window, this one included, and the seconds until the window ends.
    """
    age = func.extract("epoch", func.now() - SignInAttempt.window_started_at)
    over = age >= window_s
    statement = (
        insert(SignInAttempt)
        .values(key=key, failures=1)
        .on_conflict_do_update(
            index_elements=[SignInAttempt.key],
            set_={
                "failures": case((over, 1), else_=SignInAttempt.failures + 1),
                "window_started_at": case((over, func.now()), else_=SignInAttempt.window_started_at),
            },
        )
        .returning(SignInAttempt.failures, age)
    )
    failures, seconds = (await session.execute(statement)).one()
    return int(failures), max(1, window_s - int(seconds))


async def forget_attempts(session: AsyncSession, keys: Sequence[str]) -> None:
    """Give back what a successful sign-in counted."""
    await session.execute(
        update(SignInAttempt)
        .where(SignInAttempt.key.in_(keys))
        .values(failures=case((SignInAttempt.key.like("account:%"), 0), else_=SignInAttempt.failures - 1))
    )


async def revoke_session(session: AsyncSession, session_id: uuid.UUID) -> None:
    """End one sign-in session."""
    await session.execute(update(UserSession).where(UserSession.id == session_id).values(revoked_at=func.now()))


async def create_organization(session: AsyncSession, organization: Organization, founder: uuid.UUID) -> None:
    """Write an organization and its first owner."""
    await session.execute(
        text("SELECT create_organization(:id, :name, :slug, :key, :founder)"),
        {
            "id": organization.id,
            "name": organization.name,
            "slug": organization.slug,
            "key": organization.hash_key,
            "founder": founder,
        },
    )


async def organization(session: AsyncSession) -> Organization:
    """The organization of this transaction."""
    return (await session.scalars(select(Organization))).one()


MemberRow = Row[uuid.UUID, uuid.UUID, str, str, str, bool, datetime]

_MEMBER_COLUMNS = (
    Member.id,
    Member.user_id,
    User.email,
    User.name,
    Member.role,
    Member.is_active,
    Member.created_at,
)


async def members(session: AsyncSession) -> Sequence[MemberRow]:
    """All members with their names, by name."""
    statement = select(*_MEMBER_COLUMNS).join(User, User.id == Member.user_id).order_by(User.name, Member.id)
    return (await session.execute(statement)).all()


async def member_row(session: AsyncSession, member_id: uuid.UUID) -> MemberRow:
    """One member with the name."""
    statement = select(*_MEMBER_COLUMNS).join(User, User.id == Member.user_id).where(Member.id == member_id)
    return (await session.execute(statement)).one()


async def member(session: AsyncSession, member_id: uuid.UUID) -> Member | None:
    """One member, locked for a change."""
    found: Member | None = await session.scalar(select(Member).where(Member.id == member_id).with_for_update())
    return found


async def member_of_user(session: AsyncSession, user_id: uuid.UUID) -> Member | None:
    """The membership of a person."""
    found: Member | None = await session.scalar(select(Member).where(Member.user_id == user_id))
    return found


async def active_owners(session: AsyncSession) -> int:
    """How many active owners there are; their rows stay locked until the transaction ends."""
    rows = await session.scalars(select(Member.id).where(Member.role == Role.OWNER, Member.is_active).with_for_update())
    return len(rows.all())


async def api_keys(session: AsyncSession) -> Sequence[ApiKey]:
    """All keys, newest first."""
    return (await session.scalars(select(ApiKey).order_by(ApiKey.created_at.desc(), ApiKey.id))).all()


async def api_key(session: AsyncSession, key_id: uuid.UUID) -> ApiKey | None:
    """One key."""
    return await session.get(ApiKey, key_id)
