"""Tests of what visitors are told when something goes wrong."""

from collections.abc import AsyncGenerator

import pytest

from serving.billing.errors import BudgetExceededError
from serving.billing.refusals import BudgetLimit
from serving.conversations.errors import AnswererFailedError
from serving.conversations.events import AnswerDelta, AnswerEvent
from serving.conversations.masking import BotUnavailableError, for_visitor
from serving.errors import ApiError, TooManyRequestsError


async def broken(error: Exception) -> AsyncGenerator[AnswerEvent, None]:
    yield AnswerDelta("So far")
    raise error


class TestForVisitor:
    @pytest.mark.parametrize(
        ("error", "status", "wait"),
        [
            (BudgetExceededError("Secret project", BudgetLimit(5, "USD", "day"), None), 429, "60"),
            (AnswererFailedError("vllm at 10.0.0.7 said no"), 503, "60"),
            (TooManyRequestsError("Your organization has 7 answers running", retry_after_s=9), 429, "9"),
        ],
    )
    async def test_nothing_of_the_organization_is_told(self, error: ApiError, status: int, wait: str) -> None:
        told: list[AnswerEvent] = []
        with pytest.raises(BotUnavailableError) as raised:
            async for event in for_visitor(broken(error)):
                told.append(event)
        assert told == [AnswerDelta("So far")]
        assert (raised.value.status, raised.value.headers["Retry-After"]) == (status, wait)
        assert raised.value.detail == BotUnavailableError.title

    async def test_what_is_no_error_of_the_api_is_left_to_the_log(self) -> None:
        with pytest.raises(ValueError, match="a bug"):
            async for _ in for_visitor(broken(ValueError("a bug"))):
                pass
