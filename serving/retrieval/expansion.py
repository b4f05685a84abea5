"""What is read along with a passage: its neighbours, or the section it stands in."""

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from serving.retrieval import repository
from serving.retrieval.ranking import Found
from serving.retrieval.settings import RetrievalSettings

MOST_NEIGHBOURS = 12  # of a section: one as long as a book is no context
MOST_CHARACTERS = 12_000


async def contexts(session: AsyncSession, found: Sequence[Found], settings: RetrievalSettings) -> dict[uuid.UUID, str]:
    """The text to read for each passage, by chunk id; nothing where only the passage itself is asked for."""
    reach = MOST_NEIGHBOURS if settings.reads_parents else settings.neighbours
    if not reach or not found:
        return {}
    chunks = [one.row.Chunk for one in found]
    spans = [(c.document_version_id, c.chunking, c.ordinal - reach, c.ordinal + reach) for c in chunks]
    around = await repository.surroundings(session, spans)
    return {chunk.id: _text(chunk, around, reach, by_parent=settings.reads_parents) for chunk in chunks}


def _text(chunk: Any, around: Mapping[tuple[uuid.UUID, str, int], Any], reach: int, *, by_parent: bool) -> str:
    parts = [chunk]
    for step in (-1, 1):
        for distance in range(1, reach + 1):
            beside = around.get((chunk.document_version_id, chunk.chunking, chunk.ordinal + step * distance))
            if beside is None or (by_parent and not _is_inside(beside, chunk)):
                break
            if step < 0:
                parts.insert(0, beside)
            else:
                parts.append(beside)
    return joined(parts)[:MOST_CHARACTERS]


def _is_inside(beside: Any, chunk: Any) -> bool:
    if chunk.parent_start is None or chunk.parent_end is None:
        return False
    return bool(beside.char_start >= chunk.parent_start and beside.char_end <= chunk.parent_end)


def joined(parts: Sequence[Any]) -> str:
    """Passages in reading order as one text: what two of them share is said once."""
    text, end = parts[0].text, parts[0].char_end
    for part in parts[1:]:
        shared = end - part.char_start
        is_verbatim = len(part.text) == part.char_end - part.char_start
        if shared > 0 and is_verbatim:
            text += part.text[shared:]
        else:
            text += "\n\n" + part.text
        end = max(end, part.char_end)
    return str(text)
