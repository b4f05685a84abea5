"""Messages of OpenAI's protocol in their parts, and orders of calls and results that cannot be."""

from typing import Any

import pytest
from pydantic import ValidationError

from serving.conversations.openai_dialogue import ChatMessage, Dialogue, dialogue_of
from serving.conversations.tools.errors import ToolDialogueError
from serving.errors import BadRequestError
from serving.inference.provider import Message, Role, ToolCall, Turn

USER = {"role": "user", "content": " Where is it? "}
RESULT = {"role": "tool", "tool_call_id": "a", "content": "On its way"}


def calling(*ids: str) -> dict[str, Any]:
    """An assistant's message that asks for tools."""
    calls = [{"id": one, "type": "function", "function": {"name": "look_up", "arguments": "{}"}} for one in ids]
    return {"role": "assistant", "content": None, "tool_calls": calls}


def dialogue(*messages: dict[str, Any]) -> Dialogue:
    """The parts of messages as they come."""
    return dialogue_of([ChatMessage.model_validate(one) for one in messages])


class TestParts:
    def test_the_question_and_what_came_before(self) -> None:
        found = dialogue({"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}, USER)
        assert found == Dialogue("Where is it?", (Turn("user", "Hi"), Turn("assistant", "Hello")), ())

    def test_calls_and_results_after_the_question_belong_to_it(self) -> None:
        found = dialogue(USER, calling("a"), RESULT)
        assert (found.question, found.history) == ("Where is it?", ())
        assert found.said == (
            Message(Role.ASSISTANT, "", (ToolCall("a", "look_up", "{}"),)),
            Message(Role.TOOL, "On its way", tool_call_id="a"),
        )

    def test_several_rounds(self) -> None:
        found = dialogue(USER, calling("a"), RESULT, calling("b", "c"), *({**RESULT, "tool_call_id": i} for i in "cb"))
        assert [message.role for message in found.said] == ["assistant", "tool", "assistant", "tool", "tool"]

    def test_without_tools_only_what_was_said_is_left(self) -> None:
        found = dialogue(USER, calling("a"), RESULT, {"role": "assistant", "content": "Soon."}, USER)
        assert found.without_tools() == (Turn("user", " Where is it? "), Turn("assistant", "Soon."))


class TestRefused:
    @pytest.mark.parametrize(
        "messages",
        [
            [{"role": "assistant", "content": "Hi"}],
            [USER, {"role": "assistant", "content": "Hi"}],
            [calling("a"), RESULT],
            [{"role": "user", "content": "  "}],
            [{"role": "user", "content": "x" * 8001}],
            [USER, calling("a"), RESULT, {"role": "system", "content": "x"}],
        ],
    )
    def test_nobody_asks_last(self, messages: list[dict[str, Any]]) -> None:
        with pytest.raises(BadRequestError, match="last message"):
            dialogue(*messages)

    @pytest.mark.parametrize(
        ("messages", "says"),
        [
            ([USER, RESULT], "no call 'a' waits"),
            ([USER, calling("b"), RESULT], "no call 'a' waits"),
            ([USER, calling("a"), RESULT, RESULT], "no call 'a' waits"),
            ([USER, calling("a", "b"), RESULT], "result of 'b' is missing"),
            ([USER, calling("a"), USER], "result of 'a' is missing"),
            ([USER, calling("a"), calling("b")], "result of 'a' is missing"),
            ([USER, calling("a", "a"), RESULT, RESULT], "one id"),
        ],
    )
    def test_calls_and_results_do_not_belong_together(self, messages: list[dict[str, Any]], says: str) -> None:
        with pytest.raises(ToolDialogueError, match=says) as raised:
            dialogue(*messages)
        assert raised.value.extra["errors"][0]["field"].startswith("messages")

    @pytest.mark.parametrize(
        "message",
        [
            {"role": "user"},
            {"role": "assistant", "content": None},
            {"role": "tool", "content": "x"},
            {"role": "tool", "content": "x", "tool_call_id": "a\x00"},
            {**calling("a"), "tool_calls": calling("a")["tool_calls"] * 65},
        ],
    )
    def test_a_message_that_says_nothing_or_too_much(self, message: dict[str, Any]) -> None:
        with pytest.raises(ValidationError):
            ChatMessage.model_validate(message)
