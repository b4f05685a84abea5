"""Tests of how visits are counted by address."""

import pytest

from serving.visitors.addresses import counted_as


class TestCountedAs:
    @pytest.mark.parametrize(
        ("host", "key"),
        [
            ("203.0.113.7", "203.0.113.7"),
            ("::ffff:203.0.113.7", "203.0.113.7"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
            ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
            ("unknown", "unknown"),
            ("x" * 500, "x" * 60),
        ],
    )
    def test_the_addresses_of_one_connection_count_together(self, host: str, key: str) -> None:
        assert counted_as(host) == key
