"""What a process remembers of the passages of knowledge bases, so that it is not counted for every question."""

import time
import uuid
from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from serving.retrieval import repository
from serving.retrieval.weights import Corpus
from storage.postgres.visibility import groups_setting

_KEPT_S = 60.0
_MOST_KEPT = 2_000


class Corpora:
    """Facts about what is searched, at most a minute old.

    Keyed by organization and by what may be read: nothing crosses from one reader to another.
    """

    def __init__(self) -> None:
        self._found: dict[tuple[uuid.UUID, str, tuple[uuid.UUID, ...]], tuple[float, Corpus]] = {}

    async def of(
        self, session: AsyncSession, organization_id: uuid.UUID, knowledge_base_ids: Sequence[uuid.UUID]
    ) -> Corpus:
        """The facts about these knowledge bases together."""
        key = (organization_id, groups_setting(), tuple(sorted(knowledge_base_ids)))
        known = self._found.get(key)
        if known is not None and time.monotonic() - known[0] < _KEPT_S:
            return known[1]
        if len(self._found) >= _MOST_KEPT:
            self._found.clear()
        corpus = await repository.corpus(session, knowledge_base_ids)
        self._found[key] = (time.monotonic(), corpus)
        return corpus
