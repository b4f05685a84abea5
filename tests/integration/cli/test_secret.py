"""`pixel secret` on real stores."""

import pytest

from cli.main import run_command
from storage.secrets.wrapping_keys import wrapping_keys
from storage.settings import storage_settings
from tests.integration.cli.test_commands import output
from tests.integration.cli.test_document import workplace

__all__ = ["workplace"]


class TestRotate:
    def test_a_new_key_wraps_and_the_old_one_still_opens(self, capsys: pytest.CaptureFixture[str]) -> None:
        before = wrapping_keys(storage_settings())
        assert run_command(["secret", "rotate", "--json"]) == 0
        told = output(capsys)[-1]
        after = wrapping_keys(storage_settings())
        assert told["key"] == after.current.name != before.current.name
        assert after.named(before.current.name) == before.current
