"""Tests of names of people."""

import pytest

from serving.inference.errors import ProviderError, ProviderErrorKind
from serving.language.names import NO_MODEL, find_names
from serving.language.outcome import Unavailable, UnavailableReason
from tests.factories.scripted_provider import scripted

TEXT = "Ada Lovelace met Charles. Adamant, Ada Lovelace left."


class TestFindNames:
    async def test_every_place_of_a_name_is_found_and_an_invented_one_left_out(self) -> None:
        found = await find_names(TEXT, scripted('{"names": ["Charles", "Ada Lovelace", "Ada", "Bob", ""]}'))
        assert not isinstance(found, Unavailable)
        assert [(one.start, one.text) for one in found] == [(0, "Ada Lovelace"), (17, "Charles"), (35, "Ada Lovelace")]

    async def test_without_a_model_it_is_not_available(self) -> None:
        assert await find_names(TEXT, None) is NO_MODEL

    @pytest.mark.parametrize("said", ["", "no JSON", "[]", '{"names": "Ada"}', '{"names": [1]}', '{"people": []}'])
    async def test_a_model_that_gives_no_list_finds_nothing(self, said: str) -> None:
        found = await find_names(TEXT, scripted(said))
        assert isinstance(found, Unavailable)
        assert found.reason is UnavailableReason.FAILED

    async def test_a_provider_that_fails_is_named_by_its_kind(self) -> None:
        found = await find_names(TEXT, scripted("", error=ProviderError("x", kind=ProviderErrorKind.TIMEOUT)))
        assert isinstance(found, Unavailable)
        assert "timeout" in found.detail
