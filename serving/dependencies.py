"""What endpoints ask for: the context, the actor with a permission, a transaction."""

from collections.abc import AsyncIterator
from typing import Annotated, cast

from fastapi import Depends, Request
from sqlalchemy.ext.asyncio import AsyncSession

from serving.accounts.principal import Actor, Principal
from serving.accounts.roles import Permission
from serving.context import ServingContext
from serving.errors import BadRequestError, ForbiddenError, UnauthenticatedError
from storage.postgres.session import async_identity_session, async_organization_session

_NOT_FOR_VISITORS = "A visitor may not do this; sign in"


def get_context(request: Request) -> ServingContext:
    """The process's context."""
    return cast(ServingContext, request.app.state.context)


def get_anybody(request: Request) -> Principal:
    """Who asks, a visitor as well; set by the authentication middleware."""
    principal = getattr(request.state, "principal", None)
    if principal is None:
        raise UnauthenticatedError
    return cast(Principal, principal)


def get_principal(principal: Annotated[Principal, Depends(get_anybody)]) -> Principal:
    """Who asks: a person with an account, or a program. A route that wants visitors asks for a permission of theirs."""
    if principal.visitor_id is not None:
        raise ForbiddenError(_NOT_FOR_VISITORS)
    return principal


def get_actor(principal: Annotated[Principal, Depends(get_anybody)]) -> Actor:
    """Who asks, inside one organization; a visitor as well, so every route also asks for a permission."""
    if principal.organization_id is None or principal.role is None:
        slugs = ", ".join(m.slug for m in principal.memberships) or "none yet"
        raise BadRequestError(f"Say which organization in the header X-Organization; yours: {slugs}")
    return Actor(
        principal.organization_id,
        principal.role,
        principal.user_id,
        principal.api_key_id,
        principal.group_ids,
        principal.visitor_id,
        principal.chatbot_id,
        principal.address,
    )


def get_member(actor: Annotated[Actor, Depends(get_actor)]) -> Actor:
    """A person or a program of the organization, whatever their role."""
    if actor.visitor_id is not None:
        raise ForbiddenError(_NOT_FOR_VISITORS)
    return actor


def get_visitor(actor: Annotated[Actor, Depends(get_actor)]) -> Actor:
    """A visitor, and nobody else."""
    if actor.visitor_id is None:
        raise ForbiddenError("Only a visitor may do this")
    return actor


class Requires:
    """A dependency: the actor, who must have a permission."""

    def __init__(self, permission: Permission) -> None:
        self.permission = permission

    def __call__(self, actor: Annotated[Actor, Depends(get_actor)]) -> Actor:
        """Check the permission."""
        if not actor.may(self.permission):
            raise ForbiddenError(f"Role {actor.role} may not {self.permission.replace('_', ' ')}")
        return actor


async def get_session(
    actor: Annotated[Actor, Depends(get_actor)], context: Annotated[ServingContext, Depends(get_context)]
) -> AsyncIterator[AsyncSession]:
    """One transaction of the actor's organization; committed before the response is sent."""
    async with async_organization_session(context.engine, actor.organization_id) as session:
        yield session


async def get_identity_session(
    context: Annotated[ServingContext, Depends(get_context)],
) -> AsyncIterator[AsyncSession]:
    """One transaction without an organization, for sign-in and one's own memberships."""
    async with async_identity_session(context.engine) as session:
        yield session


Context = Annotated[ServingContext, Depends(get_context)]
CurrentPrincipal = Annotated[Principal, Depends(get_principal)]
CurrentActor = Annotated[Actor, Depends(get_member)]
Visitor = Annotated[Actor, Depends(get_visitor)]
# "function": the transaction ends when the endpoint returns, so a client never hears of what was not committed.
Database = Annotated[AsyncSession, Depends(get_session, scope="function")]
IdentityDatabase = Annotated[AsyncSession, Depends(get_identity_session, scope="function")]

Owner = Annotated[Actor, Depends(Requires(Permission.MANAGE_ORGANIZATION))]
MemberReader = Annotated[Actor, Depends(Requires(Permission.READ_MEMBERS))]
BotReader = Annotated[Actor, Depends(Requires(Permission.READ_BOTS))]
BotWriter = Annotated[Actor, Depends(Requires(Permission.WRITE_BOTS))]
KnowledgeReader = Annotated[Actor, Depends(Requires(Permission.READ_KNOWLEDGE))]
KnowledgeWriter = Annotated[Actor, Depends(Requires(Permission.WRITE_KNOWLEDGE))]
PassageOpener = Annotated[Actor, Depends(Requires(Permission.OPEN_PASSAGES))]
Chatter = Annotated[Actor, Depends(Requires(Permission.CHAT))]
Converser = Annotated[Actor, Depends(Requires(Permission.CONVERSE))]
Agent = Annotated[Actor, Depends(Requires(Permission.ANSWER_CONVERSATIONS))]
AnalyticsReader = Annotated[Actor, Depends(Requires(Permission.READ_ANALYTICS))]
