"""Knowledge: documents, their versions, and what could not be read."""

import re

import streamlit as st

from dashboards import strings
from dashboards.components.differences import differences
from dashboards.components.duplicates import duplicates
from dashboards.components.progress import reading
from dashboards.components.sign_in import signed_in
from dashboards.components.states import empty, shown_errors
from dashboards.components.text import plain
from dashboards.components.versions import versions
from serving.client.api_client import ApiClient
from serving.client.shapes import DocumentOut, KnowledgeBaseOut
from serving.settings import serving_settings

person = signed_in()
may_write = person.may_write_knowledge()


def base_name(base: KnowledgeBaseOut) -> str:
    """A knowledge base with how much of it can be asked about."""
    return strings.KNOWLEDGE_BASE_NAME.format(name=base.name, ready=base.ready, documents=base.documents)


def new_knowledge_base(client: ApiClient) -> None:
    """A small form."""
    with st.popover(strings.KNOWLEDGE_NEW, icon=":material/add:"):
        name = st.text_input(strings.KNOWLEDGE_NEW_NAME)
        slug = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
        if st.button(strings.KNOWLEDGE_NEW_BUTTON, disabled=not slug):
            client.create_knowledge_base(name=name, slug=slug)
            st.rerun()


def add_documents(client: ApiClient, base: KnowledgeBaseOut) -> None:
    """Upload, once per choice of files."""
    with st.form("upload", clear_on_submit=True):
        files = st.file_uploader(
            strings.KNOWLEDGE_FILES,
            accept_multiple_files=True,
            help=strings.KNOWLEDGE_UPLOAD_HELP,
            max_upload_size=serving_settings().max_upload_mb,
        )
        if st.form_submit_button(strings.KNOWLEDGE_UPLOAD, icon=":material/upload:") and files:
            for file in files:
                client.upload(base.id, file.name, file.getvalue(), file.type)
            st.success(strings.KNOWLEDGE_UPLOADED.format(count=len(files)))


def table(documents: list[DocumentOut]) -> None:
    """All documents."""
    st.dataframe(
        [
            {
                strings.COLUMN_DOCUMENT: d.name,
                strings.COLUMN_STATE: strings.STATES[d.state],
                strings.COLUMN_VERSION: d.version,
                strings.COLUMN_PAGES: d.page_count,
                strings.COLUMN_PASSAGES: d.passages,
                strings.COLUMN_LANGUAGE: d.language,
                strings.COLUMN_SIZE: round(d.byte_size / 1000, 1),
                strings.COLUMN_CHANGED: d.updated_at,
            }
            for d in documents
        ],
        hide_index=True,
        width="stretch",
        placeholder="–",
        column_config={strings.COLUMN_CHANGED: st.column_config.DatetimeColumn(format="D MMM YYYY, HH:mm")},
    )


def failures(documents: list[DocumentOut]) -> None:
    """What could not be read, and why."""
    broken = [d for d in documents if d.state == "failed"]
    if not broken:
        return
    with st.expander(strings.KNOWLEDGE_FAILED.format(count=len(broken)), expanded=True, icon=":material/warning:"):
        for document in broken:
            st.markdown(f"**{plain(document.name)}** · {document.failure_type}")
            st.caption(plain(document.failure_reason or ""))


def delete(client: ApiClient, document: DocumentOut) -> None:
    """Ask before deleting."""
    with st.popover(strings.KNOWLEDGE_DELETE, icon=":material/delete:"):
        st.markdown(strings.KNOWLEDGE_DELETE_ASK.format(name=plain(document.name)))
        if st.button(strings.KNOWLEDGE_DELETE_SURE, type="primary"):
            client.delete_document(document.id)
            st.rerun()


def one_document(client: ApiClient, documents: list[DocumentOut]) -> None:
    """Versions of one document, and deleting it."""
    st.subheader(strings.KNOWLEDGE_VERSIONS)
    chosen = st.selectbox(strings.KNOWLEDGE_DOCUMENT, documents, format_func=lambda d: d.name)
    listed = client.versions(chosen.id)
    versions(client, chosen.id, listed)
    differences(client, chosen.id, listed)
    if may_write:
        delete(client, chosen)


st.title(strings.KNOWLEDGE)
with shown_errors(), person.client() as client:
    bases = client.knowledge_bases()
    if may_write:
        new_knowledge_base(client)
    if not bases:
        empty(strings.KNOWLEDGE_NONE)
        st.stop()
    base = st.selectbox(strings.KNOWLEDGE_BASE, bases, format_func=base_name, key="knowledge_base")
    if may_write:
        add_documents(client, base)
    reading(person, base.id)
    documents = client.documents(base.id)
    if not documents:
        empty(strings.KNOWLEDGE_EMPTY)
        st.stop()
    st.button(strings.KNOWLEDGE_REFRESH, icon=":material/refresh:")
    failures(documents)
    table(documents)
    duplicates(client, base.id)
    one_document(client, documents)
