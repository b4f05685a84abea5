"""A filter as a condition of SQL. Every value is a bound parameter; field names come from a fixed list."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Numeric,
    String,
    and_,
    any_,
    bindparam,
    case,
    cast,
    false,
    func,
    literal,
    not_,
    or_,
    true,
)

from serving.retrieval.filters import CUSTOM, DATE_FIELDS, NUMBER_FIELDS, TAGS, Condition, Filter, as_date
from storage.postgres.models.document import Document
from storage.postgres.models.document_version import DocumentVersion

_COLUMNS: dict[str, Any] = {
    "name": Document.name,
    "source_uri": Document.source_uri,
    "title": DocumentVersion.title,
    "author": DocumentVersion.author,
    "language": DocumentVersion.language,
    "media_type": DocumentVersion.media_type,
    "created_at": DocumentVersion.content_created_at,
    "modified_at": DocumentVersion.content_modified_at,
    "ready_at": DocumentVersion.ready_at,
    "page_count": DocumentVersion.page_count,
    "byte_size": DocumentVersion.byte_size,
}
_COMPARE: dict[str, Callable[[Any, Any], ColumnElement[bool]]] = {
    "equals": lambda column, value: column == value,
    "not_equals": lambda column, value: column != value,
    "less": lambda column, value: column < value,
    "at_most": lambda column, value: column <= value,
    "greater": lambda column, value: column > value,
    "at_least": lambda column, value: column >= value,
}


def filter_condition(wanted: Filter) -> ColumnElement[bool]:
    """Whether a document, joined with its version, passes. Never null: a missing field makes a condition false."""
    parts = [*map(_condition, wanted.all)]
    if wanted.any:
        parts.append(or_(*map(_condition, wanted.any)))
    parts += [not_(_condition(condition)) for condition in wanted.none]
    return and_(true(), *parts)


def _condition(condition: Condition) -> ColumnElement[bool]:
    return func.coalesce(_compared(condition), false())


def _compared(condition: Condition) -> ColumnElement[bool]:
    if condition.field == TAGS:
        return _tags(condition)
    if condition.field.startswith(CUSTOM):
        return _custom(condition)
    column: ColumnElement[Any] = _COLUMNS[condition.field]
    if condition.operator == "exists":
        return column.is_not(None) if condition.value else column.is_(None)
    if condition.operator == "contains":
        return func.strpos(column, literal(condition.value, String)) > 0
    return _by_operator(condition, column, lambda value: _typed(condition.field, value))


def _tags(condition: Condition) -> ColumnElement[bool]:
    if condition.operator == "exists":
        count = func.cardinality(Document.tags)
        return count > 0 if condition.value else count == 0
    return literal(condition.value, String) == any_(Document.tags)


def _custom(condition: Condition) -> ColumnElement[bool]:
    """A field of the document's own: compared only with a value of its own type."""
    name = bindparam(None, condition.field[len(CUSTOM) :], String)
    stored = Document.custom_metadata.op("->")(name)
    kind = func.coalesce(func.jsonb_typeof(stored), "null")
    if condition.operator == "exists":
        return kind != "null" if condition.value else kind == "null"
    opposite = {"not_equals": "equals", "not_in": "in"}.get(condition.operator)
    if opposite:
        return and_(kind != "null", not_(_condition(condition.model_copy(update={"operator": opposite}))))
    text = func.jsonb_extract_path_text(Document.custom_metadata, name)
    values = condition.value if isinstance(condition.value, tuple) else (condition.value,)
    compare = _COMPARE["equals" if condition.operator == "in" else condition.operator]
    return or_(false(), *(_custom_value(kind, text, compare, value) for value in values))


def _custom_value(
    kind: Any, text: Any, compare: Callable[[Any, Any], ColumnElement[bool]], value: Any
) -> ColumnElement[bool]:
    if isinstance(value, bool):
        return and_(kind == "boolean", compare(text, "true" if value else "false"))
    if isinstance(value, str):
        return and_(kind == "string", compare(text, literal(value, String)))
    # The cast must not run on a text, and PostgreSQL may evaluate in any order but inside CASE.
    number = case((kind == "number", cast(text, Numeric)), else_=None)
    return compare(number, Decimal(str(value)))


def _typed(field: str, value: Any) -> Any:
    if field in DATE_FIELDS:
        return as_date(value)
    return Decimal(str(value)) if field in NUMBER_FIELDS else value


def _by_operator(condition: Condition, column: Any, typed: Callable[[Any], Any]) -> ColumnElement[bool]:
    if isinstance(condition.value, tuple):
        listed = [typed(value) for value in condition.value]
        # An empty list is in nothing; a field that is missing is not "not in" it either.
        inside = column.in_(listed) if listed else and_(column.is_not(None), false())
        return inside if condition.operator == "in" else and_(column.is_not(None), not_(inside))
    return _COMPARE[condition.operator](column, typed(condition.value))
