"""Who may call tools, and what receipts keep of them."""

import pytest

from serving.conversations.errors import AnswererFailedError
from serving.conversations.tools.toolbox import Toolbox, called_of, check_calls
from serving.inference.provider import GenerationRequest, Message, Role, Tool, ToolCall, ToolChoice, ToolMode

LOOK_UP = Tool("look_up", "Looks an order up", {"type": "object"})
CALL = ToolCall("a", "look_up", "{}")
SAID = (Message(Role.ASSISTANT, "", (CALL,)), Message(Role.TOOL, "gone", tool_call_id="a"))
ASKED = GenerationRequest("Q", (), "m", messages=(Message(Role.USER, "Q"),))


class TestOffer:
    def test_what_was_offered_may_be_called(self) -> None:
        assert Toolbox((LOOK_UP,)).offer(ASKED).callable_tools == {"look_up"}

    def test_a_named_one_is_the_only_one(self) -> None:
        choice = ToolChoice(ToolMode.REQUIRED, "look_up")
        other = Tool("other", "", {})
        assert Toolbox((LOOK_UP, other), choice).offer(ASKED).callable_tools == {"look_up"}

    @pytest.mark.parametrize("box", [Toolbox(), Toolbox((LOOK_UP,), ToolChoice(ToolMode.NONE))])
    def test_nothing_may_be_called(self, box: Toolbox) -> None:
        assert not box.may_call


class TestWithhold:
    def test_a_dialogue_without_calls_knows_no_tools(self) -> None:
        assert Toolbox((LOOK_UP,)).withhold(ASKED) == ASKED

    def test_tools_that_were_called_are_known_and_none_may_be(self) -> None:
        asked = GenerationRequest("Q", (), "m", messages=(*ASKED.messages, *SAID))
        withheld = Toolbox(said=SAID).withhold(asked)
        assert [tool.name for tool in withheld.tools] == ["look_up"]
        assert withheld.callable_tools == frozenset()


class TestReceipt:
    def test_calls_are_kept_whole(self) -> None:
        kept = Toolbox((LOOK_UP,), said=SAID).as_json([CALL])
        assert (kept["offered"], kept["choice"], kept["results"]) == (["look_up"], "auto", ["a"])
        (call,) = called_of({"tools": kept})
        assert (call.id, call.name, call.arguments) == ("a", "look_up", "{}")

    def test_answers_without_tools_have_none(self) -> None:
        assert called_of({}) == []

    @pytest.mark.parametrize("calls", [[CALL] * 65, [ToolCall("a", "look_up", "x" * 100_001)]])
    def test_too_much_is_refused(self, calls: list[ToolCall]) -> None:
        with pytest.raises(AnswererFailedError, match="at most 64 calls"):
            check_calls(calls)
