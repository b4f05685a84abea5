"""Tests of names of people."""

import json

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

    @pytest.mark.parametrize(
        "names",
        [
            ["A" * 20_000, "Charles"],
            [*("Nobody " + "x" * number for number in range(99)), "Charles", "Ada Lovelace"],
            ["Ada Lovelace met Charles. Adamant, Ada Lovelace left." * 3, "Charles"],
        ],
        ids=["long", "many", "whole text"],
    )
    async def test_what_no_name_is_costs_nothing(self, names: list[str]) -> None:
        text = TEXT * 30  # so that the model may say as much
        found = await find_names(text, scripted(json.dumps({"names": names})))
        if isinstance(found, Unavailable):
            assert len(names[0]) > 10_000
        else:
            assert {one.text for one in found} == {"Charles"}

    async def test_lists_in_lists_are_no_names(self) -> None:
        found = await find_names(TEXT * 30, scripted("[" * 6_000))
        assert isinstance(found, Unavailable)
