"""The receipt of an answer, for people."""

import uuid
from typing import Any

import streamlit as st

from dashboards import strings
from dashboards.components.charts import stage_times
from dashboards.components.sources import open_passage
from dashboards.components.text import plain
from dashboards.data.identity import Identity
from serving.client.errors import ClientError
from serving.client.shapes import ReceiptOut


def receipt(person: Identity, message_id: uuid.UUID) -> None:
    """Fetch and show one."""
    try:
        with person.client() as client:
            found = client.receipt(message_id)
    except ClientError as error:
        st.caption(strings.RECEIPT_MISSING if error.status == 404 else plain(str(error)))
        return
    _chain(found)
    _passages(person, found)
    st.caption(strings.RECEIPT_TIMES)
    st.altair_chart(stage_times(found.latencies_ms), alt=strings.RECEIPT_TIMES_ALT)
    with st.expander(strings.RECEIPT_RAW):
        st.json(found.model_dump(mode="json"), expanded=1)


def _chain(found: ReceiptOut) -> None:
    index = f"{found.index_version} ({found.embedding_model})" if found.index_version else "–"
    rows = {
        "Bot": f"{found.chatbot_name}, version {found.chatbot_version}",
        "Index version": index,
        "Answered by": f"{found.provider} / {found.model}",
        "Prompt": f"{found.prompt_template} ({found.prompt_hash[:12]})",
        "Tokens": f"{found.prompt_tokens} in, {found.completion_tokens} out",
        "Cost": f"{found.cost_settled_usd:.4f} USD",
        "Time": f"{found.latencies_ms.get('total', 0):.0f} ms",
        "Evidence": _evidence(found),
        "Question": _understood(found),
        "Translation": _translation(found),
    }
    st.markdown("\n".join(f"- **{name}**: {plain(value)}" for name, value in rows.items() if value))


def _understood(found: ReceiptOut) -> str:
    told = found.understanding
    if told is None:
        return ""
    intent = strings.TRY_OUT_OF_SCOPE if told.is_out_of_scope else told.intent
    parts = [told.language, intent, told.sentiment.label if told.sentiment else None]
    kinds = dict.fromkeys(one.kind for one in told.entities)
    return " · ".join([part for part in parts if part] + list(kinds))


def _translation(found: ReceiptOut) -> str:
    told = found.guard_decisions.get("translation", {})
    return " · ".join(strings.RECEIPT_TRANSLATION.format(part=part, **_named(one)) for part, one in told.items())


def _named(told: dict[str, Any]) -> dict[str, Any]:
    return {name: told.get(name) or "–" for name in ("outcome", "from", "to", "model")} | {
        "cost": f"{told.get('cost_usd', 0.0):.4f}"
    }


def _evidence(found: ReceiptOut) -> str:
    probability = found.guard_decisions.get("evidence_probability")
    threshold = found.guard_decisions.get("evidence_threshold")
    if probability is None:
        return ""
    return f"{probability:.2f} (answers from {threshold:.2f} on)"


def _passages(person: Identity, found: ReceiptOut) -> None:
    st.caption(strings.RECEIPT_PASSAGES)
    listed = st.container(gap=None)
    for passage in found.passages:
        cited = f"[{passage.citation}] " if passage.citation else ""
        page = f", {strings.PAGE.format(page=passage.page)}" if passage.page else ""
        score = next(iter(passage.scores.values()), 0.0)
        gone = strings.RECEIPT_WITHHELD if passage.is_withheld else strings.RECEIPT_ERASED
        name = passage.document_name or gone
        label = f"{passage.rank}. {cited}{name} v{passage.document_version or '–'}{page} · {score:.3f}"
        clicked = listed.button(
            plain(label), key=f"passage-{found.id}-{passage.rank}", type="tertiary", disabled=passage.chunk_id is None
        )
        if clicked and passage.chunk_id is not None:
            open_passage(person, passage.chunk_id, tuple(passage.quotes))
