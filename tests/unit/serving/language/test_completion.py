"""Tests of one whole text from a model: one that says too much is not listened to."""

from collections.abc import AsyncIterator

import pytest

from serving.inference.prompts.tasks import person_names, translation
from serving.inference.provider import Event, GenerationRequest
from serving.language.completion import LanguageModel, complete
from serving.language.names import find_names
from serving.language.outcome import Unavailable
from serving.language.translation import Translator
from tests.factories.scripted_provider import ScriptedProvider


class Endless(ScriptedProvider):
    """Counts how much of its text was taken."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.taken = 0

    async def stream(self, request: GenerationRequest) -> AsyncIterator[Event]:
        """As it, counting."""
        async for event in super().stream(request):
            self.taken += 1
            yield event


class TestComplete:
    async def test_a_text_without_end_is_left_soon(self) -> None:
        provider = Endless("blah " * 1_000_000)
        prompt = person_names("Who is Ada?")
        assert await complete(LanguageModel(provider, "m"), prompt, question="Who is Ada?") is None
        read = sum(len(message.content) for message in prompt.messages)
        assert provider.taken * 5 <= 4 * read + 1_000 + 5

    @pytest.mark.parametrize("times", [1, 4])
    async def test_a_text_of_a_usual_length_is_taken_whole(self, times: int) -> None:
        text = "Wie lange habe ich Garantie? " * 20
        said = (text * times).strip()
        provider = ScriptedProvider(said)
        prompt = translation(text, source="de", target="en")
        assert await complete(LanguageModel(provider, "m"), prompt, question=text) == said

    async def test_who_asked_says_that_nothing_came(self) -> None:
        model = LanguageModel(ScriptedProvider("x" * 100_000), "m")
        assert isinstance(await find_names("Ada is here.", model), Unavailable)
        assert isinstance(await Translator(model).translate("Hello", source="en", target="de"), Unavailable)
