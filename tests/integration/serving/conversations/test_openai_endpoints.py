"""The official OpenAI client against the compatible routes."""

from collections.abc import Iterator

import openai
import pytest

from storage.postgres.models.member import Role
from tests.integration.conftest import Tenant

QUESTION = "How long is the warranty of the K5 grinder?"


@pytest.fixture
def sdk(informed: Tenant, api_url: str) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{api_url}/v1", api_key=informed.keys[Role.VIEWER], max_retries=0) as client:
        yield client


class TestModels:
    def test_a_bot_is_a_model(self, sdk: openai.OpenAI) -> None:
        assert [model.id for model in sdk.models.list()] == ["assistant"]
        assert sdk.models.retrieve("assistant").object == "model"

    def test_an_unknown_one_is_openais_error(self, sdk: openai.OpenAI) -> None:
        with pytest.raises(openai.NotFoundError, match="nobody"):
            sdk.models.retrieve("nobody")


class TestChatCompletions:
    def test_a_whole_answer(self, sdk: openai.OpenAI) -> None:
        result = sdk.chat.completions.create(model="assistant", messages=[{"role": "user", "content": QUESTION}])
        assert "60 months" in (result.choices[0].message.content or "")
        assert result.choices[0].finish_reason == "stop"
        assert result.usage is not None
        assert result.usage.total_tokens == result.usage.prompt_tokens + result.usage.completion_tokens
        assert result.model_extra is not None
        assert result.model_extra["pixel"]["citations"][0]["document_name"] == "policy.md"

    def test_a_stream_adds_up_to_the_answer(self, sdk: openai.OpenAI) -> None:
        stream = sdk.chat.completions.create(
            model="assistant",
            messages=[{"role": "system", "content": "Be brief."}, {"role": "user", "content": QUESTION}],
            stream=True,
            stream_options={"include_usage": True},
        )
        chunks = list(stream)
        text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
        assert "60 months" in text
        assert chunks[-1].usage is not None
        assert len({chunk.id for chunk in chunks}) == 1

    def test_parts_of_text_are_joined(self, sdk: openai.OpenAI) -> None:
        result = sdk.chat.completions.create(
            model="assistant", messages=[{"role": "user", "content": [{"type": "text", "text": QUESTION}]}]
        )
        assert "60 months" in (result.choices[0].message.content or "")

    def test_an_unknown_model_is_a_404(self, sdk: openai.OpenAI) -> None:
        with pytest.raises(openai.NotFoundError, match="nobody"):
            sdk.chat.completions.create(model="nobody", messages=[{"role": "user", "content": QUESTION}])

    def test_a_question_must_come_last(self, sdk: openai.OpenAI) -> None:
        with pytest.raises(openai.BadRequestError, match="last message"):
            sdk.chat.completions.create(model="assistant", messages=[{"role": "assistant", "content": "Hi"}])

    def test_a_wrong_key_is_an_authentication_error(self, api_url: str) -> None:
        with (
            openai.OpenAI(base_url=f"{api_url}/v1", api_key="pk_wrong", max_retries=0) as client,
            pytest.raises(openai.AuthenticationError),
        ):
            client.models.list()
