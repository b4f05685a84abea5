"""Live traffic: questions, first word, tokens, errors, queue, models and cost, looked at again every few seconds."""

import streamlit as st

from dashboards import strings
from dashboards import traffic_strings as words
from dashboards.components.sign_in import signed_in
from dashboards.components.states import shown_errors
from dashboards.components.traffic import traffic

person = signed_in()


@st.fragment(run_every="5s")
def now(minutes: int) -> None:
    """The part of the page that is drawn again."""
    with shown_errors(), person.client() as client:
        traffic(client.traffic(minutes))


st.title(strings.TRAFFIC)
window = st.segmented_control(
    words.WINDOW,
    list(words.WINDOWS),
    default=15,
    required=True,
    format_func=lambda minutes: words.WINDOWS[minutes],
)
now(window or 15)
