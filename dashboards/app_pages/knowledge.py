"""Knowledge: knowledge bases, their documents and settings, which bots read them, and index versions."""

import re

import streamlit as st

from dashboards import strings
from dashboards.components.base_settings import archived, base_settings, sharing
from dashboards.components.bulk_actions import bulk_actions
from dashboards.components.differences import differences
from dashboards.components.document_table import chosen, filtered
from dashboards.components.duplicates import duplicates
from dashboards.components.index_versions import index_versions
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


def documents_of(client: ApiClient, base: KnowledgeBaseOut, bases: list[KnowledgeBaseOut]) -> None:
    """Everything about the documents of a knowledge base."""
    if may_write:
        add_documents(client, base)
    reading(person, base.id)
    documents = client.documents(base.id)
    if not documents:
        empty(strings.KNOWLEDGE_EMPTY)
        return
    st.button(strings.KNOWLEDGE_REFRESH, icon=":material/refresh:")
    failures(documents)
    ticked = chosen(filtered(documents), may_choose=may_write)
    bulk_actions(client, base, bases, ticked)
    duplicates(client, base.id)
    one_document(client, documents)


st.title(strings.KNOWLEDGE)
with shown_errors(), person.client() as client:
    bases = client.knowledge_bases()
    if may_write:
        new_knowledge_base(client)
        archived(client)
    if not bases:
        empty(strings.KNOWLEDGE_NONE)
        st.stop()
    base = st.selectbox(strings.KNOWLEDGE_BASE, bases, format_func=base_name, key="knowledge_base")
    if base.tags:
        st.caption(plain(" · ".join(base.tags)))
    names = strings.KNOWLEDGE_TABS if may_write else strings.KNOWLEDGE_TABS[::3]
    tabs = dict(zip(names, st.tabs(names), strict=True))
    documents_tab, settings_tab, bots_tab, index_tab = strings.KNOWLEDGE_TABS
    with tabs[documents_tab]:
        documents_of(client, base, bases)
    if may_write:
        with tabs[settings_tab]:
            base_settings(client, base)
        with tabs[bots_tab]:
            sharing(client, base, may_write=may_write)
    with tabs[index_tab]:
        index_versions(client, may_write=may_write)
