"""What visitors are told when something goes wrong: that it did, and when to try again.

Names of budgets, what a provider said and how busy an organization is are for the organization.
"""

from collections.abc import AsyncGenerator
from contextlib import aclosing

import structlog

from serving.conversations.events import AnswerEvent
from serving.errors import ApiError

log = structlog.get_logger(__name__)


class BotUnavailableError(ApiError):
    """The bot cannot answer a visitor now, for a reason that is the organization's."""

    status = 503
    slug = "bot-unavailable"
    title = "The bot cannot answer right now; try again later"

    def __init__(self, cause: ApiError) -> None:
        super().__init__(headers={"Retry-After": cause.headers.get("Retry-After", "60")})
        # A client's own fault or limit is no fault of the server, and is not tried again at once.
        self.status = cause.status if cause.status < 500 else 503


def masked(error: ApiError) -> ApiError:
    """What a visitor is told instead of an error."""
    log.warning("visitor_not_answered", problem=error.slug)
    return BotUnavailableError(error)


async def for_visitor(events: AsyncGenerator[AnswerEvent, None]) -> AsyncGenerator[AnswerEvent, None]:
    """The events of an answer to a visitor.

    Raises:
        BotUnavailableError: In the place of any other error that clients are told.
    """
    async with aclosing(events) as told:
        try:
            async for event in told:
                yield event
        except ApiError as error:
            raise masked(error) from error
