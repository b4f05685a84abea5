"""Other words, other tries and their versions on the chat page, for members and for visitors."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.integration.conftest import Tenant, publish
from tests.integration.serving.chat_page.conftest import Visit
from tests.integration.serving.chat_page.test_chat_page import QUESTION, SIZES

K2 = "How long is the warranty of the K2 grinder?"
LANGUAGES = [
    ("de", "Anders fragen", "Noch einmal", "Frühere Fassung", "1 von 2"),
    ("es", "Preguntar de otra forma", "Reintentar", "Versión anterior", "1 de 2"),
    ("fr", "Demander autrement", "Réessayer", "Version précédente", "1 sur 2"),
]


@pytest.fixture(params=["member", "visitor"])
def asker(request: pytest.FixtureRequest, visit: Visit, informed: Tenant) -> Visit:
    """Somebody with an account, and somebody without one."""
    if request.param == "member":
        visit.sign_in()
    else:
        publish(informed)
        visit.url = visit.url.replace("/chat/assistant", f"/chat/{informed.chatbot_id}")
        visit.page.goto(visit.url)
        visit.page.get_by_label("Your question").wait_for()
    visit.kind = request.param
    return visit


def sideways(page: Page) -> int:
    return int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))


def width(page: Page) -> int:
    assert page.viewport_size is not None
    return page.viewport_size["width"]


def edit(asker: Visit, question: str) -> None:
    """Ask the last question in other words, by keyboard."""
    page = asker.page
    page.get_by_role("button", name="Ask in other words").last.click()
    box = page.get_by_role("textbox", name="Ask in other words")
    expect(box).to_be_focused()
    box.fill(question)
    page.keyboard.press("Enter")
    expect(page.get_by_role("group", name="Versions").first).to_be_visible()


class TestVersions:
    @pytest.mark.parametrize("visit", SIZES, indirect=True, ids=["desktop", "phone", "small"])
    def test_other_words_another_try_and_the_way_back(self, asker: Visit) -> None:
        page, name = asker.page, f"{asker.kind}"
        asker.ask(K2)
        page.get_by_role("button", name="Ask in other words").click()
        box = page.get_by_role("textbox", name="Ask in other words")
        expect(box).to_have_value(K2)
        asker.shot(f"{name}-edit-{width(page)}")
        asker.check_controls()
        box.fill(QUESTION)
        page.get_by_role("button", name="Ask", exact=True).click()
        expect(page.get_by_text("60 months").first).to_be_visible()
        expect(page.get_by_text(K2)).to_have_count(0)
        expect(page.get_by_text("2 of 2", exact=True)).to_have_count(1)
        page.get_by_role("button", name="Try again").click()
        expect(page.get_by_text("2 of 2", exact=True)).to_have_count(2)
        expect(page.get_by_text("60 months").first).to_be_visible()
        asker.shot(f"{name}-versions-{width(page)}")
        asker.check_controls()
        assert sideways(page) <= 0
        page.get_by_role("button", name="Earlier version").first.click()
        expect(page.get_by_text(K2).first).to_be_visible()
        expect(page.get_by_text("36 months").first).to_be_visible()
        expect(page.get_by_text("1 of 2", exact=True)).to_have_count(1)
        expect(page.get_by_role("button", name="Earlier version")).to_be_disabled()
        page.reload()
        expect(page.get_by_text("1 of 2", exact=True)).to_have_count(1)
        expect(page.get_by_text("36 months").first).to_be_visible()
        expect(page.get_by_role("button", name=re.compile("Open source 1")).first).to_be_visible()
        page.get_by_role("button", name="Later version").click()
        expect(page.get_by_text("60 months").first).to_be_visible()
        assert [error for error in asker.errors if "401" not in error] == []
        assert all(one.startswith(asker.url.split("/chat")[0]) for one in asker.requests), asker.requests

    def test_the_keyboard_stays_where_it_was(self, asker: Visit) -> None:
        page = asker.page
        asker.ask(K2)
        page.get_by_role("button", name="Ask in other words").focus()
        page.keyboard.press("Enter")
        expect(page.get_by_role("textbox", name="Ask in other words")).to_be_focused()
        page.keyboard.press("Escape")
        expect(page.get_by_role("button", name="Ask in other words")).to_be_focused()
        page.keyboard.press("Enter")
        page.keyboard.press("ControlOrMeta+a")
        page.keyboard.type(QUESTION)
        page.keyboard.press("Enter")
        expect(page.get_by_text("2 of 2", exact=True)).to_have_count(1)
        expect(page.get_by_role("button", name="Ask in other words")).to_be_focused()
        expect(page.get_by_role("status").filter(has_text="60 months")).to_have_count(1)
        page.get_by_role("button", name="Try again").focus()
        page.keyboard.press("Enter")
        expect(page.get_by_text("2 of 2", exact=True)).to_have_count(2)
        expect(page.get_by_role("button", name="Try again")).to_be_focused()
        page.get_by_role("button", name="Earlier version").last.focus()
        page.keyboard.press("Enter")
        expect(page.get_by_text("1 of 2", exact=True)).to_have_count(1)
        expect(page.get_by_role("status").filter(has_text="1 of 2: ")).to_have_count(1)
        # The end is reached: the keyboard goes to the way back.
        expect(page.get_by_role("button", name="Later version").last).to_be_focused()
        page.keyboard.press("Enter")
        expect(page.get_by_role("button", name="Earlier version").last).to_be_focused()

    def test_only_the_last_answer_is_tried_again(self, asker: Visit) -> None:
        asker.ask(K2)
        asker.ask(QUESTION)
        expect(asker.page.get_by_role("button", name="Try again")).to_have_count(1)
        expect(asker.page.get_by_role("button", name="Ask in other words")).to_have_count(2)
        edit(asker, "Is return shipping free?")
        # The first question in other words leaves all that followed on its own branch.
        asker.page.get_by_role("button", name="Ask in other words").first.click()
        asker.page.get_by_role("textbox", name="Ask in other words").fill(
            "How many days do I have to send a machine back?"
        )
        asker.page.keyboard.press("Enter")
        expect(asker.page.get_by_text("45 days").first).to_be_visible()
        expect(asker.page.get_by_text("Is return shipping free?")).to_have_count(0)
        expect(asker.page.get_by_text("2 of 2", exact=True)).to_have_count(1)

    def test_markup_in_other_words_stays_text(self, asker: Visit) -> None:
        asker.ask(K2)
        edit(asker, "<img src=x onerror=alert(1)> <b>warranty</b> of the K5 grinder")
        assert asker.page.locator("#log img, #log b, #log a, #log script").count() == 0
        asker.page.get_by_role("button", name="Ask in other words").click()
        box = asker.page.get_by_role("textbox", name="Ask in other words")
        expect(box).to_have_value("<img src=x onerror=alert(1)> <b>warranty</b> of the K5 grinder")

    @pytest.mark.parametrize(("language", "other", "again", "earlier", "first"), LANGUAGES)
    def test_the_words_are_in_every_language(
        self, asker: Visit, language: str, other: str, again: str, earlier: str, first: str
    ) -> None:
        asker.ask(K2)
        edit(asker, QUESTION)
        asker.page.get_by_label("Language").select_option(language)
        expect(asker.page.get_by_role("button", name=other)).to_be_visible()
        expect(asker.page.get_by_role("button", name=again)).to_be_visible()
        asker.page.get_by_role("button", name=earlier).click()
        expect(asker.page.get_by_text(first, exact=True)).to_be_visible()


class TestLimits:
    def test_beyond_the_limit_of_a_day_the_words_are_kept_and_it_is_said(self, visit: Visit, informed: Tenant) -> None:
        publish(informed, daily_questions_per_visitor=1)
        page = visit.page
        page.goto(visit.url.replace("/chat/assistant", f"/chat/{informed.chatbot_id}"))
        visit.ask(K2)
        page.get_by_role("button", name="Ask in other words").click()
        page.get_by_role("textbox", name="Ask in other words").fill(QUESTION)
        page.keyboard.press("Enter")
        expect(page.get_by_role("alert").filter(has_text="ask again tomorrow")).to_be_visible()
        box = page.get_by_role("textbox", name="Ask in other words")
        expect(box).to_have_value(QUESTION)
        expect(box).to_be_focused()
        visit.shot("visitor-edit-limit")
        page.get_by_role("button", name="Cancel").click()
        expect(page.get_by_text("36 months").first).to_be_visible()
        page.get_by_role("button", name="Try again").click()
        expect(page.get_by_text("ask again tomorrow").first).to_be_visible()
        expect(page.get_by_role("button", name="Try again")).to_be_focused()
        expect(page.get_by_text("36 months").first).to_be_visible()

    def test_a_conversation_of_somebody_else_is_not_gone_on_with(self, visit: Visit, informed: Tenant) -> None:
        """Who may read it has it in their browser, as after somebody else's sign-in there; the next question begins another."""
        address = visit.email.replace("ada", "eve")
        body = {"email": address, "name": "Eve", "password": "correct horse battery", "role": "owner"}
        assert informed.owner.post("/api/v1/members", json=body).status_code == 201
        visit.sign_in()
        visit.ask(K2)
        visit.page.context.clear_cookies()
        visit.email = address
        visit.sign_in()
        expect(visit.page.get_by_text(K2)).to_be_visible()
        visit.page.get_by_label("Your question").fill(QUESTION)
        visit.page.keyboard.press("Enter")
        expect(visit.page.get_by_text("Only who began this conversation").first).to_be_visible()
        visit.page.get_by_role("button", name="Try again").last.click()
        expect(visit.page.get_by_text("60 months").first).to_be_visible()
        assert len(informed.owner.get("/api/v1/conversations").json()) == 2
