"""A bot's own patterns: regular expressions of a safe kind, and a time limit for each.

The safe kind is close to what RE2 reads: no backreference, no lookaround, no repetition of a repetition. A pattern is tried on
hostile texts before it is kept, and stopped by a time limit whenever it runs.
"""

import contextlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import regex

from serving.language.entities.entity import Entity

MOST_CHARACTERS = 200
MOST_MATCHES = 50
MOST_SECONDS = 0.01
_TRIAL_SECONDS = 0.05
_TRIAL_CHARACTERS = 4_000
_CONFIDENCE = 0.9
_GROUP = re.compile(r"\(\?(?!:|P<[A-Za-z_]\w*>)")
_TOKEN = re.compile(
    r"(?P<escape>\\.)|(?P<set>\[\^?\]?(?:\\.|[^\]\\])*\])|(?P<open>\((?:\?:|\?P<\w+>)?)|(?P<close>\))"
    r"|(?P<repeat>[*+?]|\{\d*,?\d*\})(?P<lazy>[?+]?)|(?P<alternative>\|)|(?P<other>.)",
    re.DOTALL,
)
_MOST_REPETITIONS = 4  # without a limit, in one pattern: each may multiply the work of the others
_LARGE = 20  # a repetition that may run this often counts as one without a limit


class UnsafePatternError(ValueError):
    """A pattern that is not taken, and why."""


@dataclass(frozen=True)
class EntityPattern:
    """A pattern of a bot, that `check_pattern` has let through."""

    name: str
    pattern: str
    is_case_sensitive: bool = False


@dataclass
class _Group:
    """What is known of a group while it is read."""

    has_repetition: bool = False
    has_alternative: bool = False


def check_pattern(pattern: str) -> None:
    """See that a pattern is safe to run on any text.

    Raises:
        UnsafePatternError: It is too long, does not compile, matches the empty text, is not of the safe kind or is slow on
            hostile texts; the message says which.
    """
    if not pattern or len(pattern) > MOST_CHARACTERS:
        raise UnsafePatternError(f"The pattern has {len(pattern)} characters; give 1 to {MOST_CHARACTERS}")
    if _GROUP.search(pattern):
        raise UnsafePatternError(
            f"Pattern {pattern!r} uses lookaround, flags or recursion; use plain groups `(…)`, `(?:…)`"
        )
    _check_repetitions(pattern)
    try:
        compiled = _compiled(pattern, is_case_sensitive=False)
    except regex.error as error:
        raise UnsafePatternError(f"Pattern {pattern!r} is no regular expression: {error}") from error
    if compiled.fullmatch("") is not None:
        raise UnsafePatternError(f"Pattern {pattern!r} matches the empty text; let it need one character at least")
    for hostile in _hostile_texts(pattern):
        try:
            for _ in compiled.finditer(hostile, timeout=_TRIAL_SECONDS):
                pass
        except TimeoutError as error:
            raise UnsafePatternError(
                f"Pattern {pattern!r} takes too long on some texts; bound its repetitions, for example `{{1,20}}`"
            ) from error


def find_patterns(text: str, patterns: Sequence[EntityPattern]) -> Iterator[Entity]:
    """Matches of a bot's patterns; one that runs into its time limit finds nothing more.

    The value is the first group if the pattern has one, else the whole match.
    """
    for one in patterns:
        compiled = _compiled(one.pattern, is_case_sensitive=one.is_case_sensitive)
        found: list[Entity] = []
        with contextlib.suppress(TimeoutError):
            for match in compiled.finditer(text, timeout=MOST_SECONDS):
                value = next((group for group in match.groups() if group is not None), match[0])
                found.append(Entity(one.name, match.start(), match.end(), match[0], value, _CONFIDENCE, is_custom=True))
                if len(found) == MOST_MATCHES:
                    break
        yield from (entity for entity in found if entity.text)


@lru_cache(maxsize=1024)
def _compiled(pattern: str, *, is_case_sensitive: bool) -> "regex.Pattern[str]":
    return regex.compile(pattern, 0 if is_case_sensitive else regex.IGNORECASE)


def _check_repetitions(pattern: str) -> None:
    """A group with a repetition or alternatives in it may not be repeated without a small limit; repetitions are few."""
    groups = [_Group()]
    unbounded = 0
    closed: _Group | None = None
    for token in _TOKEN.finditer(pattern):
        if token["escape"] and (
            (token["escape"][1].isdigit() and token["escape"][1] != "0") or token["escape"][1] in "gkK"
        ):
            raise UnsafePatternError(f"Pattern {pattern!r} refers back to a group; write the text out instead")
        if token["open"]:
            groups.append(_Group())
        elif token["close"]:
            closed = groups.pop() if len(groups) > 1 else None
            if closed is not None:
                groups[-1].has_repetition |= closed.has_repetition
            continue
        elif token["alternative"]:
            groups[-1].has_alternative = True
        elif token["repeat"] and _is_unbounded(token["repeat"]):
            if closed is not None and (closed.has_repetition or closed.has_alternative):
                raise UnsafePatternError(
                    f"Pattern {pattern!r} repeats a group that repeats or has alternatives; bound it, for example `{{1,5}}`"
                )
            groups[-1].has_repetition = True
            unbounded += 1
        closed = None
    if unbounded > _MOST_REPETITIONS:
        raise UnsafePatternError(
            f"Pattern {pattern!r} repeats {unbounded} times without a limit; at most {_MOST_REPETITIONS}, bound the others"
        )


def _is_unbounded(repeat: str) -> bool:
    if repeat in ("*", "+"):
        return True
    limits = re.fullmatch(r"\{(\d*)(,?)(\d*)\}", repeat)
    if limits is None:
        return False
    most = limits[3] if limits[2] else limits[1]
    return not most or int(most) >= _LARGE


def _hostile_texts(pattern: str) -> list[str]:
    """Long texts that nearly match: runs of the pattern's own characters and of usual ones, with a wrong end."""
    own = [character for character in dict.fromkeys(pattern) if character.isalnum() or character in "-_.:/ "][:12]
    runs = [character * _TRIAL_CHARACTERS for character in dict.fromkeys([*own, "a", "0", "A", " ", "-"])]
    mixed = "".join(own) or "a0"
    runs += [(mixed * _TRIAL_CHARACTERS)[:_TRIAL_CHARACTERS], "a0 -" * (_TRIAL_CHARACTERS // 4)]
    # With the pattern's characters in front, too: without them the engine may see at once that nothing can match.
    return [f"{front}{run}\u0000" for front in ("", f"{mixed}\n") for run in runs]
