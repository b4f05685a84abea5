"""Anthropic's models through its own SDK, whose stream is read raw as OpenAI's is."""

from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any

import anthropic
import httpx2

from serving.inference.errors import ProviderError
from serving.inference.provider import Event, GenerationRequest, Message, Role, ToolMode
from serving.inference.providers.anthropic_events import AnthropicReader, as_json, error_of
from serving.inference.providers.client import http_client
from serving.inference.providers.endpoint import Endpoint
from serving.inference.providers.failures import of_transport, retry_after_s
from serving.inference.providers.reading import events_of
from serving.inference.providers.transport import Resolve
from serving.inference.providers.watchdog import StalledError, Watchdog

LABEL = "Anthropic"
FAILURES = (anthropic.AnthropicError, httpx2.HTTPError, StalledError)
# The protocol demands a limit; this one is far above what a grounded answer needs.
_DEFAULT_MAX_TOKENS = 4096
_NAMES = {"stop": "stop_sequences"}
# Newer models take none of these, and the SDK has no names for them any more.
_BODY_PARAMETERS = frozenset({"temperature", "top_p", "top_k"})


class AnthropicProvider:
    """Answers with a model of Anthropic.

    Args:
        endpoint: Where it is.
        resolve: Looks up the addresses of a host; the system's way unless given.
    """

    name = "anthropic"

    def __init__(self, endpoint: Endpoint, *, resolve: Resolve | None = None) -> None:
        self._limits = endpoint.limits
        # A key that is given keeps the SDK from looking for another one in the environment or on disk.
        self._client = anthropic.AsyncAnthropic(
            api_key=endpoint.key or "none",
            base_url=endpoint.base_url,
            max_retries=0,
            timeout=None,
            http_client=http_client(endpoint, resolve=resolve),
        )

    async def stream(self, request: GenerationRequest) -> AsyncIterator[Event]:
        """Answer, event by event."""
        reader = AnthropicReader(LABEL, request)
        opening = self._client.messages.with_streaming_response.create(**_arguments(request))
        try:
            watch = Watchdog(self._limits, request.deadline)
            async with aclosing(events_of(opening, reader, watch)) as events:
                async for event in events:
                    yield event
        except FAILURES as error:
            raise _told(error, has_begun=reader.has_begun) from None

    async def models(self) -> list[str]:
        """Names of the models that Anthropic offers.

        Raises:
            ProviderError: It did not say.
        """
        try:
            with Watchdog(self._limits, None) as watch:
                page = await watch.wait(self._client.models.list(limit=1000))
            return sorted(model.id for model in page.data or [])
        except FAILURES as error:
            raise _told(error, has_begun=False) from None

    async def aclose(self) -> None:
        """End its connections."""
        await self._client.close()


def _told(error: Exception, *, has_begun: bool) -> ProviderError:
    if isinstance(error, anthropic.APIStatusError):
        return error_of(LABEL, error.body, status=error.status_code, wait_s=retry_after_s(error.response.headers))
    if isinstance(error, anthropic.APIConnectionError) and error.__cause__ is not None:
        return of_transport(LABEL, error.__cause__, has_begun=has_begun)
    return of_transport(LABEL, error, has_begun=has_begun)


def _arguments(request: GenerationRequest) -> dict[str, Any]:
    spoken = [message for message in request.messages if message.role is not Role.SYSTEM]
    system = "\n\n".join(message.content for message in request.messages if message.role is Role.SYSTEM)
    arguments: dict[str, Any] = {
        "model": request.model,
        "max_tokens": _DEFAULT_MAX_TOKENS,
        "messages": _messages(spoken) or [{"role": "user", "content": request.question}],
        "stream": True,
    }
    body: dict[str, Any] = {}
    for name, value in request.parameters.items():
        (body if name in _BODY_PARAMETERS else arguments)[_NAMES.get(name, name)] = value
    arguments["extra_body"] = body or None
    if isinstance(stop := arguments.get("stop_sequences"), str):
        arguments["stop_sequences"] = [stop]
    if system:
        arguments["system"] = system
    if request.tools:
        arguments["tools"] = [
            {"name": tool.name, "description": tool.description, "input_schema": dict(tool.parameters)}
            for tool in request.tools
        ]
        arguments["tool_choice"] = _tool_choice(request)
    if request.response_schema is not None:
        schema = dict(request.response_schema.schema)
        arguments["output_config"] = {"format": {"type": "json_schema", "schema": schema}}
    return arguments


def _tool_choice(request: GenerationRequest) -> dict[str, Any]:
    choice = request.tool_choice
    if choice.mode is ToolMode.NONE:
        return {"type": "none"}
    named: dict[str, Any] = {"type": "any" if choice.mode is ToolMode.REQUIRED else "auto"}
    if choice.name is not None:
        named = {"type": "tool", "name": choice.name}
    return {**named, "disable_parallel_tool_use": True} if request.has_parallel_calls is False else named


def _messages(messages: list[Message]) -> list[dict[str, Any]]:
    """The messages as Anthropic wants them: all results of one turn's calls stand in one message."""
    written: list[dict[str, Any]] = []
    for position, message in enumerate(messages):
        if message.role is not Role.TOOL:
            written.append(_message(message))
            continue
        result = {"type": "tool_result", "tool_use_id": message.tool_call_id, "content": message.content}
        if position and messages[position - 1].role is Role.TOOL:
            written[-1]["content"].append(result)
        else:
            written.append({"role": "user", "content": [result]})
    return written


def _message(message: Message) -> dict[str, Any]:
    if not message.tool_calls:
        return {"role": message.role.value, "content": message.content}
    blocks: list[dict[str, Any]] = [{"type": "text", "text": message.content}] if message.content else []
    blocks += [
        {"type": "tool_use", "id": call.id, "name": call.name, "input": as_json(call.arguments)}
        for call in message.tool_calls
    ]
    return {"role": message.role.value, "content": blocks}
