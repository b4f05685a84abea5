"""How near a text is to the true one."""

import difflib
import re
import unicodedata

_BLANK = re.compile(r"\s+")
_LINE_END_HYPHEN = re.compile(r"-\s+(?=[a-z])")


def flat(text: str) -> str:
    """A text without what no reader sees: kinds and number of blanks, ligatures, accents written in two parts."""
    return _BLANK.sub(" ", unicodedata.normalize("NFKC", text)).strip()


def word_similarity(text: str, truth: str) -> float:
    """How many words stand in the same order in both, 0 to 1; a word broken at a line's end is one word."""
    words, true_words = (_LINE_END_HYPHEN.sub("", flat(each)).replace("-", "").split() for each in (text, truth))
    return difflib.SequenceMatcher(None, words, true_words, autojunk=False).ratio()


def error_rate(text: str, truth: str) -> float:
    """Edits per character of the truth, blanks counted as one."""
    text, truth = flat(text), flat(truth)
    return edit_distance(text, truth) / max(1, len(truth))


def edit_distance(first: str, second: str) -> int:
    """The fewest insertions, deletions and replacements that make one text the other; a row at a time with numpy."""
    import numpy as np

    a = np.frombuffer(first.encode("utf-32-le"), dtype=np.uint32)
    b = np.frombuffer(second.encode("utf-32-le"), dtype=np.uint32)
    columns = np.arange(len(b) + 1)
    row = columns.copy()
    for number, character in enumerate(a, start=1):
        best = np.minimum(row[1:] + 1, row[:-1] + (b != character))
        new = np.concatenate(([number], best))
        row = np.minimum.accumulate(new - columns) + columns
    return int(row[-1])
