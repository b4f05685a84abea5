"""vLLM, OpenAI and Ollama, which speak OpenAI's protocol, through OpenAI's own SDK.

The SDK builds and sends the request; its stream is read raw, because its own objects cost several times what the rest of a
token does. It does not retry: that is the router's.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

import httpx2
import openai

from serving.inference.errors import ProviderError
from serving.inference.provider import Event, GenerationRequest, Message, Role, ToolMode
from serving.inference.providers.client import http_client
from serving.inference.providers.endpoint import Endpoint
from serving.inference.providers.failures import of_transport, retry_after_s
from serving.inference.providers.openai_chunks import OpenAIReader, error_of
from serving.inference.providers.reading import events_of
from serving.inference.providers.transport import Resolve
from serving.inference.providers.watchdog import StalledError, Watchdog
from storage.postgres.models.model_connection import ModelProvider

FAILURES = (openai.OpenAIError, httpx2.HTTPError, StalledError)


@dataclass(frozen=True)
class Dialect:
    """How one server of this protocol differs from the others.

    Attributes:
        label: Its name, for people.
        max_tokens: What it calls the most tokens of an answer.
        has_cache_salt: Whether it keeps prefixes of different salts apart.
        has_strict_tools: Whether it keeps arguments of tools to their schema when it is asked to.
    """

    label: str
    max_tokens: str = "max_tokens"
    has_cache_salt: bool = False
    has_strict_tools: bool = False


DIALECTS = {
    ModelProvider.OPENAI: Dialect("OpenAI", max_tokens="max_completion_tokens", has_strict_tools=True),
    ModelProvider.VLLM: Dialect("vLLM", has_cache_salt=True, has_strict_tools=True),
    ModelProvider.OLLAMA: Dialect("Ollama"),
}


class OpenAICompatibleProvider:
    """Answers with a model behind OpenAI's protocol.

    Args:
        endpoint: Where it is.
        resolve: Looks up the addresses of a host; the system's way unless given.
    """

    def __init__(self, endpoint: Endpoint, *, resolve: Resolve | None = None) -> None:
        self.name = endpoint.provider.value
        self._dialect = DIALECTS[endpoint.provider]
        self._limits = endpoint.limits
        # What the SDK would take from the environment is taken away: a connection's key is the only one that is sent.
        absent: dict[str, Any] = {"OpenAI-Organization": openai.Omit(), "OpenAI-Project": openai.Omit()}
        self._headers: dict[str, Any] = {} if endpoint.key is not None else {"Authorization": openai.Omit()}
        self._client = openai.AsyncOpenAI(
            api_key=endpoint.key or "none",
            base_url=endpoint.base_url,
            max_retries=0,
            timeout=None,
            default_headers=absent,
            http_client=http_client(endpoint, resolve=resolve),
        )

    async def stream(self, request: GenerationRequest) -> AsyncIterator[Event]:
        """Answer, event by event."""
        reader = OpenAIReader(self._dialect.label, request)
        opening = self._client.chat.completions.with_streaming_response.create(**self._arguments(request))
        try:
            watch = Watchdog(self._limits, request.deadline)
            async with aclosing(events_of(opening, reader, watch)) as events:
                async for event in events:
                    yield event
        except FAILURES as error:
            raise self._told(error, has_begun=reader.has_begun) from None

    async def models(self) -> list[str]:
        """Names of the models that the server offers.

        Raises:
            ProviderError: It did not say.
        """
        try:
            with Watchdog(self._limits, None) as watch:
                page = await watch.wait(self._client.models.list(extra_headers=self._headers))
            return sorted(model.id for model in page.data or [])
        except FAILURES as error:
            raise self._told(error, has_begun=False) from None

    async def aclose(self) -> None:
        """End its connections."""
        await self._client.close()

    def _told(self, error: Exception, *, has_begun: bool) -> ProviderError:
        label = self._dialect.label
        if isinstance(error, openai.APIStatusError):
            wait_s = retry_after_s(error.response.headers)
            return error_of(label, error.body or {}, status=error.status_code, wait_s=wait_s)
        if isinstance(error, openai.APIConnectionError) and error.__cause__ is not None:
            return of_transport(label, error.__cause__, has_begun=has_begun)
        return of_transport(label, error, has_begun=has_begun)

    def _arguments(self, request: GenerationRequest) -> dict[str, Any]:
        body: dict[str, Any] = {
            "messages": [_message(m) for m in request.messages] or [{"role": "user", "content": request.question}],
            "stream_options": {"include_usage": True},
        }
        for name, value in request.parameters.items():
            body[self._dialect.max_tokens if name == "max_tokens" else name] = value
        if request.cache_salt is not None and self._dialect.has_cache_salt:
            body["cache_salt"] = request.cache_salt
        if request.tools:
            body |= self._tools(request)
        if request.response_schema is not None:
            schema = {"name": request.response_schema.name, "schema": dict(request.response_schema.schema)}
            body["response_format"] = {"type": "json_schema", "json_schema": {**schema, "strict": True}}
        # The SDK walks through what it is given by name, every message against its types; the body it merges as it is.
        return {
            "model": request.model,
            "messages": (),
            "stream": True,
            "extra_body": body,
            "extra_headers": self._headers,
        }

    def _tools(self, request: GenerationRequest) -> dict[str, Any]:
        strict = {"strict": True} if self._dialect.has_strict_tools else {}
        functions = [
            {
                "name": t.name,
                "description": t.description,
                "parameters": dict(t.parameters),
                **(strict if t.is_strict else {}),
            }
            for t in request.tools
        ]
        body: dict[str, Any] = {"tools": [{"type": "function", "function": function} for function in functions]}
        choice = request.tool_choice
        if choice.name is not None:
            body["tool_choice"] = {"type": "function", "function": {"name": choice.name}}
        elif choice.mode is not ToolMode.AUTO:  # which is what all servers do by themselves
            body["tool_choice"] = choice.mode.value
        if request.has_parallel_calls is not None:
            body["parallel_tool_calls"] = request.has_parallel_calls
        return body


def _message(message: Message) -> Mapping[str, Any]:
    if message.role is Role.TOOL:
        return {"role": "tool", "content": message.content, "tool_call_id": message.tool_call_id}
    written: dict[str, Any] = {"role": message.role.value, "content": message.content}
    if message.tool_calls:
        written["tool_calls"] = [
            {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
            for call in message.tool_calls
        ]
    return written
