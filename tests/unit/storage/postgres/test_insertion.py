"""Rows of several tables in one statement."""

import uuid

import pytest
from sqlalchemy import func
from sqlalchemy.dialects import postgresql

from storage.postgres.insertion import NewRows, insertion
from storage.postgres.models.conversation_event import ConversationEvent


def event(**more: object) -> ConversationEvent:
    return ConversationEvent(
        **{
            "organization_id": uuid.uuid4(),
            "conversation_id": uuid.uuid4(),
            "number": 1,
            "kind": "a",
            "data": {},
            **more,
        }
    )


class TestNewRows:
    def test_rows_of_one_shape_share_a_statement_and_keep_their_values(self) -> None:
        first, second = NewRows(), NewRows()
        for rows, number in ((first, 1), (second, 2)):
            rows.add("before", event(number=number))
            rows.add("after", event(number=number + 1))

        assert insertion(first.shapes) is insertion(second.shapes)
        assert (first.parameters["before_number"], first.parameters["after_number"]) == (1, 2)
        assert (second.parameters["before_number"], second.parameters["after_number"]) == (2, 3)
        assert first.parameters["before_id"] != first.parameters["after_id"]  # defaults of Python, one for each row
        compiled = insertion(first.shapes).compile(dialect=postgresql.dialect())  # type: ignore[no-untyped-call]
        assert set(compiled.params) == set(first.parameters)

    def test_other_columns_are_another_statement(self) -> None:
        few, more = NewRows(), NewRows()
        few.add("one", event())
        more.add("one", event(created_at=None))
        assert insertion(few.shapes) is not insertion(more.shapes)

    def test_a_name_stands_for_one_row(self) -> None:
        rows = NewRows()
        rows.add("one", event())
        with pytest.raises(ValueError, match="named 'one' already"):
            rows.add("one", event())

    def test_an_expression_is_refused_by_name(self) -> None:
        with pytest.raises(ValueError, match=r"conversation_events\.created_at is an expression"):
            NewRows().add("one", event(created_at=func.now()))
