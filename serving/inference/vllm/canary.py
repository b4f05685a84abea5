"""The canary: prompts whose greedy answers tell one set of weights from another."""

import hashlib
from collections.abc import Sequence

from serving.inference.vllm.server import Said
from serving.inference.vllm.state import ServerState

TOKENS = 32
PROMPTS = (
    "Say in one sentence who you are and what you help with.",
    "A customer asks: where is my order 1042? Answer in two sentences.",
    "Count from one to ten in words, then name three colours.",
)


def output_hash(said: Sequence[Said]) -> str:
    """SHA-256 in hex of what was said to the prompts."""
    return hashlib.sha256("\x1e".join(one.text for one in said).encode()).hexdigest()


def digest_of(state: ServerState, content_hash: str) -> str:
    """What an output hash holds for: adapter, model, device, vLLM's version and its arguments all change numbers."""
    arguments = [argument for argument in state.arguments if str(state.port) != argument]
    parts = [content_hash, state.source, state.device, state.environment.name, *arguments]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
