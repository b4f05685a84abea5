"""Citations that open their passage."""

import re
import uuid

import streamlit as st

from dashboards import strings
from dashboards.components.states import shown_errors
from dashboards.components.text import plain
from dashboards.data.identity import Identity
from serving.client.shapes import CitationOut, PassageOut

_HEADING = re.compile(r"^(?:\\#){1,6} (\S.*?)( *)$", re.MULTILINE)


def sources(person: Identity, citations: list[CitationOut], *, key: str, title: str = strings.ASK_SOURCES) -> None:
    """One button per source of an answer."""
    if not citations:
        return
    with st.container(gap=None):
        st.caption(title)
        for citation in citations:
            page = f", {strings.PAGE.format(page=citation.page)}" if citation.page else ""
            label = f"[{citation.number}] {citation.document_name}{page}"
            if st.button(plain(label), key=f"{key}-{citation.number}", icon=":material/description:", type="tertiary"):
                open_passage(person, citation.chunk_id, tuple(citation.quotes))


@st.dialog(strings.ASK_PASSAGE, width="medium")
def open_passage(person: Identity, chunk_id: uuid.UUID, quotes: tuple[str, ...] = ()) -> None:
    """The passage with its neighbours, its place, and what was quoted marked."""
    with shown_errors(), person.client() as client:
        passage = client.passage(chunk_id)
    st.markdown(f"**{plain(passage.document_name)}**")
    st.caption(plain(_place(passage)))
    if not passage.is_current:
        st.warning(strings.ASK_OLD_VERSION.format(version=passage.version))
    if passage.before:
        st.caption(_headed(plain(passage.before[-400:])))
    st.markdown(_headed(_marked(passage.text, quotes)))
    if passage.after:
        st.caption(_headed(plain(passage.after[:400])))


def _place(passage: PassageOut) -> str:
    parts = [" › ".join(passage.heading_path)] if passage.heading_path else []
    if passage.page_start:
        last = f"–{passage.page_end}" if passage.page_end not in (None, passage.page_start) else ""
        parts.append(strings.PAGE.format(page=f"{passage.page_start}{last}"))
    return " · ".join(parts)


def _headed(escaped: str) -> str:
    """Escaped text whose heading lines are shown as such instead of with their marks."""
    return _HEADING.sub(r"**\1**\2", escaped)


def _marked(text: str, quotes: tuple[str, ...]) -> str:
    """The text with its quoted parts highlighted, everything escaped."""
    spans = sorted((start, start + len(quote)) for quote in quotes if quote and (start := text.find(quote)) >= 0)
    shown, position = [], 0
    for start, end in spans:
        if start < position:
            continue
        shown += [plain(text[position:start]), f":blue-background[{plain(text[start:end])}]"]
        position = end
    return "".join([*shown, plain(text[position:])])
