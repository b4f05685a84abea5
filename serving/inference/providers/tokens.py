"""An estimate of tokens, for providers that do not say and for what a call may cost before it is made."""

import json
from collections.abc import Iterable

from serving.inference.provider import GenerationRequest, Message, TokenUsage

_BYTES_PER_TOKEN = 4
# Role and separators of a message, as chat templates write them.
_TOKENS_PER_MESSAGE = 4


def estimated_tokens(text: str) -> int:
    """About how many tokens a text has: a quarter of its UTF-8 bytes, which holds for scripts of long characters, too."""
    return -(-len(text.encode()) // _BYTES_PER_TOKEN)


def estimated_prompt_tokens(messages: Iterable[Message]) -> int:
    """About how many tokens a prompt has."""
    return sum(
        _TOKENS_PER_MESSAGE
        + estimated_tokens(message.content)
        + sum(estimated_tokens(call.name + call.arguments) for call in message.tool_calls)
        for message in messages
    )


def estimated_request_tokens(request: GenerationRequest) -> int:
    """About how many tokens a request has that are read: its prompt and the tools that it offers."""
    tools = sum(
        _TOKENS_PER_MESSAGE + estimated_tokens(tool.name + tool.description + json.dumps(dict(tool.parameters)))
        for tool in request.tools
    )
    return estimated_prompt_tokens(request.messages) + tools


def estimated_usage(request: GenerationRequest, answer_bytes: int) -> TokenUsage:
    """The usage of a call whose provider did not tell it."""
    completion = -(-answer_bytes // _BYTES_PER_TOKEN)
    return TokenUsage(estimated_request_tokens(request), completion, is_estimated=True)
