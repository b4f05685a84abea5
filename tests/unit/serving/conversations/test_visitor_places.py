"""Places of visitors: two for each, and of a bot's visitors a quarter of all."""

import uuid

import pytest

from serving.accounts.principal import Actor
from serving.accounts.roles import VisitorRole
from serving.conversations.streams.admission import AdmissionLimits
from serving.conversations.streams.visitor_places import BotBusyError, VisitorBusyError, VisitorPlaces
from storage.postgres.models.member import Role

ORGANIZATION, BOT, OTHER_BOT = uuid.uuid4(), uuid.uuid4(), uuid.uuid4()


def visitor(bot: uuid.UUID = BOT) -> Actor:
    return Actor(ORGANIZATION, VisitorRole.VISITOR, visitor_id=uuid.uuid4(), chatbot_id=bot)


def places(*, running: int = 1000, each: int = 1000) -> VisitorPlaces:
    return VisitorPlaces(AdmissionLimits(running, each, 10, 1.0))


class TestVisitorPlaces:
    def test_a_visitor_has_two(self) -> None:
        of_visitors, one = places(), visitor()
        first, _ = of_visitors.take(one), of_visitors.take(one)
        with pytest.raises(VisitorBusyError) as refused:
            of_visitors.take(one)
        assert (refused.value.status, refused.value.headers["Retry-After"]) == (429, "2")
        of_visitors.take(visitor())
        first()
        of_visitors.take(one)

    @pytest.mark.parametrize(("running", "each", "most"), [(1000, 40, 10), (16, 40, 4), (2, 2, 1)])
    def test_those_of_a_bot_have_a_quarter(self, running: int, each: int, most: int) -> None:
        of_visitors = places(running=running, each=each)
        taken = [of_visitors.take(visitor()) for _ in range(most)]
        with pytest.raises(BotBusyError):
            of_visitors.take(visitor())
        of_visitors.take(visitor(OTHER_BOT))
        taken[0]()
        of_visitors.take(visitor())

    def test_members_and_programs_are_not_counted(self) -> None:
        of_visitors = places(running=4, each=4)
        member = Actor(ORGANIZATION, Role.VIEWER, user_id=uuid.uuid4())
        for _ in range(100):
            of_visitors.take(member)()
            of_visitors.take(member)

    def test_what_is_given_back_leaves_nothing(self) -> None:
        of_visitors = places()
        for give_back in [of_visitors.take(visitor()) for _ in range(20)]:
            give_back()
        assert not of_visitors._by_visitor
        assert not of_visitors._by_bot
