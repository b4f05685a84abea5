"""The dashboards in a real browser: from signing in to the quoted passage."""

import re

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import HOSTILE_QUESTION, Window
from tests.integration.faults.asking import QUESTION

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]


def width_of(window: Window) -> str:
    size = window.page.viewport_size
    return "phone" if size and size["width"] < 500 else "desktop"


def expect_no_sideways_scrolling(window: Window) -> None:
    script = """() => [document.documentElement, document.querySelector('#stMain')]
        .map(part => part.scrollWidth - part.clientWidth)"""
    assert max(window.page.evaluate(script)) <= 0


class TestDashboards:
    def test_from_a_question_to_the_quoted_passage(self, window: Window) -> None:
        window.sign_in()
        window.open("Ask")
        window.shot(f"{width_of(window)}-ask-empty")
        window.ask(QUESTION)
        answer = window.page.get_by_test_id("stChatMessage").last
        expect(answer).to_contain_text("60 months. [")
        expect_no_sideways_scrolling(window)
        window.shot(f"{width_of(window)}-ask")
        answer.get_by_role("button", name=re.compile("policy")).click()
        dialog = window.page.get_by_role("dialog")
        expect(dialog).to_contain_text("The Model K5 grinder carries a warranty of 60 months.")
        window.settle()
        window.shot(f"{width_of(window)}-passage")

    def test_text_of_documents_reaches_no_other_host(self, window: Window) -> None:
        window.sign_in()
        window.open("Ask")
        window.ask(HOSTILE_QUESTION)
        answer = window.page.get_by_test_id("stChatMessage").last
        expect(answer).to_contain_text("The office plant is watered x on Mondays")
        expect(answer).not_to_contain_text("example.com/leak")
        answer.get_by_role("button", name=re.compile("plants")).click()
        dialog = window.page.get_by_role("dialog")
        expect(dialog).to_contain_text("<img src=http://example.com/x>")
        window.settle()
        assert window.page.locator("img[src*='example.com'], a[href*='example.com']").count() == 0

    def test_every_page_shows_without_an_error(self, window: Window) -> None:
        window.sign_in()
        window.settle()
        expect(window.page.get_by_test_id("stMetric").first).to_be_visible()
        expect_no_sideways_scrolling(window)
        window.shot(f"{width_of(window)}-overview")
        window.open("Knowledge")
        expect(window.page.get_by_test_id("stDataFrame")).to_be_visible()
        expect(window.page.get_by_text("scan.pdf").first).to_be_visible()
        expect_no_sideways_scrolling(window)
        window.shot(f"{width_of(window)}-knowledge")
        window.page.get_by_test_id("stCheckbox").filter(has_text="Choose all").locator("label").click()
        expect(window.page.get_by_text("Do with them")).to_be_visible()
        window.settle()
        window.shot(f"{width_of(window)}-knowledge-chosen")
        for tab in ("Settings", "Bots", "Index versions"):
            window.page.get_by_role("tab", name=tab).click()
            window.settle()
            expect_no_sideways_scrolling(window)
            window.shot(f"{width_of(window)}-knowledge-{tab.split()[0].lower()}")
        window.open("Conversations")
        expect(window.page.get_by_test_id("stChatMessage").first).to_be_visible()
        window.turn_on("Receipt")
        expect(window.page.get_by_text("Index version")).to_be_visible()
        window.settle()
        expect_no_sideways_scrolling(window)
        window.shot(f"{width_of(window)}-conversations")

    def test_the_pages_of_live_work_show_without_an_error(self, window: Window) -> None:
        window.sign_in()
        window.open("Ask")
        window.ask(QUESTION)
        for wording in ("Ask in other words", "Try again", "Ask for a person"):
            expect(window.page.get_by_role("button", name=wording).last).to_be_visible()
        window.settle()
        expect_no_sideways_scrolling(window)
        window.shot(f"{width_of(window)}-ask-controls")
        window.open("Live traffic")
        expect(window.page.get_by_text("Time to the first word")).to_be_visible()
        expect(window.page.get_by_test_id("stDataFrame").first).to_be_visible()
        window.settle()
        expect(window.page.get_by_test_id("stAlert")).to_have_count(0)
        expect_no_sideways_scrolling(window)
        window.shot(f"{width_of(window)}-traffic")
        for name in ("Inbox", "Bots", "Understanding"):
            window.open(name)
            expect(window.page.get_by_role("heading", name=name, exact=True)).to_be_visible()
            window.settle()
            expect(window.page.get_by_test_id("stException")).to_have_count(0)
            expect_no_sideways_scrolling(window)
            window.shot(f"{width_of(window)}-{name.lower()}")

    def test_a_bot_is_published_and_its_link_opens_without_an_account(self, window: Window) -> None:
        window.sign_in()
        window.open("Bots")
        page = window.page
        page.get_by_test_id("stCheckbox").filter(has_text="I understand that anyone can read").locator("label").click()
        window.settle()
        page.get_by_role("button", name="Publish", exact=True).click()
        expect(page.get_by_text("copy this link")).to_be_visible()
        window.settle()
        expect_no_sideways_scrolling(window)
        window.shot(f"{width_of(window)}-bots-open")
        link = page.get_by_test_id("stCode").inner_text().strip()
        visitor = page.context.new_page()
        visitor.goto(link)
        expect(visitor.get_by_label("Your question")).to_be_visible()
        page.bring_to_front()
        page.get_by_role("button", name="Close to visitors").click()
        page.get_by_role("button", name="Yes, close it").click()
        expect(page.get_by_text("for members who sign in")).to_be_visible()
        visitor.reload()
        expect(visitor.get_by_label("Password")).to_be_visible()
        visitor.close()

    def test_who_waits_is_taken_and_answered_in_the_inbox(self, window: Window) -> None:
        window.sign_in()
        window.open("Ask")
        window.page.get_by_placeholder("Ask about your documents").fill(f"I want a human, please: {width_of(window)}")
        window.page.keyboard.press("Enter")
        window.settle()
        expect(window.page.get_by_text("A person will reply to you here").first).to_be_visible()  # and stays there
        window.open("Inbox")
        expect(window.page.get_by_text("1 waits")).to_be_visible()
        window.page.get_by_role("button", name="Take").click()
        window.page.get_by_label("Your reply").fill("Ada here.")
        window.page.get_by_role("button", name="Send").click()
        expect(window.page.get_by_test_id("stChatMessage").filter(has_text="Ada here.")).to_be_visible()
        window.settle()
        expect_no_sideways_scrolling(window)
        window.shot(f"{width_of(window)}-inbox-taken")
        window.page.get_by_role("button", name="Resolved").click()
        expect(window.page.get_by_text("Nobody waits for a person")).to_be_visible()

    def test_two_ways_of_searching_side_by_side(self, window: Window) -> None:
        window.sign_in()
        window.open("Search lab")
        box = window.page.get_by_label("Question")
        box.fill(QUESTION)
        box.press("Enter")
        expect(window.page.get_by_text("rank 1").first).to_be_visible()
        window.settle()
        expect_no_sideways_scrolling(window)
        window.page.get_by_role("button", name="Right", exact=True).first.click()
        expect(window.page.get_by_text("Kept as right.")).to_be_visible()
        window.settle()
        window.shot(f"{width_of(window)}-lab")

    def test_a_page_loaded_anew_is_the_page_that_was_asked_for(self, window: Window) -> None:
        page = window.page
        for name in ("overview", "knowledge"):
            page.goto(f"{window.house.url}/{name}")
            expect(page.get_by_label("E-mail")).to_be_visible()
            expect(page.get_by_text("Page not found")).to_have_count(0)
        page.get_by_label("E-mail").fill(window.house.email)
        page.get_by_label("Password", exact=True).fill(window.house.password)
        with page.expect_response("**/browser-session") as kept:
            page.get_by_role("button", name="Sign in").click()
        assert kept.value.status == 204
        for _ in range(2):
            expect(page.get_by_role("heading", name="Knowledge", exact=True)).to_be_visible()
            window.settle()
            assert "pixel_dashboards" not in page.evaluate("document.cookie")
            page.reload()
        expect(page.get_by_role("heading", name="Knowledge", exact=True)).to_be_visible()
        page.goto(f"{window.house.url}/overview")  # the page that the role begins with
        expect(page.get_by_role("heading", name="Overview", exact=True)).to_be_visible()
        window.settle()
        expect(page.get_by_text("Page not found")).to_have_count(0)
        window.open_menu()
        with page.expect_response("**/browser-session"):
            page.get_by_role("button", name="Sign out").click()
        expect(page.get_by_label("E-mail")).to_be_visible()
        page.reload()
        expect(page.get_by_label("E-mail")).to_be_visible()
        expect(page.get_by_text("Page not found")).to_have_count(0)

    def test_signing_out_shows_the_form_again(self, window: Window) -> None:
        window.sign_in()
        window.open_menu()
        window.page.wait_for_timeout(500)
        window.shot(f"{width_of(window)}-sidebar-open")
        window.page.get_by_role("button", name="Sign out").click()
        expect(window.page.get_by_label("E-mail")).to_be_visible()
        window.page.get_by_label("E-mail").click()  # nothing lies over the form
        window.settle()
        expect_no_sideways_scrolling(window)
        window.shot(f"{width_of(window)}-sign-in")
