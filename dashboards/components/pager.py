"""Steps through a list that is longer than a page."""

import streamlit as st

from dashboards import strings


def offset_of(key: str, total: int, *, size: int) -> int:
    """From which row the page begins that is looked at; a list that became shorter is looked at from its last page.

    Args:
        key: Of the list.
        total: How many rows it has.
        size: How many a page shows.
    """
    last = max(0, (total - 1) // size)
    st.session_state[key] = min(st.session_state.get(key, 0), last)
    return int(st.session_state[key]) * size


def pager(key: str, total: int, *, size: int) -> None:
    """Two buttons and what is shown; nothing where one page shows all. Arguments as of `offset_of`."""
    if total <= size:
        return
    page = st.session_state[key]
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            strings.PAGER_BEFORE, key=f"{key}_before", icon=":material/chevron_left:", disabled=page == 0,
            on_click=turn_to, args=(key, page - 1),
        )  # fmt: skip
        st.caption(
            strings.PAGER_SHOWN.format(first=page * size + 1, last=min(total, (page + 1) * size), total=total),
            width="content",
        )
        st.button(
            strings.PAGER_AFTER, key=f"{key}_after", icon=":material/chevron_right:",
            disabled=(page + 1) * size >= total, on_click=turn_to, args=(key, page + 1),
        )  # fmt: skip


def turn_to(key: str, page: int) -> None:
    """Look at another page, from 0, the next time."""
    st.session_state[key] = page
