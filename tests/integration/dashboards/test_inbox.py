"""The page Inbox, as somebody sees it who answers."""

from datetime import timedelta

import pytest
from sqlalchemy import Engine, update
from streamlit.testing.v1 import AppTest

from dashboards import strings
from storage.postgres.models.handover import Handover
from storage.postgres.models.member import Role
from storage.postgres.session import owner_session
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
        assert next(box for box in at.text_area if box.label == strings.INBOX_REPLY).value == reply["text"]
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

    def test_a_long_queue_has_pages_and_says_how_long_it_is(self, tenant: Tenant, sign_in: SignIn) -> None:
        conversations = [start_conversation(tenant, role=Role.VIEWER) for _ in range(22)]
        for number, one in enumerate(conversations):
            say(tenant, one, f"I want to talk to a human about order {number}")
        at = sign_in("agent").switch_page(PAGE).run()
        assert "22 wait" in texts(at)
        assert strings.PAGER_SHOWN.format(first=1, last=20, total=22) in texts(at)
        assert len(at.selectbox(key="inbox_handover").options) == 20
        assert at.button(key="inbox_page_before").disabled
        at.button(key="inbox_page_after").click().run()
        assert not at.exception
        assert strings.PAGER_SHOWN.format(first=21, last=22, total=22) in texts(at)
        last = at.selectbox(key="inbox_handover").options
        assert [one.rsplit(" ", 1)[-1] for one in last] == ["20", "21"]
        # What is taken comes first, and stays chosen.
        at.selectbox(key="inbox_handover").select_index(1).run()
        click(at, strings.INBOX_TAKE)
        assert not at.exception
        assert strings.INBOX_SEND in labels(at)
        assert "order 21" in at.selectbox(key="inbox_handover").options[0]
        assert "21 wait" in texts(at)
        assert "order 21" in texts(at)

    def test_the_one_that_was_taken_is_answered_also_beside_others(self, tenant: Tenant, sign_in: SignIn) -> None:
        for words in ("first", "second", "third"):
            say(tenant, start_conversation(tenant, role=Role.VIEWER), f"I want to talk to a human about the {words}")
        at = sign_in("agent").switch_page(PAGE).run()
        click(at, strings.INBOX_TAKE)
        at.selectbox(key="inbox_handover").select_index(2).run()
        assert "the third" in texts(at)
        click(at, strings.INBOX_TAKE)
        assert not at.exception
        assert "the third" in texts(at)
        next(box for box in at.text_area if box.label == strings.INBOX_REPLY).set_value("For the third.")
        click(at, strings.INBOX_SEND)
        assert "the third" in texts(at)
        agents = [
            (one["title"], client_turns[-1]["content"])
            for one in tenant.owner.get("/api/v1/handovers").json()
            if (client_turns := turns(tenant, one["conversation_id"]))[-1]["author"] == "agent"
        ]
        assert agents == [("I want to talk to a human about the third", "For the third.")]

    def test_two_that_look_alike_are_told_apart(self, tenant: Tenant, sign_in: SignIn) -> None:
        for _ in range(2):
            say(tenant, start_conversation(tenant, role=Role.VIEWER), "I want to talk to a human")
        at = sign_in("agent").switch_page(PAGE).run()
        waiting = tenant.owner.get("/api/v1/handovers").json()
        at.selectbox(key="inbox_handover").select_index(1).run()
        at.selectbox(key="inbox_handover").select_index(0).run()
        click(at, strings.INBOX_TAKE)
        states = {one["id"]: one["state"] for one in tenant.owner.get("/api/v1/handovers").json()}
        assert [states[one["id"]] for one in waiting] == ["assigned", "requested"]

    def test_it_stays_chosen_while_it_waits_longer(self, tenant: Tenant, owner: Engine, sign_in: SignIn) -> None:
        for words in ("first", "second"):
            say(tenant, start_conversation(tenant, role=Role.VIEWER), f"I want to talk to a human about the {words}")
        at = sign_in("agent").switch_page(PAGE).run()
        at.selectbox(key="inbox_handover").select_index(1).run()
        with owner_session(owner) as session:
            earlier = Handover.created_at - timedelta(minutes=5)
            session.execute(
                update(Handover).where(Handover.organization_id == tenant.organization.id).values(created_at=earlier)
            )
        click(at, strings.INBOX_REFRESH)
        assert "5 min" in at.selectbox(key="inbox_handover").options[0]
        assert "the second" in texts(at)

    def test_a_queue_that_became_shorter_is_shown_from_its_last_page(self, tenant: Tenant, sign_in: SignIn) -> None:
        waiting = [say(tenant, start_conversation(tenant, role=Role.VIEWER), WISH)["handover"]["id"] for _ in range(21)]
        at = sign_in("agent").switch_page(PAGE).run()
        at.button(key="inbox_page_after").click().run()
        assert len(at.selectbox(key="inbox_handover").options) == 1
        tenant.owner.post(f"/api/v1/handovers/{waiting[-1]}/resolve")
        click(at, strings.INBOX_REFRESH)
        assert not at.exception
        assert len(at.selectbox(key="inbox_handover").options) == 20
        assert strings.PAGER_AFTER not in labels(at)

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
