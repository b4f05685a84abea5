"""Refused questions are remembered for an hour, by organization."""

import uuid

from serving.conversations.streams.refusals import KEPT_MINUTES, Refusals

ONE, OTHER = uuid.uuid4(), uuid.uuid4()


class _Clock:
    def __init__(self) -> None:
        self.now = 6000.0

    def __call__(self) -> float:
        return self.now


class TestRefusals:
    def test_each_organization_sees_its_own(self) -> None:
        refusals = Refusals(_Clock())
        refusals.count("too-many-requests", ONE)
        refusals.count("too-many-requests", ONE)
        refusals.count("overloaded", OTHER)
        refusals.count("overloaded")
        assert refusals.lately(ONE, 15) == {"too-many-requests": 2}
        assert refusals.lately(OTHER, 15) == {"overloaded": 1}
        assert refusals.lately(None, 15) == {"overloaded": 1}

    def test_what_is_older_than_asked_for_does_not_count(self) -> None:
        clock = _Clock()
        refusals = Refusals(clock)
        refusals.count("overloaded", ONE)
        clock.now += 10 * 60
        refusals.count("overloaded", ONE)
        assert refusals.lately(ONE, 5) == {"overloaded": 1}
        assert refusals.lately(ONE, 15) == {"overloaded": 2}

    def test_nothing_is_kept_for_longer_than_an_hour(self) -> None:
        clock = _Clock()
        refusals = Refusals(clock)
        for _ in range(3 * KEPT_MINUTES):
            refusals.count("overloaded", uuid.uuid4())
            clock.now += 60
        assert len(refusals._minutes) == KEPT_MINUTES
