"""Tests of a bot's own patterns: hostile ones are refused, or stopped."""

import time

import pytest

from serving.language.entities import patterns
from serving.language.entities.patterns import EntityPattern, UnsafePatternError, check_pattern, find_patterns


class TestCheckPattern:
    @pytest.mark.parametrize(
        "pattern",
        [
            r"SN-\d{4}",
            r"[A-Z]{2}\d{6,8}",
            r"(?:INV|RE)-(\d+)",
            r"(?P<code>K\d+)-\w{1,5}",
            r"\bv\d+\.\d+\b",
            r"(ab){1,5}c",
        ],
    )
    def test_plain_ones_are_taken(self, pattern: str) -> None:
        check_pattern(pattern)

    @pytest.mark.parametrize(
        ("pattern", "says"),
        [
            ("", "characters"),
            ("a" * 201, "characters"),
            ("(", "no regular expression"),
            ("[z-a]", "no regular expression"),
            ("a*", "empty text"),
            ("(a+)+$", "repeats a group"),
            (r"(\d+)*x", "repeats a group"),
            ("(a|aa)+$", "repeats a group"),
            ("((a+))+", "repeats a group"),
            (r"(a)\1", "refers back"),
            (r"(?P<x>a)(?P=x)", "lookaround"),
            ("(?=a)a", "lookaround"),
            ("(?i)a", "lookaround"),
            ("(?R)a", "lookaround"),
            (".*.*.*.*.*.*.*.*x", "without a limit"),
            (r"a*a*a*a*a*a*a*b", "without a limit"),
            (r"\w{1,19}\w{1,19}\w{1,19}\w{1,19}\w{1,19}\w{1,19}[.,]", "too long"),
        ],
    )
    def test_hostile_and_broken_ones_are_refused_with_the_reason(self, pattern: str, says: str) -> None:
        started = time.perf_counter()
        with pytest.raises(UnsafePatternError, match=says):
            check_pattern(pattern)
        assert time.perf_counter() - started < 3


class TestFindPatterns:
    def test_the_first_group_is_the_value(self) -> None:
        (found,) = find_patterns("see inv-0042", [EntityPattern("invoice", r"INV-(\d+)")])
        assert (found.kind, found.text, found.value) == ("invoice", "inv-0042", "0042")

    def test_case_may_count(self) -> None:
        assert list(find_patterns("ab1", [EntityPattern("x", r"AB\d", is_case_sensitive=True)])) == []

    def test_one_that_got_in_is_stopped_and_the_others_go_on(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(patterns, "MOST_SECONDS", 0.1)
        slow, plain = EntityPattern("slow", r"(?:\w+)+[.,]"), EntityPattern("plain", "b+")
        started = time.perf_counter()
        found = list(find_patterns("a" * 2_000 + "b", [slow, plain]))
        assert time.perf_counter() - started < 20 * patterns.MOST_SECONDS
        assert [one.kind for one in found] == ["plain"]

    def test_matches_are_bounded(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(patterns, "MOST_SECONDS", 5.0)  # a busy machine must not stop a plain pattern here
        assert len(list(find_patterns("a " * 500, [EntityPattern("x", "a")]))) == patterns.MOST_MATCHES
