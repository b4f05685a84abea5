"""Signing in and out, and the choice of an organization."""

import streamlit as st

from dashboards import strings
from dashboards.components.text import plain
from dashboards.data import keeping
from dashboards.data.identity import Identity, resume, sign_in
from dashboards.data.keeping import OFFERS, PATH
from serving.client.errors import ClientError

_KEY = "identity"
_NOTICE = "sign_in_notice"
# The browser is yet to be told: a code to change for the cookie, or that the cookie is to go.
_CODE = "keep_code"
_LEAVING = "leaving"
# What this window's cookie said when it was opened does not count any more: somebody signed out, or nobody was known by it.
_HAS_LEFT = "has_left"


def identity() -> Identity | None:
    """Who is signed in, if anybody: in this window, or in this browser before the page was loaded anew."""
    found = st.session_state.get(_KEY)
    if isinstance(found, Identity):
        return found
    token = kept_token()
    if token is None or st.session_state.get(_HAS_LEFT):
        return None
    try:
        found = resume(token)
    except ClientError as error:
        found = None
        if error.status == 401:
            st.session_state[_LEAVING] = keeping.digest(token)
    # Once only: who fills in the form next may be somebody else.
    if found is None:
        st.session_state[_HAS_LEFT] = True
    else:
        st.session_state[_KEY] = found
    return found


def kept_token() -> str | None:
    """The token in the browser's cookie, as it was when the page was loaded."""
    return keeping.kept_token(st.context.cookies, st.context.headers)


def tell_browser() -> None:
    """Have the browser keep or forget the session, once after signing in or out."""
    if code := st.session_state.pop(_CODE, None):
        _fetch("POST", code)
    elif digest := st.session_state.pop(_LEAVING, None):
        _fetch("DELETE", digest)


def _fetch(method: str, body: str) -> None:
    script = f"fetch({PATH!r}, {{method: {method!r}, body: {body!r}, credentials: 'same-origin'}})"
    st.html(f"<script>{script}</script>", unsafe_allow_javascript=True)


def signed_in() -> Identity:
    """Who is signed in; a page reached without signing in shows nothing."""
    found = identity()
    if found is None:
        st.stop()
    return found


def forget(notice: str | None = None) -> None:
    """Sign out here and start over."""
    person = identity()
    st.session_state.clear()
    st.session_state[_HAS_LEFT] = True
    if person is not None:
        st.session_state[_LEAVING] = keeping.digest(person.token)
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
        found, session_ends = sign_in(email, password)
    except ClientError as error:
        st.error(plain(str(error)))
        return
    if not found.memberships:
        st.warning(strings.NO_ORGANIZATION)
        return
    st.session_state[_KEY] = found
    st.session_state[_CODE] = OFFERS.offer(found.token, session_ends)
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
