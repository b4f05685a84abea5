"""How many answers to visitors run at once: two for each of them, and of a bot's visitors a share of the organization's places.

Anybody can be a visitor, and many of them; members and programs must find a place whatever visitors do.
"""

import uuid
from collections import Counter
from collections.abc import Callable

from serving.accounts.principal import Actor
from serving.conversations.streams.admission import AdmissionLimits
from serving.errors import TooManyRequestsError

PER_VISITOR = 2
# Of the places of an organization, those that the visitors of one bot may take together.
SHARE = 0.25
_RETRY_AFTER_S = 2


class VisitorBusyError(TooManyRequestsError):
    """A visitor asks while as many answers to them are written as may be."""

    slug = "visitor-busy"
    title = "Your questions before are still being answered"


class BotBusyError(TooManyRequestsError):
    """The visitors of a bot ask as much at once as they may."""

    slug = "bot-busy"
    title = "The bot answers many people right now"


class VisitorPlaces:
    """Counts the answers to visitors that run or wait for a place in this process.

    Args:
        limits: Of the process, and of each organization in it.
    """

    def __init__(self, limits: AdmissionLimits) -> None:
        self._most = max(1, int(min(limits.running, limits.running_per_organization) * SHARE))
        self._by_visitor: Counter[uuid.UUID] = Counter()
        self._by_bot: Counter[uuid.UUID] = Counter()

    def take(self, actor: Actor) -> Callable[[], None]:
        """Take a place for an answer; of members and programs nothing is counted.

        Returns:
            Gives it back; to be called once.

        Raises:
            VisitorBusyError: Two answers to this visitor run already.
            BotBusyError: The visitors of the bot have all of their share.
        """
        visitor, bot = actor.visitor_id, actor.chatbot_id
        if visitor is None or bot is None:
            return lambda: None
        if self._by_visitor[visitor] >= PER_VISITOR:
            raise VisitorBusyError(
                f"{PER_VISITOR} of your questions are being answered; wait for them, or stop one",
                retry_after_s=_RETRY_AFTER_S,
            )
        if self._by_bot[bot] >= self._most:
            raise BotBusyError("The bot answers many people right now; try again soon", retry_after_s=_RETRY_AFTER_S)
        self._by_visitor[visitor] += 1
        self._by_bot[bot] += 1
        return lambda: self._give_back(visitor, bot)

    def _give_back(self, visitor: uuid.UUID, bot: uuid.UUID) -> None:
        for counts, key in ((self._by_visitor, visitor), (self._by_bot, bot)):
            counts[key] -= 1
            if not counts[key]:
                del counts[key]
