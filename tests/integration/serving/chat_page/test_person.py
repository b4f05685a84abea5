"""A person in the place of the bot, on the chat page: asked for, waited for, read as they write, and gone again."""

import re
from typing import Any

import pytest
from playwright.sync_api import expect

from storage.postgres.models.member import Role
from tests.integration.conftest import Tenant, publish
from tests.integration.serving.chat_page.conftest import Visit
from tests.integration.serving.chat_page.test_chat_page import QUESTION, SIZES
from tests.integration.serving.chat_page.test_versions import asker, sideways, width
from tests.integration.serving.conversations.talking import configure

__all__ = ["asker"]

WAITING = "A person has been asked and will answer here"
HERE = "A person answers you here now"
OVER = "The person is done: the bot answers again."
SOON_MS = 15_000


def request(asker: Visit, note: str = "") -> None:
    """Ask for a person with the button."""
    asker.page.get_by_role("button", name="Ask for a person").click()
    dialog = asker.page.get_by_role("dialog", name="Ask for a person")
    dialog.get_by_label("What should they know").fill(note)
    dialog.get_by_role("button", name="Ask for a person").click()


def waiting(tenant: Tenant) -> Any:
    """The only one who waits."""
    (one,) = tenant.clients[Role.AGENT].get("/api/v1/handovers").json()
    return one


def act(tenant: Tenant, handover: str, what: str, **body: str) -> None:
    """What an agent does."""
    done = tenant.clients[Role.AGENT].post(f"/api/v1/handovers/{handover}/{what}", json=body or None)
    assert done.status_code in (200, 201), done.text


class TestAskingForOne:
    @pytest.mark.parametrize("visit", SIZES, indirect=True, ids=["desktop", "phone", "small"])
    def test_from_the_button_to_the_bot_again(self, asker: Visit, informed: Tenant) -> None:
        page, name = asker.page, asker.kind
        expect(page.get_by_role("button", name="Ask for a person")).to_be_hidden()
        asker.ask(QUESTION)
        page.get_by_role("button", name="Ask for a person").click()
        dialog = page.get_by_role("dialog", name="Ask for a person")
        expect(dialog).to_contain_text("the bot is silent")
        asker.shot(f"{name}-person-dialog-{width(page)}")
        dialog.get_by_label("What should they know").fill("Order 4711")
        asker.check_controls()
        dialog.get_by_role("button", name="Ask for a person").click()
        expect(dialog).to_have_count(0)
        expect(page.get_by_text(WAITING).first).to_be_visible()
        expect(page.get_by_role("status").filter(has_text=WAITING)).to_have_count(1)
        expect(page.get_by_label("Your question")).to_be_focused()
        # The bot is silent: nothing is offered that would ask it.
        for gone in ("Try again", "Ask in other words", "Ask for a person"):
            expect(page.get_by_role("button", name=gone)).to_have_count(0)
        asker.shot(f"{name}-person-waiting-{width(page)}")
        handover = waiting(informed)
        assert (handover["note"], handover["reason"]) == ("Order 4711", "requested")
        act(informed, handover["id"], "take")
        expect(page.locator("#person-state")).to_contain_text(HERE, timeout=SOON_MS)
        expect(page.get_by_role("status").filter(has_text=HERE)).to_have_count(1)
        act(informed, handover["id"], "replies", content="Ada here, how can I help?")
        expect(page.locator("article").filter(has_text="Ada here, how can I help?")).to_be_visible(timeout=SOON_MS)
        expect(page.get_by_role("status").filter(has_text="A person: Ada here")).to_have_count(1)
        page.get_by_label("Your question").fill("My grinder is loud.")
        page.keyboard.press("Enter")
        expect(page.locator("article.assistant").last).to_contain_text("will reply to you here")
        act(informed, handover["id"], "replies", content="Then send it back.")
        expect(page.locator("article").filter(has_text="Then send it back.")).to_be_visible(timeout=SOON_MS)
        asker.shot(f"{name}-person-here-{width(page)}")
        assert sideways(page) <= 0
        asker.check_controls()
        page.reload()
        expect(page.locator("#person-state")).to_contain_text(HERE)
        expect(page.locator("article").filter(has_text="Then send it back.")).to_be_visible()
        act(informed, handover["id"], "resolve")
        expect(page.locator("#person-state")).to_have_text(OVER, timeout=SOON_MS)
        expect(page.get_by_role("status").filter(has_text=OVER)).to_have_count(1)
        asker.shot(f"{name}-person-over-{width(page)}")
        expect(page.get_by_role("button", name="Ask for a person")).to_be_visible()
        asker.ask(QUESTION)
        expect(page.get_by_text(OVER)).to_be_hidden()
        expect(page.get_by_role("button", name="Try again")).to_have_count(1)
        assert [error for error in asker.errors if "401" not in error] == []

    def test_it_can_be_left_be_and_is_done_with_the_keyboard(self, asker: Visit, informed: Tenant) -> None:
        page = asker.page
        asker.ask(QUESTION)
        page.get_by_role("button", name="Ask for a person").focus()
        page.keyboard.press("Enter")
        page.get_by_role("dialog").get_by_role("button", name="Not now").focus()
        page.keyboard.press("Enter")
        expect(page.get_by_role("button", name="Ask for a person")).to_be_focused()
        assert informed.owner.get("/api/v1/handovers").json() == []
        page.keyboard.press("Enter")
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog")).to_have_count(0)
        assert informed.owner.get("/api/v1/handovers").json() == []

    def test_a_network_that_is_away_is_said(self, asker: Visit, informed: Tenant) -> None:
        asker.ask(QUESTION)
        asker.page.context.set_offline(True)
        request(asker, note="Order 4711")
        expect(asker.page.get_by_role("alert").filter(has_text="The server cannot be reached")).to_be_visible()
        expect(asker.page.get_by_label("What should they know")).to_have_value("Order 4711")
        asker.page.context.set_offline(False)
        asker.page.get_by_role("dialog").get_by_role("button", name="Ask for a person").click()
        expect(asker.page.get_by_text(WAITING).first).to_be_visible()
        assert waiting(informed)["note"] == "Order 4711"

    def test_a_box_that_is_open_closes_when_somebody_takes_over(self, asker: Visit, informed: Tenant) -> None:
        asker.ask(QUESTION)
        asker.page.get_by_role("button", name="Ask in other words").click()
        conversation = informed.owner.get("/api/v1/conversations").json()[0]["id"]
        asked = informed.clients[Role.AGENT].post(f"/api/v1/conversations/{conversation}/handover", json={})
        act(informed, asked.json()["id"], "replies", content="Ada here.")
        expect(asker.page.locator("article").filter(has_text="Ada here.")).to_be_visible(timeout=2 * SOON_MS)
        expect(asker.page.get_by_role("textbox", name="Ask in other words")).to_have_count(0)
        expect(asker.page.get_by_text(HERE).first).to_be_visible()


class TestWhereItIsNotOffered:
    def test_a_visitor_of_a_bot_that_does_not_hand_over(self, visit: Visit, informed: Tenant) -> None:
        configure(informed, handover={"on_request": False})
        publish(informed)
        visit.page.goto(visit.url.replace("/chat/assistant", f"/chat/{informed.chatbot_id}"))
        visit.ask(QUESTION)
        expect(visit.page.get_by_role("button", name="Try again")).to_be_visible()
        expect(visit.page.get_by_role("button", name="Ask for a person")).to_be_hidden()

    def test_a_visitor_who_waits_in_another_chat_is_told(self, visit: Visit, informed: Tenant) -> None:
        publish(informed)
        visit.page.goto(visit.url.replace("/chat/assistant", f"/chat/{informed.chatbot_id}"))
        visit.ask(QUESTION)
        request(visit)
        expect(visit.page.get_by_text(WAITING).first).to_be_visible()
        visit.page.get_by_role("button", name="New chat").click()
        visit.ask(QUESTION)
        request(visit)
        expect(visit.page.get_by_role("alert").filter(has_text=re.compile("another conversation"))).to_be_visible()
        visit.page.get_by_role("button", name="Not now").click()
        visit.page.reload()
        expect(visit.page.get_by_text("A person is to answer you in another chat.")).to_be_visible()
        visit.shot("visitor-person-elsewhere")
        visit.page.get_by_role("button", name="Go there").click()
        expect(visit.page.get_by_text(WAITING).first).to_be_visible()
        expect(visit.page.get_by_role("button", name="Go there")).to_be_hidden()


class TestWords:
    @pytest.mark.parametrize(
        ("language", "button", "told"),
        [
            ("de", "Mit einem Menschen sprechen", "Bis dahin schweigt der Bot"),
            ("es", "Hablar con una persona", "Hasta entonces el bot calla"),
            ("fr", "Parler à une personne", "D'ici là, le bot se tait"),
        ],
    )
    def test_what_happens_next_is_said_in_every_language(
        self, asker: Visit, language: str, button: str, told: str
    ) -> None:
        asker.ask(QUESTION)
        asker.page.get_by_label("Language").select_option(language)
        asker.page.get_by_role("button", name=button).click()
        asker.page.get_by_role("dialog").get_by_role("button", name=button).click()
        expect(asker.page.locator("#person-state")).to_contain_text(told)
