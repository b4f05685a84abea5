"""Navigation of the dashboards: which pages a role gets."""

from pathlib import Path

import streamlit as st

from dashboards import strings
from dashboards.components.sign_in import account_menu, identity, sign_in_page, tell_browser

PAGES = {
    "overview": (strings.OVERVIEW, ":material/monitoring:"),
    "traffic": (strings.TRAFFIC, ":material/speed:"),
    "conversations": (strings.CONVERSATIONS, ":material/forum:"),
    "inbox": (strings.INBOX, ":material/support_agent:"),
    "knowledge": (strings.KNOWLEDGE, ":material/menu_book:"),
    "bots": (strings.BOTS, ":material/smart_toy:"),
    "understanding": (strings.UNDERSTANDING, ":material/psychology:"),
    "search_lab": (strings.LAB, ":material/science:"),
    "ask": (strings.ASK, ":material/chat:"),
}

# Streamlit knows its default page by no name, so the page that a role begins with is listed once more under its own.
_FIRST = "start"
# A file of our own: a material icon or emoji here would make each reader's browser fetch it from another host.
_ICON = Path(__file__).with_name("icon.svg")

person = identity()
st.set_page_config(
    page_title=strings.APP_TITLE,
    page_icon=_ICON,
    layout="centered",
)
tell_browser()
if person is None:
    # A phone's menu, open when somebody signs out, would stay open over the form, empty.
    st.html("<style>[data-testid='stSidebar'], [data-testid='stExpandSidebarButton'] { display: none; }</style>")
    # At the address of every page, so that whoever signs in gets the one that was asked for.
    pages = [st.Page(sign_in_page, title=strings.SIGN_IN_TITLE, url_path=name) for name in PAGES]
    first = st.Page(sign_in_page, title=strings.SIGN_IN_TITLE, default=True, url_path=_FIRST)
    st.navigation([first, *pages], position="hidden").run()
else:
    account_menu(person)
    pages = [
        st.Page(f"app_pages/{name}.py", title=PAGES[name][0], icon=PAGES[name][1], url_path=name)
        for name in person.pages
    ]
    start = person.pages[0]
    first = st.Page(f"app_pages/{start}.py", title=PAGES[start][0], default=True, url_path=_FIRST, visibility="hidden")
    st.navigation([first, *pages]).run()
