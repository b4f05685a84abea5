"""The chat page as somebody without an account sees it, in a real browser."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import Engine, func, select

from storage.postgres.models.member import Role
from storage.postgres.models.visitor import Visitor
from storage.postgres.session import owner_session
from tests.integration.conftest import Tenant, publish
from tests.integration.serving.chat_page.conftest import PASSWORD, Visit
from tests.integration.serving.chat_page.test_chat_page import QUESTION

PHONES = [(390, 844), (320, 640)]


@pytest.fixture
def guest(visit: Visit, informed: Tenant) -> Visit:
    """Somebody who opens the link of a bot that is published to anyone."""
    publish(informed)
    visit.url = visit.url.replace("/chat/assistant", f"/chat/{informed.chatbot_id}")
    visit.page.goto(visit.url)
    visit.page.get_by_label("Your question").wait_for()
    return visit


@pytest.fixture
def second(browser: Browser, guest: Visit) -> Iterator[Page]:
    """The same page in another browser."""
    context = browser.new_context(locale="en-GB")
    page = context.new_page()
    page.goto(guest.url)
    yield page
    context.close()


def visitors(owner: Engine, tenant: Tenant) -> int:
    with owner_session(owner) as session:
        statement = select(func.count()).select_from(Visitor).where(Visitor.organization_id == tenant.organization.id)
        return session.scalar(statement) or 0


class TestAsking:
    @pytest.mark.parametrize("visit", PHONES, indirect=True, ids=["phone", "small"])
    def test_an_answer_whose_source_opens_without_an_account(
        self, guest: Visit, informed: Tenant, owner: Engine
    ) -> None:
        page = guest.page
        width = page.viewport_size["width"]  # type: ignore[index]
        expect(page.get_by_label("Password")).to_be_hidden()
        expect(page.get_by_text("deleted 30 days after your last visit")).to_be_visible()
        assert visitors(owner, informed) == 0
        guest.shot(f"visitor-{width}")
        guest.ask(QUESTION)
        expect(page.get_by_text("60 months").first).to_be_visible()
        guest.shot(f"visitor-answer-{width}")
        page.get_by_role("button", name=re.compile("Open source 1")).first.click()
        expect(page.get_by_role("dialog", name="policy.md")).to_be_visible()
        expect(page.locator("mark").first).to_contain_text("60 months")
        guest.shot(f"visitor-passage-{width}")
        page.keyboard.press("Escape")
        assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
        assert visitors(owner, informed) == 1
        assert guest.errors == []
        assert all(one.startswith(guest.url.split("/chat")[0]) for one in guest.requests), guest.requests

    def test_reloading_brings_it_back_with_its_sources(self, guest: Visit) -> None:
        guest.ask(QUESTION)
        guest.page.get_by_role("button", name="Not helpful").click()
        guest.page.reload()
        expect(guest.page.get_by_text(QUESTION)).to_be_visible()
        expect(guest.page.get_by_role("button", name=re.compile("Open source 1")).first).to_be_visible()
        expect(guest.page.get_by_role("button", name="Not helpful")).to_have_attribute("aria-pressed", "true")

    def test_another_browser_sees_nothing_of_it(self, guest: Visit, second: Page) -> None:
        guest.ask(QUESTION)
        second.reload()
        expect(second.get_by_label("Your question")).to_be_visible()
        expect(second.get_by_text(QUESTION)).to_have_count(0)

    def test_a_person_who_takes_over_is_read_without_reloading(self, guest: Visit, informed: Tenant) -> None:
        guest.page.get_by_label("Your question").fill("I would like to talk to a human, please.")
        guest.page.keyboard.press("Enter")
        expect(guest.page.get_by_text("A person will reply to you here").first).to_be_visible()
        agent = informed.clients[Role.AGENT]
        (waiting,) = agent.get("/api/v1/handovers").json()
        agent.post(f"/api/v1/handovers/{waiting['id']}/replies", json={"content": "Ada here, how can I help?"})
        expect(guest.page.get_by_text("Ada here, how can I help?").first).to_be_visible(timeout=15_000)

    def test_the_end_of_a_day_is_said(self, guest: Visit, informed: Tenant) -> None:
        publish(informed, daily_questions_per_visitor=1)
        guest.ask(QUESTION)
        guest.page.get_by_label("Your question").fill(QUESTION)
        guest.page.keyboard.press("Enter")
        expect(guest.page.get_by_text("ask again tomorrow").first).to_be_visible()

    def test_a_bot_that_is_not_published_any_more_says_so(self, guest: Visit, informed: Tenant) -> None:
        guest.ask(QUESTION)
        informed.owner.patch(f"/api/v1/chatbots/{informed.chatbot_id}", json={"access": "members"})
        guest.page.get_by_label("Your question").fill(QUESTION)
        guest.page.keyboard.press("Enter")
        expect(guest.page.get_by_text("not open to visitors any more").first).to_be_visible()
        guest.page.reload()
        expect(guest.page.get_by_label("Password")).to_be_visible()


class TestForgetting:
    @pytest.mark.parametrize("visit", [(320, 640)], indirect=True, ids=["small"])
    def test_it_asks_first_and_is_done_with_the_keyboard(self, guest: Visit, informed: Tenant, owner: Engine) -> None:
        page = guest.page
        guest.ask(QUESTION)
        page.get_by_role("button", name="Forget this chat").focus()
        page.keyboard.press("Enter")
        dialog = page.get_by_role("dialog", name="Forget this chat")
        expect(dialog).to_be_visible()
        guest.shot("visitor-forget-320")
        page.keyboard.press("Escape")
        expect(page.get_by_text(QUESTION)).to_be_visible()
        page.get_by_role("button", name="Forget this chat").click()
        dialog.get_by_role("button", name="Forget this chat").click()
        expect(page.get_by_text(QUESTION)).to_have_count(0)
        expect(page.get_by_role("status").filter(has_text="Forgotten.")).to_have_count(1)
        assert page.context.cookies() == []
        page.reload()
        expect(page.get_by_label("Your question")).to_be_visible()
        expect(page.get_by_text(QUESTION)).to_have_count(0)
        assert [one["kind"] for one in informed.owner.get("/api/v1/erasures").json()] == ["subject"]
        # Whoever comes back is somebody new.
        guest.ask(QUESTION)
        assert visitors(owner, informed) == 2

    def test_before_a_question_there_is_nothing_to_forget(self, guest: Visit) -> None:
        guest.page.get_by_role("button", name="Forget this chat").click()
        guest.page.get_by_role("dialog").get_by_role("button", name="Forget this chat").click()
        expect(guest.page.get_by_role("status").filter(has_text="Forgotten.")).to_have_count(1)


class TestWords:
    @pytest.mark.parametrize(
        ("language", "kept", "button"),
        [
            ("de", "30 Tage nach deinem letzten Besuch", "Chat vergessen"),
            ("es", "30 días después de tu última visita", "Olvidar este chat"),
            ("fr", "30 jours après votre dernière visite", "Oublier ce chat"),
        ],
    )
    def test_what_is_kept_is_said_in_every_language(self, guest: Visit, language: str, kept: str, button: str) -> None:
        guest.page.get_by_label("Language").select_option(language)
        expect(guest.page.get_by_text(kept)).to_be_visible()
        expect(guest.page.get_by_role("button", name=button)).to_be_visible()

    @pytest.mark.parametrize("visit", PHONES, indirect=True, ids=["phone", "small"])
    def test_everything_has_a_name_and_fits_a_thumb(self, guest: Visit) -> None:
        guest.ask(QUESTION)
        guest.check_controls()


class TestMembers:
    def test_a_member_signs_in_from_the_same_page(self, guest: Visit, informed: Tenant) -> None:
        page = guest.page
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_label("E-mail")).to_be_focused()
        page.get_by_role("button", name="Back to the chat").click()
        expect(page.get_by_label("Your question")).to_be_visible()
        page.get_by_role("button", name="Sign in").click()
        page.get_by_label("E-mail").fill(guest.email)
        page.get_by_label("Password").fill(PASSWORD)
        page.keyboard.press("Enter")
        expect(page.get_by_role("button", name="Sign out")).to_be_visible()
        expect(page.get_by_role("button", name="Forget this chat")).to_have_count(0)
        guest.ask(QUESTION)
        assert {one["asker"] for one in informed.owner.get("/api/v1/conversations").json()} == {"member"}
        page.reload()
        expect(page.get_by_role("button", name="Sign out")).to_be_visible()
        page.get_by_role("button", name="Sign out").click()
        expect(page.get_by_role("button", name="Forget this chat")).to_be_visible()

    def test_a_bot_that_is_not_published_asks_to_sign_in(self, visit: Visit, informed: Tenant) -> None:
        visit.page.goto(visit.url.replace("/chat/assistant", f"/chat/{informed.chatbot_id}"))
        expect(visit.page.get_by_label("Password")).to_be_visible()
        expect(visit.page.get_by_role("button", name="Back to the chat")).to_have_count(0)
