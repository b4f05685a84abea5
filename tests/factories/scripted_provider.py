"""A provider that says what a test tells it to, in pieces, as models do."""

from collections.abc import AsyncIterator

from serving.inference.errors import ProviderError
from serving.inference.provider import Completed, Event, FinishReason, GenerationRequest, TextDelta, TokenUsage
from serving.language.completion import LanguageModel


class ScriptedProvider:
    """Answers every request with the same text, or fails with the same error."""

    name = "scripted"

    def __init__(
        self, text: str, *, finish: FinishReason = FinishReason.STOP, error: ProviderError | None = None
    ) -> None:
        self._text, self._finish, self._error = text, finish, error
        self.requests: list[GenerationRequest] = []

    async def stream(self, request: GenerationRequest) -> AsyncIterator[Event]:
        """Say the text in pieces of five characters."""
        self.requests.append(request)
        if self._error is not None:
            raise self._error
        for start in range(0, len(self._text), 5):
            yield TextDelta(self._text[start : start + 5])
        yield Completed(self._finish, TokenUsage(1, 1))


def scripted(
    text: str, *, finish: FinishReason = FinishReason.STOP, error: ProviderError | None = None
) -> LanguageModel:
    """A language model that says `text`."""
    return LanguageModel(ScriptedProvider(text, finish=finish, error=error), "m")
