"""A knowledge base itself: its name and tags, how passages are found in it, which bots read it, its end."""

import streamlit as st

from dashboards import strings
from dashboards.components.retrieval_form import retrieval_form
from dashboards.components.states import empty
from dashboards.components.text import plain
from serving.client.api_client import ApiClient
from serving.client.shapes import KnowledgeBaseOut


def base_settings(client: ApiClient, base: KnowledgeBaseOut) -> None:
    """A form, and archiving."""
    with st.form(f"base-{base.id}"):
        name = st.text_input(strings.BASE_NAME, base.name, max_chars=255)
        tags = st.text_input(strings.BASE_TAGS, ", ".join(base.tags))
        st.markdown(f"**{strings.BASE_RETRIEVAL}**")
        said = retrieval_form(f"base-{base.id}", base.retrieval)
        if st.form_submit_button(strings.BASE_SAVE, type="primary") and said is not None:
            kept = [tag.strip() for tag in tags.split(",") if tag.strip()]
            client.update_knowledge_base(base.id, name=name, tags=kept, retrieval=said or None)
            st.toast(strings.BASE_SAVED)
            st.rerun()
    with st.popover(strings.BASE_ARCHIVE, icon=":material/archive:"):
        st.markdown(strings.BASE_ARCHIVE_ASK.format(name=plain(base.name)))
        if st.button(strings.BASE_ARCHIVE_SURE, type="primary"):
            client.archive_knowledge_base(base.id)
            st.rerun()


def archived(client: ApiClient) -> None:
    """Knowledge bases that can be brought back; nothing where there are none."""
    bases = client.archived_knowledge_bases()
    if not bases:
        return
    with st.expander(strings.BASE_ARCHIVED.format(count=len(bases)), icon=":material/archive:"):
        for base in bases:
            if st.button(strings.BASE_UNARCHIVE.format(name=plain(base.name)), key=f"unarchive-{base.id}"):
                client.unarchive_knowledge_base(base.id)
                st.rerun()


def sharing(client: ApiClient, base: KnowledgeBaseOut, *, may_write: bool) -> None:
    """Which bots read it."""
    bots = client.sharing(base.id)
    if not bots:
        empty(strings.SHARING_NONE)
        return
    always = [bot for bot in bots if bot.reads_all]
    if always:
        st.caption(strings.SHARING_ALWAYS.format(names=plain(", ".join(bot.name for bot in always))))
    rest = [bot for bot in bots if not bot.reads_all]
    if not rest:
        return
    reading = st.multiselect(
        strings.SHARING_BOTS,
        rest,
        [bot for bot in rest if bot.reads_it],
        format_func=lambda bot: bot.name,
        disabled=not may_write,
        key=f"sharing-{base.id}",
    )
    if may_write and st.button(strings.SHARING_SAVE, type="primary"):
        client.share(base.id, [bot.id for bot in reading])
        st.toast(strings.SHARING_SAVED)
        st.rerun()
