"""Empty, loading and error states."""

from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from dashboards import strings
from dashboards.components.sign_in import forget
from dashboards.components.text import plain
from serving.client.errors import ClientError


def empty(message: str) -> None:
    """Nothing to show, and what to do about it."""
    st.info(message, icon=":material/inbox:")


def failed(message: str) -> None:
    """Something went wrong, in words for people."""
    st.error(plain(message), icon=":material/error:")


@contextmanager
def shown_errors() -> Iterator[None]:
    """Show an error of the API in the page; an ended session leads back to signing in."""
    try:
        yield
    except ClientError as error:
        if error.status == 401:
            forget(strings.SESSION_ENDED)
        failed(str(error))
        st.stop()
