"""Search lab: one question in two ways, side by side, and what people say of what was found."""

from typing import Any

import streamlit as st

from dashboards import strings
from dashboards.components.lab_labels import comparison, labels
from dashboards.components.lab_results import results
from dashboards.components.retrieval_form import retrieval_form
from dashboards.components.sign_in import signed_in
from dashboards.components.states import empty, shown_errors
from serving.client.api_client import ApiClient
from serving.client.shapes import IndexVersionOut

person = signed_in()
may_write = person.may_write_knowledge()


def setup(versions: list[IndexVersionOut], side: str) -> dict[str, Any] | None:
    """The settings of one side; None as long as they cannot be used."""
    with st.expander(strings.LAB_SETTINGS.format(side=strings.LAB_SIDES[side]), icon=":material/tune:"):
        searchable = [one for one in versions if one.status in ("candidate", "retired") and one.dropped_at is None]
        version = st.selectbox(
            strings.LAB_INDEX,
            searchable,
            index=None,
            format_func=lambda one: f"{one.number} · {strings.INDEX_STATES[one.status]}",
            placeholder=strings.LAB_LIVE,
            key=f"{side}-index",
        )
        settings = retrieval_form(side)
    if settings is None:
        return None
    return {"settings": settings, "index_version_id": str(version.id) if version else None}


def search(client: ApiClient, query: str, base_id: str, setups: dict[str, dict[str, Any]]) -> None:
    """Both ways, side by side; on a phone one below the other."""
    with st.spinner():
        found = {side: client.search(query, knowledge_base_ids=[base_id], **fields) for side, fields in setups.items()}
    left, right = st.columns(2)
    for column, side, other in ((left, "left", "right"), (right, "right", "left")):
        with column:
            st.subheader(strings.LAB_SIDES[side])
            results(client, query, found[side], found[other], side=side, may_write=may_write)


st.title(strings.LAB)
with shown_errors(), person.client() as client:
    bases = client.knowledge_bases()
    if not bases:
        empty(strings.KNOWLEDGE_NONE)
        st.stop()
    base = st.selectbox(strings.KNOWLEDGE_BASE, bases, format_func=lambda one: one.name, key="lab_base")
    query = st.text_input(strings.LAB_QUESTION, max_chars=2000, key="lab_question").strip()
    versions = client.index_versions()
    left, right = st.columns(2)
    with left:
        one = setup(versions, "left")
    with right:
        two = setup(versions, "right")
    if one is None or two is None:
        st.stop()
    setups = {"left": one, "right": two}
    if query:
        search(client, query, str(base.id), setups)
    else:
        empty(strings.LAB_START)
    if labels(client, base.id, may_write=may_write) and may_write:
        comparison(client, base.id, setups)
