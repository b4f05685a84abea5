"""OpenAI's client calls tools through a bot, whose model is a real server's: call, result, answer."""

import asyncio
import json
import uuid
from collections.abc import Iterator
from typing import Any

import openai
import pytest

from serving.accounts.principal import Actor
from serving.context import open_context
from serving.inference.vllm.registration import register_server
from serving.settings import ServingSettings
from storage.postgres.models.member import Role
from tests.integration.conftest import Tenant
from tests.vllm.conftest import Running

QUESTION = {"role": "user", "content": "Where is order A-17?"}
SCHEMA = {
    "type": "object",
    "properties": {"order": {"type": "string", "enum": ["A-17", "B-2"]}},
    "required": ["order"],
    "additionalProperties": False,
}
TOOL = {"type": "function", "function": {"name": "look_up", "parameters": SCHEMA, "strict": True}}
NAMED = {"type": "function", "function": {"name": "look_up"}}


@pytest.fixture
def bot(running: Running, tenant: Tenant, api_url: str) -> Iterator[openai.OpenAI]:
    """A client of a tenant whose bot answers with the server's model, without chance."""
    models = asyncio.run(_registered(running, tenant.organization.id))
    candidate = {"model_id": str(models["tiny"]), "parameters": {"temperature": 0, "max_tokens": 1500}}
    routing = {"candidates": [candidate], "falls_back_to_extractive": False}
    changed = tenant.owner.patch(f"/api/v1/chatbots/{tenant.chatbot_id}", json={"routing": routing})
    assert changed.status_code == 200, changed.text
    with openai.OpenAI(base_url=f"{api_url}/v1", api_key=tenant.keys[Role.VIEWER], max_retries=0) as client:
        yield client


async def _registered(running: Running, organization_id: uuid.UUID) -> dict[str, uuid.UUID]:
    context = open_context(running.settings, ServingSettings(_env_file=None))
    try:
        return await register_server(context, Actor(organization_id, Role.OWNER), running.state, running.home.key())
    finally:
        await context.close()


def create(bot: openai.OpenAI, messages: list[Any], **more: Any) -> Any:
    """A completion with the tool."""
    asked = {"model": "assistant", "messages": messages, "tools": [TOOL], "parallel_tool_calls": False}
    return bot.chat.completions.create(**{**asked, **more})


class TestTools:
    @pytest.mark.parametrize("answers_from", ["documents", "model"])
    @pytest.mark.parametrize("choice", [NAMED, "required"], ids=["named", "required"])
    def test_call_result_and_answer(self, bot: openai.OpenAI, tenant: Tenant, answers_from: str, choice: Any) -> None:
        tenant.owner.patch(f"/api/v1/chatbots/{tenant.chatbot_id}", json={"answers_from": answers_from})
        first = create(bot, [QUESTION], tool_choice=choice).choices[0]
        assert first.finish_reason == "tool_calls"
        (call,) = first.message.tool_calls
        assert call.function.name == "look_up"
        assert json.loads(call.function.arguments)["order"] in ("A-17", "B-2")
        result = {"role": "tool", "tool_call_id": call.id, "content": "It left on Monday."}
        last = create(bot, [QUESTION, first.message, result], tool_choice="none", max_tokens=40)
        assert last.choices[0].message.tool_calls is None
        assert len(last.choices[0].message.content) >= 40
        assert not last.model_extra["pixel"]["is_refused"]

    def test_a_stream_brings_the_same_call(self, bot: openai.OpenAI) -> None:
        whole = create(bot, [QUESTION], tool_choice=NAMED).choices[0].message.tool_calls[0].function
        chunks = list(create(bot, [QUESTION], tool_choice=NAMED, stream=True))
        (call,) = [one for chunk in chunks for one in chunk.choices[0].delta.tool_calls or ()]
        assert (call.function.name, call.function.arguments) == (whole.name, whole.arguments)
        assert chunks[-1].choices[0].finish_reason == "tool_calls"

    def test_a_model_that_chooses_none_answers(self, bot: openai.OpenAI, tenant: Tenant) -> None:
        answer = create(bot, [QUESTION], max_tokens=50)
        assert answer.choices[0].message.tool_calls is None
        assert answer.choices[0].message.content
        receipt = tenant.owner.get(answer.model_extra["pixel"]["receipt_url"]).json()
        assert receipt["guard_decisions"]["tools"]["offered"] == ["look_up"]
