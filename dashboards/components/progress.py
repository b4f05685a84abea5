"""How far the reading of documents is: a bar for each ingestion that runs, which moves by itself."""

import uuid

import streamlit as st

from dashboards import strings
from dashboards.components.states import shown_errors
from dashboards.components.text import plain
from dashboards.data.identity import Identity
from serving.client.api_client import ApiClient
from serving.client.shapes import IngestionProgress

_LOOK_EVERY = "2s"


def reading(person: Identity, knowledge_base_id: uuid.UUID) -> None:
    """Bars of what runs in a knowledge base; nothing when nothing does. Looks again every two seconds while one runs."""
    with shown_errors(), person.client() as client:
        is_running = bool(_running(client, knowledge_base_id))
    if is_running:
        st.fragment(_bars, run_every=_LOOK_EVERY)(person, knowledge_base_id)


def _bars(person: Identity, knowledge_base_id: uuid.UUID) -> None:
    with shown_errors(), person.client() as client:
        running = _running(client, knowledge_base_id)
        if not running:
            st.rerun()  # the table below shows what came of it
        for progress in running:
            share = progress.documents_done / max(1, progress.documents_total)
            st.progress(min(1.0, share), text=f"{plain(progress.name)} · {_told(progress)}")
            if person.may_write_knowledge() and st.button(
                strings.READING_CANCEL, key=f"cancel-{progress.id}", icon=":material/stop_circle:"
            ):
                client.cancel_ingestion(progress.id)
                st.rerun()


def _running(client: ApiClient, knowledge_base_id: uuid.UUID) -> list[IngestionProgress]:
    return [found for found in client.ingestions(knowledge_base_id) if found.state == "running"]


def _told(progress: IngestionProgress) -> str:
    parts = [strings.READING_DOCUMENTS.format(done=progress.documents_done, total=progress.documents_total)]
    if progress.pages_total:
        parts.append(strings.READING_PAGES.format(done=progress.pages_done, total=progress.pages_total))
    if progress.passages_total:
        parts.append(strings.READING_PASSAGES.format(done=progress.passages_done, total=progress.passages_total))
    if progress.seconds_left is not None:
        parts.append(strings.READING_LEFT.format(seconds=max(1, round(progress.seconds_left))))
    return ", ".join(parts)
