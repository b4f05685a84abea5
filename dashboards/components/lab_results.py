"""What one way of searching found, with every score, marked against the other way."""

import uuid

import streamlit as st

from dashboards import strings
from dashboards.components.states import empty
from dashboards.components.text import plain
from serving.client.api_client import ApiClient
from serving.client.shapes import FoundOut, SearchOut

_SHOWN = 600


def results(client: ApiClient, query: str, found: SearchOut, other: SearchOut, *, side: str, may_write: bool) -> None:
    """Passages by rank."""
    stages = " · ".join(f"{name} {value:.0f} ms" for name, value in sorted(found.latencies_ms.items()))
    st.caption(strings.LAB_TIMES.format(stages=stages))
    if not found.passages:
        empty(strings.LAB_NOTHING)
    ranks = {passage.chunk_id: passage.rank for passage in other.passages}
    for passage in found.passages:
        with st.container(border=True):
            moved = _moved(passage.rank, ranks.get(passage.chunk_id))
            st.markdown(strings.LAB_PASSAGE.format(rank=passage.rank, name=plain(passage.document_name), moved=moved))
            st.caption(_scores(passage))
            st.markdown(plain((passage.context or passage.text)[:_SHOWN]))
            if may_write:
                _marks(client, query, passage.chunk_id, side)


def _moved(rank: int, other: int | None) -> str:
    if other is None:
        return strings.LAB_MOVED["new"]
    kind = "same" if rank == other else "up" if rank < other else "down"
    return strings.LAB_MOVED[kind].format(by=abs(rank - other))


def _scores(passage: FoundOut) -> str:
    scores = passage.scores
    return strings.LAB_SCORES.format(
        score=f"{passage.score:.3f}",
        vector=_ranked(scores.vector, scores.vector_rank),
        text=_ranked(scores.text, scores.text_rank),
        fused=_ranked(scores.fused, scores.fused_rank),
        reranker="–" if scores.reranker is None else f"{scores.reranker:.3f}",
    )


def _ranked(score: float | None, rank: int | None) -> str:
    return "–" if score is None else strings.LAB_RANKED.format(score=score, rank=rank or 0)


def _marks(client: ApiClient, query: str, chunk_id: uuid.UUID, side: str) -> None:
    with st.container(horizontal=True):
        for mark, label in strings.LAB_MARKS.items():
            if st.button(label, key=f"{side}-{mark}-{chunk_id}"):
                client.save_label(query, chunk_id, strings.LAB_RELEVANCE[mark])
                st.toast(strings.LAB_MARKED.format(mark=label.lower()))
