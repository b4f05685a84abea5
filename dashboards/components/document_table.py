"""The documents of a knowledge base: filters, the table, and a choice of many."""

from typing import Any

import streamlit as st

from dashboards import strings
from dashboards.components.states import empty
from serving.client.shapes import DocumentOut


def filtered(documents: list[DocumentOut]) -> list[DocumentOut]:
    """Those that pass the filters above the table."""
    with st.container(horizontal=True):
        text = st.text_input(strings.FILTER_TEXT, key="filter_text").casefold()
        states = st.multiselect(
            strings.FILTER_STATES,
            sorted({d.state for d in documents}),
            format_func=lambda state: strings.STATES[state],
            key="filter_states",
        )
        tags = st.multiselect(strings.FILTER_TAGS, sorted({t for d in documents for t in d.tags}), key="filter_tags")
    return [
        d
        for d in documents
        if text in d.name.casefold() and (not states or d.state in states) and set(tags) <= set(d.tags)
    ]


def chosen(documents: list[DocumentOut], *, may_choose: bool) -> list[DocumentOut]:
    """The table; the rows that are ticked, or all."""
    if not documents:
        empty(strings.FILTER_NOTHING)
        return []
    columns: Any = {strings.COLUMN_CHANGED: st.column_config.DatetimeColumn(format="D MMM YYYY, HH:mm")}
    rows = [_row(d) for d in documents]
    if not may_choose:
        st.dataframe(rows, hide_index=True, width="stretch", placeholder="–", column_config=columns)
        return []
    event = st.dataframe(
        rows,
        hide_index=True,
        width="stretch",
        placeholder="–",
        on_select="rerun",
        selection_mode="multi-row",
        key="documents",
        column_config=columns,
    )
    if st.checkbox(strings.CHOOSE_ALL.format(count=len(documents)), key="choose_all"):
        return documents
    return [documents[row] for row in event["selection"]["rows"] if row < len(documents)]


def _row(document: DocumentOut) -> dict[str, object]:
    return {
        strings.COLUMN_DOCUMENT: document.name,
        strings.COLUMN_STATE: strings.STATES[document.state],
        strings.COLUMN_TAGS: document.tags,
        strings.COLUMN_GROUPS: document.group_ids is not None,
        strings.COLUMN_VERSION: document.version,
        strings.COLUMN_PAGES: document.page_count,
        strings.COLUMN_PASSAGES: document.passages,
        strings.COLUMN_LANGUAGE: document.language,
        strings.COLUMN_SIZE: round(document.byte_size / 1000, 1),
        strings.COLUMN_CHANGED: document.updated_at,
    }
