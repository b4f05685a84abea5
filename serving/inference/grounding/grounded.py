"""A provider's events on their way to the reader: text made harmless, citations checked, what is unsupported said."""

from collections.abc import AsyncIterator, Collection, Iterator
from dataclasses import dataclass, field, replace

from serving.inference.grounding.citations import CitationChecker
from serving.inference.grounding.output_filter import OutputFilter
from serving.inference.phrases import phrase
from serving.inference.provider import (
    Citation,
    Completed,
    Event,
    FinishReason,
    GenerationRequest,
    Role,
    TextDelta,
    ToolCall,
)


@dataclass
class Grounding:
    """Holds one answer against what its model was given.

    Text leaves without images, HTML and addresses that neither a passage nor the question spells out. Marks of passages
    that were not given are taken out; the others become citations with the passage's closest sentence, verbatim. An answer
    that cites nothing says so and counts as refused, unless it may rest on what tools have said. A tool that may not be
    called is not: what a document asks for has no authority.

    Attributes:
        request: What the model was asked.
        cites_itself: Whether the provider sends citations of its own, as the extractive one does; its text is filtered only.
        must_cite: Whether an answer that cites nothing says so; not for a bot that answers without documents.
        allowed_hosts: Hosts that the bot's owner lets answers link to.
    """

    request: GenerationRequest
    cites_itself: bool = False
    must_cite: bool = True
    allowed_hosts: Collection[str] = ()
    refused_calls: int = 0
    _output: OutputFilter = field(init=False)
    _checker: CitationChecker = field(init=False)
    _is_empty: bool = True
    _has_called: bool = False

    def __post_init__(self) -> None:
        said = [message.content for message in self.request.messages if message.role is Role.TOOL]
        texts = [self.request.question, *(item.text for item in self.request.evidence), *said]
        self._has_results = bool(said)
        self._output = OutputFilter(texts, self.allowed_hosts)
        self._checker = CitationChecker(self.request.evidence)
        self._offered = self.request.callable_tools

    async def passed(self, events: AsyncIterator[Event]) -> AsyncIterator[Event]:
        """Pass a provider's events on."""
        async for event in events:
            for one in self.take(event):
                yield one

    def take(self, event: Event) -> Iterator[Event]:
        """What one event of the provider becomes."""
        if isinstance(event, TextDelta):
            yield from self._text(self._output.feed(event.text))
        elif isinstance(event, Citation):
            yield from self._text(self._output.finish())
            yield event
        elif isinstance(event, ToolCall):
            if event.name in self._offered:
                self._has_called = True
                yield from self._text(self._output.finish())
                yield event
            else:
                self.refused_calls += 1
        elif isinstance(event, Completed):
            yield from self._text(self._output.finish())
            if not self.cites_itself:
                yield from self._seen(self._checker.finish())
            yield from self._completed(event)

    def _text(self, text: str) -> Iterator[TextDelta | Citation]:
        if self.cites_itself:
            if text:
                yield TextDelta(text)
        else:
            yield from self._seen(self._checker.feed(text))

    def _seen(self, events: Iterator[TextDelta | Citation]) -> Iterator[TextDelta | Citation]:
        for event in events:
            self._is_empty = self._is_empty and not (isinstance(event, TextDelta) and event.text.strip())
            yield event

    def _completed(self, event: Completed) -> Iterator[Event]:
        decisions = dict(event.decisions)
        if self._output.removed:
            decisions["removed_from_output"] = dict(self._output.removed)
        if self.refused_calls:
            decisions["tool_calls_not_offered"] = self.refused_calls
        finish = event.finish_reason
        if self._has_called and finish is FinishReason.STOP:
            # Servers say so of a call that they were told to make.
            finish = FinishReason.TOOL_CALLS
        elif finish is FinishReason.TOOL_CALLS and not self._has_called:
            finish = FinishReason.STOP
        if not self.cites_itself:
            decisions["citation_support"] = self._checker.support
            decisions["citations_of_nothing"] = self._checker.unknown
            # JSON and calls of tools have no sentences to cite in; what they rest on is in the receipt's passages.
            is_prose = self.request.response_schema is None and finish is not FinishReason.TOOL_CALLS
            if self.must_cite and is_prose and not self._has_results and not self._checker.cited:
                finish = FinishReason.REFUSED
                note = phrase("uncited", self.request.language)
                yield TextDelta(note if self._is_empty else f"\n\n{note}")
        yield replace(event, finish_reason=finish, decisions=decisions)
