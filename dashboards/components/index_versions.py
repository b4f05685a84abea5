"""Index versions: what each is made with, what its gates measured, and building, promoting and going back."""

import streamlit as st

from dashboards import strings
from dashboards.components.states import empty
from dashboards.components.text import plain
from serving.client.api_client import ApiClient
from serving.client.shapes import IndexVersionOut


def index_versions(client: ApiClient, *, may_write: bool) -> None:
    """All versions, newest first."""
    versions = [one for one in client.index_versions() if one.dropped_at is None]
    if not versions:
        empty(strings.INDEX_NONE)
        return
    for version in versions:
        _version(client, version, may_write=may_write)
    if may_write:
        with st.container(horizontal=True):
            _build(client)
            if any(one.status == "retired" for one in versions):
                _roll_back(client)


def _version(client: ApiClient, version: IndexVersionOut, *, may_write: bool) -> None:
    with st.container(border=True):
        st.markdown(
            strings.INDEX_LINE.format(
                number=version.number,
                state=strings.INDEX_STATES[version.status],
                model=plain(version.embedding_model),
                chunker=plain(version.chunker),
            )
        )
        if version.error:
            st.error(plain(version.error))
        done, total = (version.progress.get(name) for name in ("documents_done", "documents_total"))
        if version.status == "building" and total:
            st.progress(min(1.0, (done or 0) / total), text=strings.READING_DOCUMENTS.format(done=done, total=total))
        if version.gates is not None:
            with st.expander(strings.INDEX_GATES.format(number=version.number)):
                for gate in version.gates.results:
                    mark = ":material/check_circle:" if gate.passed else ":material/cancel:"
                    st.markdown(strings.INDEX_GATE.format(mark=mark, name=plain(gate.name), detail=plain(gate.detail)))
        if may_write and version.status == "candidate":
            _promote(client, version)


def _promote(client: ApiClient, version: IndexVersionOut) -> None:
    with st.popover(strings.INDEX_PROMOTE.format(number=version.number), icon=":material/rocket_launch:"):
        st.markdown(strings.INDEX_PROMOTE_SAYS.format(number=version.number))
        if st.button(strings.INDEX_PROMOTE_SURE.format(number=version.number), type="primary"):
            flipped = client.promote_index(version.id)
            st.toast(strings.INDEX_FLIPPED.format(number=flipped.live_number))
            st.rerun()


def _build(client: ApiClient) -> None:
    with st.popover(strings.INDEX_BUILD, icon=":material/construction:"):
        st.caption(strings.INDEX_BUILD_SAYS)
        model = st.text_input(strings.INDEX_BUILD_MODEL, key="index_model").strip()
        tokens = st.number_input(strings.INDEX_BUILD_TOKENS, 0, 250, 0, key="index_tokens")
        if st.button(strings.INDEX_BUILD_SURE, type="primary"):
            client.build_index(**({"model": model} if model else {}), **({"chunk_tokens": tokens} if tokens else {}))
            st.toast(strings.INDEX_BUILT)
            st.rerun()


def _roll_back(client: ApiClient) -> None:
    with st.popover(strings.INDEX_ROLLBACK, icon=":material/undo:"):
        st.markdown(strings.INDEX_ROLLBACK_SAYS)
        if st.button(strings.INDEX_ROLLBACK_SURE, type="primary"):
            st.toast(strings.INDEX_FLIPPED.format(number=client.roll_back_index().live_number))
            st.rerun()
