"""Signing in and out, and the choice of an organization."""

import streamlit as st

from dashboards import strings
from dashboards.components.text import plain
from dashboards.data.identity import Identity, sign_in
from serving.client.errors import ClientError

_KEY = "identity"
_NOTICE = "sign_in_notice"


def identity() -> Identity | None:
    """Who is signed in, if anybody."""
    found = st.session_state.get(_KEY)
    return found if isinstance(found, Identity) else None


def signed_in() -> Identity:
    """Who is signed in; a page reached without signing in shows nothing."""
    found = identity()
    if found is None:
        st.stop()
    return found


def forget(notice: str | None = None) -> None:
    """Sign out here and start over."""
    st.session_state.clear()
    if notice:
        st.session_state[_NOTICE] = notice
    st.rerun()


def sign_in_page() -> None:
    """The form."""
    st.title(strings.APP_TITLE)
    if notice := st.session_state.pop(_NOTICE, None):
        st.warning(notice)
    with st.form("sign_in"):
        st.subheader(strings.SIGN_IN_TITLE)
        email = st.text_input(strings.SIGN_IN_EMAIL, autocomplete="username")
        password = st.text_input(strings.SIGN_IN_PASSWORD, type="password", autocomplete="current-password")
        submitted = st.form_submit_button(strings.SIGN_IN_BUTTON, type="primary", width="stretch")
        st.caption(strings.SIGN_IN_HELP)
    if not submitted:
        return
    try:
        found = sign_in(email, password)
    except ClientError as error:
        st.error(plain(str(error)))
        return
    if not found.memberships:
        st.warning(strings.NO_ORGANIZATION)
        return
    st.session_state[_KEY] = found
    st.rerun()


def account_menu(person: Identity) -> None:
    """Organization and signing out, in the sidebar."""
    with st.sidebar:
        names = [membership.name for membership in person.memberships]
        chosen = st.selectbox(
            strings.ORGANIZATION, range(len(names)), index=person.chosen, format_func=lambda i: names[i]
        )
        if chosen != person.chosen:
            st.session_state.clear()
            st.session_state[_KEY] = person.choosing(chosen)
            st.rerun()
        st.caption(f"{plain(person.name)} · {person.current.role}")
        if st.button(strings.SIGN_OUT, icon=":material/logout:"):
            try:
                with person.client() as client:
                    client.sign_out()
            except ClientError:
                pass  # an API that is away cannot end the session; it ends by itself, and this page forgets it
            forget()
