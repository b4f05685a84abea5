"""Labels that were kept, and both ways of searching judged by them."""

import uuid
from typing import Any

import streamlit as st

from dashboards import strings
from dashboards.components.states import empty
from dashboards.components.text import plain
from serving.client.api_client import ApiClient
from serving.client.shapes import ComparisonOut, Estimate, SideOut


def labels(client: ApiClient, knowledge_base_id: uuid.UUID, *, may_write: bool) -> int:
    """The labels of a knowledge base; how many there are."""
    found = client.labels(knowledge_base_id)
    if not found:
        empty(strings.LAB_NO_LABELS)
        return 0
    with st.expander(strings.LAB_LABELS.format(count=len(found)), icon=":material/label:"):
        for one in found:
            old = "" if one.is_current else strings.LAB_LABEL_OLD
            mark = strings.LAB_LABEL_MARKS[one.relevance]
            with st.container(horizontal=True, vertical_alignment="center"):
                st.markdown(
                    plain(strings.LAB_LABEL.format(query=one.query, document=one.document_name, mark=mark, old=old))
                )
                if may_write and st.button(strings.LAB_LABEL_DELETE, key=f"label-{one.id}", type="tertiary"):
                    client.delete_label(one.id)
                    st.rerun()
    return len(found)


def comparison(client: ApiClient, knowledge_base_id: uuid.UUID, setups: dict[str, dict[str, Any]]) -> None:
    """A button, and what both ways are worth."""
    if not st.button(strings.LAB_COMPARE, icon=":material/balance:"):
        return
    with st.spinner():
        told = client.compare_retrieval(knowledge_base_id, setups["left"], setups["right"])
    _compared(told)


def _compared(told: ComparisonOut) -> None:
    cut = strings.LAB_COMPARED_CUT if told.is_cut else strings.LAB_COMPARED
    st.caption(cut.format(count=told.count))
    for side, scores in (("left", told.left), ("right", told.right)):
        st.markdown(_side(strings.LAB_SIDES[side], scores))
    difference = strings.LAB_DIFFERENCE.format(
        ndcg=_estimate(told.ndcg_difference, strings.LAB_ESTIMATE),
        recall=_estimate(told.recall_difference, strings.LAB_ESTIMATE),
    )
    st.markdown(f"**{plain(difference)}**")


def _side(name: str, scores: SideOut) -> str:
    return strings.LAB_SIDE.format(
        side=name,
        ndcg=_estimate(scores.ndcg, strings.LAB_MEAN),
        recall=_estimate(scores.recall, strings.LAB_MEAN),
        ms=scores.median_ms,
    )


def _estimate(found: Estimate, pattern: str) -> str:
    return pattern.format(value=found.value, low=found.low, high=found.high)
