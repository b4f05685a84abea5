"""One thing done with many documents, after a word of what it does."""

from typing import Any

import streamlit as st

from dashboards import strings
from dashboards.components.text import plain
from serving.client.api_client import ApiClient
from serving.client.shapes import DocumentOut, KnowledgeBaseOut


def bulk_actions(
    client: ApiClient, base: KnowledgeBaseOut, bases: list[KnowledgeBaseOut], documents: list[DocumentOut]
) -> None:
    """Choose what to do with the documents that are ticked; nothing where none is."""
    if not documents:
        return
    with st.container(border=True):
        st.markdown(f"**{strings.CHOSEN.format(count=len(documents))}**")
        kind = st.selectbox(
            strings.BULK_ACTION, list(strings.BULK_ACTIONS), format_func=lambda one: strings.BULK_ACTIONS[one]
        )
        st.caption(strings.BULK_SAYS[kind].format(base=plain(base.name)))
        wanted = _wanted(client, kind, base, bases, documents)
        is_sure = st.checkbox(strings.BULK_SURE.format(count=len(documents)), key=f"sure-{kind}-{len(documents)}")
        if st.button(strings.BULK_DO, type="primary", disabled=wanted is None or not is_sure) and wanted is not None:
            st.toast(strings.BULK_DONE.format(count=_do(client, kind, documents, wanted)))
            st.session_state.pop("choose_all", None)
            st.rerun()


def _wanted(
    client: ApiClient,
    kind: str,
    base: KnowledgeBaseOut,
    bases: list[KnowledgeBaseOut],
    documents: list[DocumentOut],
) -> dict[str, Any] | None:
    """What the action needs to know; None as long as it is not all said."""
    if kind in ("move", "copy"):
        others = [one for one in bases if one.id != base.id]
        if not others:
            st.info(strings.BULK_NO_TARGET)
            return None
        target = st.selectbox(strings.BULK_TARGET, others, format_func=lambda one: one.name, key="bulk_target")
        return {"target": target.id}
    if kind == "tags":
        added = st.text_input(strings.BULK_TAGS_ADD, key="bulk_add")
        there = sorted({tag for document in documents for tag in document.tags})
        removed = st.multiselect(strings.BULK_TAGS_REMOVE, there, key="bulk_remove")
        add = [tag.strip() for tag in added.split(",") if tag.strip()]
        return {"add": add, "remove": removed} if add or removed else None
    if kind == "groups":
        groups = st.multiselect(strings.BULK_GROUPS, client.groups(), format_func=lambda one: one.name)
        return {"group_ids": [str(one.id) for one in groups] or None}
    return {}


def _do(client: ApiClient, kind: str, documents: list[DocumentOut], wanted: dict[str, Any]) -> int:
    ids = [document.id for document in documents]
    if kind in ("move", "copy"):
        return len(client.relocate(kind, ids, wanted["target"]).document_ids)
    return client.change_documents(ids, {"kind": kind, **wanted}).changed
