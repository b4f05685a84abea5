"""What a filter may say."""

import pytest
from pydantic import ValidationError

from serving.retrieval.filters import Condition, Filter


def condition(**fields: object) -> Condition:
    return Condition.model_validate(fields)


class TestRefused:
    @pytest.mark.parametrize(
        ("fields", "message"),
        [
            ({"field": "colour", "value": "red"}, "Unknown field 'colour'; valid: name"),
            ({"field": "metadata.", "value": "x"}, "Unknown field"),
            ({"field": "name", "operator": "in", "value": "x"}, "in takes a list"),
            ({"field": "name", "operator": "equals", "value": ["x"]}, "equals takes one value"),
            ({"field": "name", "operator": "less", "value": "x"}, "has no order"),
            ({"field": "tags", "operator": "equals", "value": "x"}, "tags are compared by contains"),
            ({"field": "metadata.a", "operator": "contains", "value": "x"}, "contains is for tags and texts"),
            ({"field": "modified_at", "operator": "less", "value": "soon"}, "'soon' is no date"),
            ({"field": "page_count", "value": True}, "compared with a number"),
            ({"field": "metadata.a", "operator": "less", "value": True}, "have no order"),
            ({"field": "metadata.a", "operator": "exists", "value": "yes"}, "exists takes true or false"),
            ({"field": "name", "value": "a\x00b"}, "NUL"),
            ({"field": "page_count", "value": float("inf")}, "finite"),
            ({"field": "name", "operator": "like", "value": "x"}, "operator"),
        ],
    )
    def test_the_message_says_why(self, fields: dict[str, object], message: str) -> None:
        with pytest.raises(ValidationError, match=message):
            condition(**fields)

    def test_too_many_conditions(self) -> None:
        with pytest.raises(ValidationError, match="at most 50"):
            Filter.model_validate({"all": [{"field": "name", "value": "x"}] * 51})


class TestEmpty:
    def test_an_empty_filter_says_so(self) -> None:
        assert Filter().is_empty
        assert not Filter.model_validate({"none": [{"field": "name", "value": "x"}]}).is_empty
