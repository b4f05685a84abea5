"""Tests of errors as one line."""

import errno

import pytest

from cli.errors import CommandError, expected_errors, fail, one_line
from storage.errors import DatabaseUnavailableError


class TestOneLine:
    @pytest.mark.parametrize(
        ("error", "line"),
        [
            (CommandError("a\n  b\tc"), "a b c"),
            (ValueError(), "ValueError"),
            (OSError(errno.ENOSPC, "No space left on device", "/data/x"), "No space left on device: /data/x"),
            (OSError(errno.ENOSPC, "No space left on device"), "No space left on device"),
            (OSError("something else"), "something else"),
        ],
    )
    def test_says_it_in_one(self, error: BaseException, line: str) -> None:
        assert one_line(error) == line


class TestExpectedErrors:
    def test_stores_and_commands_tell_their_own_story(self) -> None:
        assert issubclass(DatabaseUnavailableError, expected_errors())
        assert issubclass(CommandError, expected_errors())
        assert not issubclass(KeyError, expected_errors())


class TestFail:
    def test_raises_what_becomes_a_line(self) -> None:
        with pytest.raises(CommandError, match="no such thing"):
            fail("no such thing")
