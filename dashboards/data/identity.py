"""Who looks at the dashboards."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from dashboards.settings import dashboard_settings
from serving.client.api_client import ApiClient
from serving.client.shapes import MembershipOut

# Which pages a role gets; the API checks again whatever is shown.
_OF_BUILDERS = (
    "overview", "traffic", "conversations", "inbox", "bots", "knowledge", "understanding", "search_lab", "ask",
)  # fmt: skip
_PAGES = {
    "owner": _OF_BUILDERS,
    "builder": _OF_BUILDERS,
    "analyst": tuple(page for page in _OF_BUILDERS if page != "bots"),
    "agent": ("inbox", "conversations", "ask"),
    "viewer": ("ask",),
}


@dataclass(frozen=True)
class Membership:
    """One organization of the person."""

    organization_id: uuid.UUID
    name: str
    slug: str
    role: str


@dataclass(frozen=True)
class Identity:
    """A signed-in person and the organization that is looked at."""

    token: str
    name: str
    memberships: tuple[Membership, ...]
    chosen: int = 0

    @property
    def current(self) -> Membership:
        """The organization that is looked at."""
        return self.memberships[self.chosen]

    @property
    def pages(self) -> tuple[str, ...]:
        """Names of the pages for the role."""
        return _PAGES[self.current.role]

    def may_write_knowledge(self) -> bool:
        """Whether uploading and deleting are offered."""
        return self.current.role in ("owner", "builder")

    def may_write_bots(self) -> bool:
        """Whether changing what a bot understands is offered."""
        return self.current.role in ("owner", "builder")

    def choosing(self, index: int) -> "Identity":
        """Looking at another organization."""
        return replace(self, chosen=index)

    def client(self) -> ApiClient:
        """A client that acts as this person."""
        return ApiClient(dashboard_settings().api_url, token=self.token, organization=self.current.slug)


def sign_in(email: str, password: str) -> tuple[Identity, datetime]:
    """Open a session.

    Returns:
        The person, and when the session ends by itself.

    Raises:
        ClientError: Wrong credentials, too many attempts, or no API.
    """
    with ApiClient(dashboard_settings().api_url) as anonymous:
        session = anonymous.sign_in(email, password)
    return _identity(session.token, session.name, session.organizations), session.expires_at


def resume(token: str) -> Identity | None:
    """Go on with a session that was opened before; None for somebody who is in no organization any more.

    Args:
        token: Of the session.

    Raises:
        ClientError: The session has ended, or there is no API.
    """
    with ApiClient(dashboard_settings().api_url, token=token) as client:
        me = client.me()
    return _identity(token, me.name or "", me.organizations) if me.organizations else None


def _identity(token: str, name: str, organizations: Sequence[MembershipOut]) -> Identity:
    listed = tuple(Membership(m.organization_id, m.name, m.slug, m.role.value) for m in organizations)
    return Identity(token=token, name=name, memberships=listed)
