"""Blanks what answers quoted from an erased document, word for word or translated. What an answer says in its own words stays.

An answer belongs to its conversation; the words of the document in it belong to the document. So the quotes of its
receipt are emptied, the receipt says when, and in the answer itself each run of the document's words becomes `[erased]`. Of
translated quotes no run can be found, so such an answer is blanked whole.
"""

import difflib
import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from storage.erasure.evidence import Evidence
from storage.erasure.targets import Targets
from storage.postgres.models.chunk import Chunk
from storage.postgres.models.message import Message, MessageAuthor, MessageState
from storage.postgres.models.receipt import Receipt
from storage.postgres.models.receipt_passage import ReceiptPassage

BLANK = "[erased]"
_SHORTEST_RUN = 20  # shorter runs of equal characters are words that any two texts share


def blank_quotes(session: Session, organization_id: uuid.UUID, targets: Targets, evidence: Evidence) -> tuple[int, int]:
    """Empty the quotes of receipts and the document's words in answers.

    Args:
        session: A session of the owner, in which the passages are still there.
        organization_id: Whose receipts.
        targets: What is erased.
        evidence: Has windows of its passages, for answers that never came to their end and got no receipt.

    Returns:
        How many passages of receipts and how many answers were changed.
    """
    sources = _passages_behind(session, organization_id, targets.version_ids)
    translated = _translated(session, organization_id, targets.version_ids)
    answers = session.scalars(select(Message).where(Message.id.in_(sources)).with_for_update()).all()
    changed = 0
    for message in answers:
        blanked = BLANK if message.id in translated else blank(message.content, sources[message.id])
        changed += blanked != message.content
        message.content = blanked
    if targets.version_ids:
        changed += _unfinished(session, organization_id, evidence.passage_texts)
    passages = session.execute(
        update(ReceiptPassage)
        .where(
            ReceiptPassage.organization_id == organization_id,
            ReceiptPassage.document_version_id.in_(targets.version_ids),
        )
        .values(quotes=[], erased_at=func.now())
        .returning(ReceiptPassage.id)
    ).all()
    return len(passages), changed


def blank(answer: str, sources: Iterable[str]) -> str:
    """The answer with every longer run of a source's words replaced."""
    for source in sources:
        matcher = difflib.SequenceMatcher(None, answer, source, autojunk=False)
        runs = [(match.a, match.a + match.size) for match in matcher.get_matching_blocks() if match.size]
        # Blocks come in order and never overlap; later ones first, so that positions stay right.
        for start, end in reversed(runs):
            if end - start >= min(_SHORTEST_RUN, len(source.strip())):
                answer = f"{answer[:start]}{BLANK}{answer[end:]}"
    return answer


def _passages_behind(
    session: Session, organization_id: uuid.UUID, version_ids: Collection[uuid.UUID]
) -> dict[uuid.UUID, list[str]]:
    """Quotes and passage texts of these versions, by the answer that was given them; quotes first."""
    rows = session.execute(
        select(Receipt.message_id, ReceiptPassage.quotes, Chunk.text)
        .join(Receipt, Receipt.id == ReceiptPassage.receipt_id)
        .outerjoin(Chunk, Chunk.id == ReceiptPassage.chunk_id)
        .where(ReceiptPassage.organization_id == organization_id, ReceiptPassage.document_version_id.in_(version_ids))
        .order_by(Receipt.message_id, ReceiptPassage.rank)
    )
    found: defaultdict[uuid.UUID, list[str]] = defaultdict(list)
    for row in rows:
        found[row.message_id] += [*row.quotes, *([row.text] if row.text else [])]
    return dict(found)


def _translated(session: Session, organization_id: uuid.UUID, version_ids: Collection[uuid.UUID]) -> set[uuid.UUID]:
    """Answers that are a translation of quotes from these versions."""
    outcome = Receipt.guard_decisions["translation"]["answer"]["outcome"].astext
    rows = session.scalars(
        select(Receipt.message_id)
        .join(ReceiptPassage, ReceiptPassage.receipt_id == Receipt.id)
        .where(ReceiptPassage.organization_id == organization_id, ReceiptPassage.document_version_id.in_(version_ids))
        .where(ReceiptPassage.citation.is_not(None), outcome == "translated")
    )
    return set(rows)


def _unfinished(session: Session, organization_id: uuid.UUID, windows: Collection[str]) -> int:
    """Answers of a bot that were cut short have no receipt; one that holds words of the document is blanked whole.

    What people wrote, agents as well, is theirs and never looked at.
    """
    if not windows:
        return 0
    without: Sequence[Message] = session.scalars(
        select(Message)
        .outerjoin(Receipt, Receipt.message_id == Message.id)
        .where(Message.organization_id == organization_id, Message.author == MessageAuthor.BOT)
        .where(Message.state != MessageState.COMPLETE, Receipt.id.is_(None), Message.content.not_in(("", BLANK)))
        .with_for_update(of=Message)
    ).all()
    quoting = [message for message in without if any(window in message.content for window in windows)]
    for message in quoting:
        message.content = BLANK
    return len(quoting)
