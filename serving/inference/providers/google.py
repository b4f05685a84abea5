"""Google's Gemini models through its own SDK, which parses the stream into objects of its own."""

import json
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from contextvars import ContextVar
from typing import Any, cast

import httpx2
from google import genai
from google.genai import errors, types

from serving.inference.errors import ProviderError, ProviderErrorKind
from serving.inference.provider import (
    Completed,
    Event,
    FinishReason,
    GenerationRequest,
    Message,
    Role,
    TextDelta,
    TokenUsage,
    ToolCall,
    ToolMode,
)
from serving.inference.providers.client import http_client
from serving.inference.providers.endpoint import Endpoint
from serving.inference.providers.failures import kind_of, of_transport, retry_after_s, told
from serving.inference.providers.tokens import estimated_usage
from serving.inference.providers.transport import Resolve
from serving.inference.providers.watchdog import StalledError, Watchdog

LABEL = "Google"
# ValueError: what the SDK raises for bytes that are no JSON, and for JSON of another shape.
FAILURES = (errors.APIError, httpx2.HTTPError, StalledError, ValueError, AttributeError, TypeError)
_NAMES = {"max_tokens": "max_output_tokens", "stop": "stop_sequences"}
_FINISH = {
    types.FinishReason.STOP: FinishReason.STOP,
    types.FinishReason.MAX_TOKENS: FinishReason.LENGTH,
}
_BROKEN = (types.FinishReason.MALFORMED_FUNCTION_CALL, types.FinishReason.UNEXPECTED_TOOL_CALL)

logging.getLogger("google_genai").setLevel(logging.ERROR)  # it logs what it is asked


class GoogleProvider:
    """Answers with a model of Google.

    Args:
        endpoint: Where it is.
        resolve: Looks up the addresses of a host; the system's way unless given.
    """

    name = "google"

    def __init__(self, endpoint: Endpoint, *, resolve: Resolve | None = None) -> None:
        self._limits = endpoint.limits
        self._http = http_client(endpoint, resolve=resolve)
        self._http.event_hooks = {"response": [_keep]}
        # No retry options are given: then it makes one attempt.
        options = types.HttpOptions(base_url=endpoint.base_url, httpx_async_client=self._http)
        self._client = genai.Client(vertexai=False, api_key=endpoint.key or "none", http_options=options)

    async def stream(self, request: GenerationRequest) -> AsyncIterator[Event]:
        """Answer, event by event."""
        answer = _Answer(request)
        try:
            with Watchdog(self._limits, request.deadline) as watch:
                opening = self._client.aio.models.generate_content_stream(
                    model=request.model, contents=cast("Any", _contents(request)), config=_config(request)
                )
                chunks = cast("Any", await watch.wait(opening))
                async with AsyncExitStack() as stack:
                    chunk = await watch.wait(_first(chunks, stack))
                    while chunk is not None:
                        watch.progress()
                        for event in answer.read(chunk):
                            yield event
                        chunk = await watch.wait(anext(chunks, None))
                yield answer.completed()
        except FAILURES as error:
            raise _told(error, has_begun=answer.has_begun) from None

    async def models(self) -> list[str]:
        """Names of the models that Google offers.

        Raises:
            ProviderError: It did not say.
        """
        try:
            with Watchdog(self._limits, None) as watch:
                pager = await watch.wait(self._client.aio.models.list(config={"page_size": 1000}))
            return sorted((model.name or "").removeprefix("models/") for model in pager.page)
        except FAILURES as error:
            raise _told(error, has_begun=False) from None

    async def aclose(self) -> None:
        """End its connections."""
        await self._http.aclose()


# The SDK's generators are nested and do not close each other, so the response of a call is closed by its reader.
_responses: ContextVar[AsyncExitStack | None] = ContextVar("_responses", default=None)


async def _keep(response: httpx2.Response) -> None:
    stack = _responses.get()
    if stack is not None:
        stack.push_async_callback(response.aclose)


async def _first(
    chunks: AsyncIterator[types.GenerateContentResponse], stack: AsyncExitStack
) -> types.GenerateContentResponse | None:
    """Make the call; its response is closed with the stack."""
    token = _responses.set(stack)
    try:
        return await anext(chunks, None)
    finally:
        _responses.reset(token)


class _Answer:
    """What has come of one answer."""

    def __init__(self, request: GenerationRequest) -> None:
        self.has_begun = False
        self._request = request
        self._model = ""
        self._request_id: str | None = None
        self._finish: FinishReason | None = None
        self._usage: types.GenerateContentResponseUsageMetadata | None = None
        self._answer_bytes = 0
        self._calls = 0

    def read(self, chunk: types.GenerateContentResponse) -> Sequence[Event]:
        self._model = chunk.model_version or self._model
        self._request_id = chunk.response_id or self._request_id
        self._usage = chunk.usage_metadata or self._usage
        if chunk.prompt_feedback is not None and chunk.prompt_feedback.block_reason is not None:
            raise told(LABEL, ProviderErrorKind.CONTENT_FILTERED)
        candidate = chunk.candidates[0] if chunk.candidates else None
        if candidate is None:
            if chunk.usage_metadata is None and chunk.model_version is None:
                raise told(LABEL, ProviderErrorKind.INVALID_RESPONSE)
            return ()
        if candidate.finish_reason in _BROKEN:
            raise told(LABEL, ProviderErrorKind.INVALID_RESPONSE)
        if candidate.finish_reason is not None:
            self._finish = _FINISH.get(candidate.finish_reason, FinishReason.CONTENT_FILTER)
        parts = (candidate.content.parts if candidate.content is not None else None) or []
        return [event for part in parts for event in self._part(part)]

    def _part(self, part: types.Part) -> Sequence[Event]:
        if part.function_call is not None:
            self.has_begun = True
            call, self._calls = part.function_call, self._calls + 1
            arguments = json.dumps(call.args or {}, ensure_ascii=False)
            self._answer_bytes += len(arguments)
            return (ToolCall(call.id or f"call_{self._calls}", call.name or "", arguments),)
        if not part.text:
            return ()
        self._answer_bytes += len(part.text)
        if part.thought:
            return ()
        self.has_begun = True
        return (TextDelta(part.text),)

    def completed(self) -> Completed:
        if self._finish is None:
            raise told(LABEL, ProviderErrorKind.CUT)
        finish = FinishReason.TOOL_CALLS if self._calls and self._finish is FinishReason.STOP else self._finish
        return Completed(finish, self._counted(), self._model or self._request.model, self._request_id)

    def _counted(self) -> TokenUsage:
        usage = self._usage
        if usage is None or usage.prompt_token_count is None:
            return estimated_usage(self._request, self._answer_bytes)
        completion = (usage.candidates_token_count or 0) + (usage.thoughts_token_count or 0)
        return TokenUsage(usage.prompt_token_count, completion, usage.cached_content_token_count or 0)


def _told(error: Exception, *, has_begun: bool) -> ProviderError:
    if not isinstance(error, errors.APIError):
        return of_transport(LABEL, error, has_begun=has_begun)
    details = error.details if isinstance(error.details, dict) else {}
    inner = details.get("error", details)
    inner = inner if isinstance(inner, dict) else {}
    headers = getattr(error.response, "headers", None) or {}
    wait_s = retry_after_s(headers)
    words = [str(error.status or "")]
    for detail in inner.get("details") or []:
        if isinstance(detail, dict):
            delay = str(detail.get("retryDelay", ""))
            wait_s = float(delay[:-1]) if wait_s is None and delay[:-1].replace(".", "", 1).isdecimal() else wait_s
    status = error.code if isinstance(error.code, int) else None
    kind = kind_of(status, tuple(words), str(error.message or ""))
    return told(LABEL, kind, retry_after_s=wait_s)


def _config(request: GenerationRequest) -> types.GenerateContentConfig:
    system = "\n\n".join(message.content for message in request.messages if message.role is Role.SYSTEM)
    values: dict[str, Any] = {_NAMES.get(name, name): value for name, value in request.parameters.items()}
    if isinstance(stop := values.get("stop_sequences"), str):
        values["stop_sequences"] = [stop]
    if request.tools:
        declared = [
            types.FunctionDeclaration(
                name=tool.name, description=tool.description, parameters_json_schema=dict(tool.parameters)
            )
            for tool in request.tools
        ]
        values["tools"] = [types.Tool(function_declarations=declared)]
        values["tool_config"] = types.ToolConfig(function_calling_config=_calling(request))
    if request.response_schema is not None:
        values["response_mime_type"] = "application/json"
        values["response_json_schema"] = dict(request.response_schema.schema)
    return types.GenerateContentConfig(
        system_instruction=system or None,
        # Neither calls of its own nor second requests: what is called and how often is decided and paid here.
        automatic_function_calling=types.AutomaticFunctionCallingConfig(disable=True),
        automatic_continuation=False,
        **values,
    )


def _contents(request: GenerationRequest) -> list[types.Content]:
    names = {call.id: call.name for message in request.messages for call in message.tool_calls}
    spoken = [message for message in request.messages if message.role is not Role.SYSTEM]
    if not spoken:
        return [types.Content(role="user", parts=[types.Part(text=request.question)])]
    written: list[types.Content] = []
    for position, message in enumerate(spoken):
        if message.role is not Role.TOOL:
            written.append(_content(message))
            continue
        name = names.get(message.tool_call_id or "", message.tool_call_id)
        answer = types.FunctionResponse(id=message.tool_call_id, name=name, response={"result": message.content})
        part = types.Part(function_response=answer)
        before = written[-1].parts if position and spoken[position - 1].role is Role.TOOL else None
        if before is not None:  # all results of one turn's calls stand in one turn
            before.append(part)
        else:
            written.append(types.Content(role="user", parts=[part]))
    return written


def _calling(request: GenerationRequest) -> types.FunctionCallingConfig:
    choice = request.tool_choice
    modes = {
        ToolMode.AUTO: types.FunctionCallingConfigMode.AUTO,
        ToolMode.NONE: types.FunctionCallingConfigMode.NONE,
        ToolMode.REQUIRED: types.FunctionCallingConfigMode.ANY,
    }
    return types.FunctionCallingConfig(
        mode=modes[choice.mode], allowed_function_names=[choice.name] if choice.name is not None else None
    )


def _content(message: Message) -> types.Content:
    parts = [types.Part(text=message.content)] if message.content else []
    for call in message.tool_calls:
        called = types.FunctionCall(id=call.id, name=call.name, args=json.loads(call.arguments or "{}"))
        parts.append(types.Part(function_call=called))
    return types.Content(role="model" if message.role is Role.ASSISTANT else "user", parts=parts)
