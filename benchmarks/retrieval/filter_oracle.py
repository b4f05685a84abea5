"""What a filter means, in plain Python: what PostgreSQL says is compared with this."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from serving.retrieval.filters import CUSTOM, DATE_FIELDS, NUMBER_FIELDS, TAGS, Condition, Filter, as_date

MISSING = object()

Facts = Mapping[str, Any]  # the fields of a document by name; `metadata` is a dictionary of its own


def passes(wanted: Filter, facts: Facts) -> bool:
    """Whether a document passes."""
    return (
        all(_holds(one, facts) for one in wanted.all)
        and (not wanted.any or any(_holds(one, facts) for one in wanted.any))
        and not any(_holds(one, facts) for one in wanted.none)
    )


def _holds(condition: Condition, facts: Facts) -> bool:
    stored = _stored(condition.field, facts)
    if condition.operator == "exists":
        return (stored is not MISSING) == condition.value
    if stored is MISSING:
        return False
    values = condition.value if isinstance(condition.value, tuple) else (condition.value,)
    if condition.operator == "contains":
        return values[0] in stored
    equal = [_same(condition.field, stored, value) for value in values]
    if condition.operator in ("equals", "in"):
        return any(equal)
    if condition.operator in ("not_equals", "not_in"):
        return not any(equal)
    return _ordered(condition.operator, condition.field, stored, values[0])


def _stored(field: str, facts: Facts) -> Any:
    if field == TAGS:
        return facts["tags"] or MISSING
    is_custom = field.startswith(CUSTOM)
    found = facts["metadata"].get(field[len(CUSTOM) :]) if is_custom else facts.get(field)
    return MISSING if found is None else found


def _same(field: str, stored: Any, value: Any) -> bool:
    if field in DATE_FIELDS:
        return bool(stored == as_date(value))
    if isinstance(stored, bool) or isinstance(value, bool):
        return isinstance(stored, bool) and isinstance(value, bool) and stored == value
    if _is_number(stored) and _is_number(value):
        return Decimal(str(stored)) == Decimal(str(value))
    return type(stored) is type(value) and stored == value


def _ordered(operator: str, field: str, stored: Any, value: Any) -> bool:
    left, right = stored, value
    if field in DATE_FIELDS:
        right = as_date(value)
    elif field in NUMBER_FIELDS or (_is_number(stored) and _is_number(value)):
        left, right = Decimal(str(stored)), Decimal(str(value))
    elif not (isinstance(stored, str) and isinstance(value, str)):
        return False
    else:
        # PostgreSQL's "C" collation orders by bytes; UTF-8 keeps the order of code points.
        left, right = stored.encode(), value.encode()
    comparisons: dict[str, bool] = {
        "less": left < right,
        "at_most": left <= right,
        "greater": left > right,
        "at_least": left >= right,
    }
    return comparisons[operator]


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
