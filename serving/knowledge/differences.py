"""What is different between two versions, passage by passage. Pure: no database, no text that it was not given."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

from serving.knowledge.schemas import WordsOut

_ALIKE = 0.5
_WINDOW = 4
_WORD = re.compile(r"\s*\S+\s*?(?=\s|$)|\s+")


@dataclass(frozen=True, slots=True)
class Change:
    """A passage that is not the same in both versions, by its position in the older and the newer one."""

    kind: Literal["removed", "added", "changed"]
    before: int | None
    after: int | None


@dataclass(frozen=True, slots=True)
class Block:
    """Passages `before_start:before_end` of the older version stand where the newer has `after_start:after_end`."""

    before_start: int
    before_end: int
    after_start: int
    after_end: int

    @property
    def size(self) -> int:
        """How many passages it has, on both sides."""
        return self.before_end - self.before_start + self.after_end - self.after_start


def blocks_of(before: Sequence[str], after: Sequence[str]) -> tuple[list[Block], int]:
    """Where two lists of passage hashes differ.

    Args:
        before: Hashes of the older version's passages, in reading order.
        after: Those of the newer one.

    Returns:
        The places that differ, and how many passages are the same.
    """
    matcher = SequenceMatcher(None, before, after)
    blocks, same = [], 0
    for kind, i1, i2, j1, j2 in matcher.get_opcodes():
        if kind == "equal":
            same += i2 - i1
        else:
            blocks.append(Block(i1, i2, j1, j2))
    return blocks, same


def changes_of(block: Block, before: dict[int, str], after: dict[int, str]) -> list[Change]:
    """The passages of a block: which were rewritten, and which are only in one version.

    Args:
        block: The place.
        before: Texts of the older version by position.
        after: Texts of the newer version by position.
    """
    found: list[Change] = []
    position = block.after_start
    for old in range(block.before_start, block.before_end):
        candidates = range(position, min(position + _WINDOW, block.after_end))
        scored = [(_likeness(before[old], after[new]), -new) for new in candidates]
        best = max(scored, default=(0.0, 0))
        if best[0] < _ALIKE:
            found.append(Change("removed", old, None))
            continue
        found += [Change("added", None, new) for new in range(position, -best[1])]
        found.append(Change("changed", old, -best[1]))
        position = -best[1] + 1
    return found + [Change("added", None, new) for new in range(position, block.after_end)]


def words_of(before: str, after: str) -> list[WordsOut]:
    """Two texts as one: runs of words that stayed, went and came. Joined without "added" it is `before`."""
    old, new = _WORD.findall(before), _WORD.findall(after)
    runs: list[WordsOut] = []
    for kind, i1, i2, j1, j2 in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind == "equal":
            runs.append(WordsOut(kind="same", text="".join(old[i1:i2])))
            continue
        if i2 > i1:
            runs.append(WordsOut(kind="removed", text="".join(old[i1:i2])))
        if j2 > j1:
            runs.append(WordsOut(kind="added", text="".join(new[j1:j2])))
    return runs


def _likeness(before: str, after: str) -> float:
    matcher = SequenceMatcher(None, before.split(), after.split(), autojunk=False)
    return matcher.ratio() if matcher.quick_ratio() >= _ALIKE else 0.0
