"""An estimate of tokens, for providers that do not say and for what a call may cost before it is made."""

from collections.abc import Iterable, Sequence

from serving.inference.provider import Message, TokenUsage

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


def estimated_usage(messages: Sequence[Message], answer_bytes: int) -> TokenUsage:
    """The usage of a call whose provider did not tell it."""
    completion = -(-answer_bytes // _BYTES_PER_TOKEN)
    return TokenUsage(estimated_prompt_tokens(messages), completion, is_estimated=True)
