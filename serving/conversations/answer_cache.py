"""Answers that were given before, for the very same prompt: what is saved is the model's work, never the read gate.

The key holds the whole prompt, passages included, and retrieval runs before it is looked up. So an answer is found again only
by who was given the same passages, under the same permissions, from the same index version; a promoted index, a changed or
erased document or a lost permission makes another prompt. What is erased must not even lie in memory: `forget` is called in
every process when it is announced (`storage/erasure/announcing.py`).
"""

import hashlib
import json
import math
import time
import uuid
from collections import OrderedDict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from serving.inference.provider import Citation, Completed, FinishReason, TextDelta
from serving.inference.routing.route import Routed

KEEP_S = 600.0
MAX_BYTES = 64 * 1024 * 1024
# One organization's questions must not push out everybody else's answers.
_SHARE = 4
_ENTRY_OVERHEAD = 500


@dataclass(frozen=True)
class CacheKey:
    """What an answer depends on; made by `cache_key` only."""

    organization_id: uuid.UUID
    digest: str


@dataclass(frozen=True)
class CachedAnswer:
    """An answer as it was sent; `begun_at` is `time.monotonic()` before anything was read for it."""

    message_id: uuid.UUID
    events: tuple[TextDelta | Citation, ...]
    completed: Completed
    routed: Routed
    begun_at: float

    @property
    def size(self) -> int:
        """Bytes, roughly."""
        texts = (event.text if isinstance(event, TextDelta) else event.quote for event in self.events)
        return _ENTRY_OVERHEAD + sum(len(text.encode()) + 100 for text in texts)


def cache_key(
    *,
    organization_id: uuid.UUID,
    group_ids: Collection[uuid.UUID] | None,
    index_version_id: uuid.UUID | None,
    prompt_hash: str,
    question: str,
    chatbot_version_id: uuid.UUID,
    models: Collection[str],
    parameters: Mapping[str, Any],
) -> CacheKey:
    """The key of an answer. Every part must be said: there is no answer for nobody in particular.

    Args:
        organization_id: Whose.
        group_ids: The asker's groups, None for one who reads everything.
        index_version_id: Where the passages came from.
        prompt_hash: Of the rendered messages, passages included.
        question: As the extractive provider reads it.
        chatbot_version_id: The bot's configuration: rules of routing, hosts that may be linked.
        models: Providers and models that may answer, with their versions and adapters.
        parameters: Sampling parameters.
    """
    parts = {
        "organization": str(organization_id),
        "groups": None if group_ids is None else sorted(map(str, group_ids)),
        "index_version": str(index_version_id),
        "prompt": prompt_hash,
        "question": question,
        "chatbot_version": str(chatbot_version_id),
        "models": sorted(models),
        "parameters": dict(parameters),
    }
    text = json.dumps(parts, sort_keys=True, default=str)
    return CacheKey(organization_id, hashlib.sha256(text.encode()).hexdigest())


def cache_salt(organization_id: uuid.UUID) -> str:
    """Keeps an organization's prompts apart in a model server's prefix cache: timing tells nobody what others asked."""
    return hashlib.sha256(b"pixel prefix cache " + organization_id.bytes).hexdigest()[:32]


class AnswerCache:
    """Answers of the last minutes, in memory, bounded in bytes and per organization; the least used go first."""

    def __init__(self, *, max_bytes: int = MAX_BYTES, keep_s: float = KEEP_S) -> None:
        self._entries: OrderedDict[CacheKey, tuple[float, CachedAnswer]] = OrderedDict()
        self._sizes: dict[uuid.UUID, int] = {}
        # When an organization's answers were forgotten last, and everybody's.
        self._forgotten: dict[uuid.UUID, float] = {}
        self._all_forgotten = -math.inf
        self._max_bytes = max_bytes
        self._keep_s = keep_s

    @property
    def size(self) -> int:
        """Bytes held."""
        return sum(self._sizes.values())

    def get(self, key: CacheKey) -> CachedAnswer | None:
        """The answer of a key, None when there is none or it is too old."""
        found = self._entries.get(key)
        if found is None:
            return None
        since, answer = found
        if time.monotonic() - since > self._keep_s:
            self._remove(key)
            return None
        self._entries.move_to_end(key)
        return answer

    def put(self, key: CacheKey, answer: CachedAnswer) -> None:
        """Keep an answer that came to its end and is stored, unless what it was made of may have been forgotten meanwhile."""
        if answer.completed.finish_reason not in (FinishReason.STOP, FinishReason.REFUSED):
            return
        if answer.begun_at <= self._forgotten.get(key.organization_id, self._all_forgotten):
            return
        if answer.size > self._max_bytes // _SHARE:
            return
        self._remove(key)
        self._entries[key] = (time.monotonic(), answer)
        self._sizes[key.organization_id] = self._sizes.get(key.organization_id, 0) + answer.size
        self._forget_old()
        self._shrink(key.organization_id)

    def forget(self, organization_id: uuid.UUID | None) -> int:
        """Drop an organization's answers, or everybody's, and keep none that is on its way; how many there were."""
        now = time.monotonic()
        if organization_id is None:
            self._all_forgotten = now
            self._forgotten.clear()
        else:
            self._forgotten[organization_id] = now
        found = [key for key in self._entries if organization_id in (None, key.organization_id)]
        for key in found:
            self._remove(key)
        return len(found)

    def _remove(self, key: CacheKey) -> None:
        found = self._entries.pop(key, None)
        if found is not None:
            left = self._sizes[key.organization_id] - found[1].size
            if left:
                self._sizes[key.organization_id] = left
            else:
                del self._sizes[key.organization_id]

    def _forget_old(self) -> None:
        oldest = time.monotonic() - self._keep_s
        for key in [key for key, (since, _) in self._entries.items() if since < oldest]:
            self._remove(key)

    def _shrink(self, organization_id: uuid.UUID) -> None:
        while self._sizes.get(organization_id, 0) > self._max_bytes // _SHARE:
            self._remove(next(key for key in self._entries if key.organization_id == organization_id))
        while self.size > self._max_bytes:
            self._remove(next(iter(self._entries)))
