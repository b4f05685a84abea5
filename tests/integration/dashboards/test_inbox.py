"""The page Inbox, as somebody sees it who answers."""

import pytest
from streamlit.testing.v1 import AppTest

from dashboards import strings
from storage.postgres.models.member import Role
from tests.integration.conftest import Tenant, publish, start_conversation, visit
from tests.integration.dashboards.conftest import SignIn
from tests.integration.dashboards.test_managing import click
from tests.integration.dashboards.test_pages import texts
from tests.integration.serving.conversations.talking import say, turns
from tests.integration.serving.visitors.talking import ask

PAGE = "app_pages/inbox.py"
WISH = "I want to talk to a human about ![x](https://evil.example/x.png)"


@pytest.fixture
def conversation(tenant: Tenant) -> str:
    """A conversation whose person waits for somebody."""
    started = start_conversation(tenant, role=Role.VIEWER)
    assert say(tenant, started, WISH)["handover"]["state"] == "requested"
    return started


def labels(at: AppTest) -> set[str]:
    """What can be pressed."""
    return {str(button.label) for button in at.button}


class TestInbox:
    def test_nobody_waits(self, tenant: Tenant, sign_in: SignIn) -> None:
        at = sign_in("agent").switch_page(PAGE).run()
        assert not at.exception
        assert strings.INBOX_EMPTY in texts(at)

    def test_it_is_where_an_agent_begins(self, tenant: Tenant, sign_in: SignIn) -> None:
        assert sign_in("agent").title[0].value == strings.INBOX

    def test_taken_replied_and_given_back(self, tenant: Tenant, conversation: str, sign_in: SignIn) -> None:
        reply = {"shortcut": "hello", "title": "Hello", "text": "Hello, how can I help?"}
        assert tenant.owner.post("/api/v1/canned-replies", json=reply).status_code == 201
        at = sign_in("agent").switch_page(PAGE).run()
        assert strings.INBOX_REASONS["asked"] in texts(at)
        assert "![x](" not in texts(at)
        assert strings.INBOX_SEND not in labels(at)
        click(at, strings.INBOX_TAKE)
        at.selectbox(key="inbox_canned").set_value("hello").run()
        assert at.text_area(key="inbox_text-hello").value == reply["text"]
        click(at, strings.INBOX_SEND)
        assert not at.exception
        assert turns(tenant, conversation)[-1]["content"] == reply["text"]
        assert strings.INBOX_AGENT in texts(at)
        click(at, strings.INBOX_RESOLVE)
        assert strings.INBOX_EMPTY in texts(at)
        assert say(tenant, conversation, "Hello again")["handover"] is None

    def test_somebody_without_an_account_is_called_a_visitor(
        self, api_url: str, tenant: Tenant, sign_in: SignIn
    ) -> None:
        publish(tenant)
        with visit(api_url, tenant.chatbot_id) as visitor:
            assert ask(visitor, WISH)["handover"]["state"] == "requested"
        at = sign_in("agent").switch_page(PAGE).run()
        assert strings.ASKERS["visitor"] in at.selectbox(key="inbox_handover").options[0]

    def test_what_somebody_else_has_taken_is_theirs(self, tenant: Tenant, conversation: str, sign_in: SignIn) -> None:
        click(sign_in("agent").switch_page(PAGE).run(), strings.INBOX_TAKE)
        at = sign_in("builder").switch_page(PAGE).run()
        assert not labels(at) & {strings.INBOX_TAKE, strings.INBOX_SEND, strings.INBOX_RESOLVE}

    def test_a_canned_reply_is_kept(self, tenant: Tenant, sign_in: SignIn) -> None:
        at = sign_in("agent").switch_page(PAGE).run()
        at.text_input(key="canned_shortcut").set_value("bye")
        at.text_input(key="canned_title").set_value("Goodbye")
        at.text_area(key="canned_text").set_value("Have a nice day.")
        click(at, strings.INBOX_CANNED_KEEP)
        assert not at.exception
        assert [one["shortcut"] for one in tenant.owner.get("/api/v1/canned-replies").json()] == ["bye"]
