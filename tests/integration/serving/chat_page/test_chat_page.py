"""The chat page in a real browser."""

import re

import httpx2
import pytest
from playwright.sync_api import expect

from ingestion.worker import run_until_idle
from serving.chat_page.endpoints import _ASSETS
from storage.stores import Stores
from tests.integration.conftest import Tenant, upload
from tests.integration.serving.chat_page.conftest import Visit

QUESTION = "How long is the warranty of the K5 grinder?"
SCRIPTS_AND_STYLE = tuple(path.name for path in _ASSETS.iterdir() if path.suffix in (".js", ".css"))
SIZES = [(1280, 800), (390, 844), (320, 640)]


class TestAsking:
    @pytest.mark.parametrize("visit", SIZES, indirect=True, ids=["desktop", "phone", "small"])
    def test_a_cited_answer_whose_source_opens(self, visit: Visit) -> None:
        visit.page.goto(visit.url)
        visit.shot(f"door-{visit.page.viewport_size['width']}")  # type: ignore[index]
        visit.sign_in()
        visit.ask(QUESTION)
        page = visit.page
        expect(page.get_by_text("60 months").first).to_be_visible()
        width = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert width <= 0
        visit.shot(f"answer-{page.viewport_size['width']}")  # type: ignore[index]
        page.get_by_role("button", name=re.compile("Open source 1")).first.click()
        expect(page.get_by_role("dialog", name="policy.md")).to_be_visible()
        expect(page.locator("mark").first).to_contain_text("60 months")
        visit.shot(f"passage-{page.viewport_size['width']}")  # type: ignore[index]
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog")).to_have_count(0)
        assert [error for error in visit.errors if "401" not in error] == []
        assert all(one.startswith(visit.url.split("/chat")[0]) for one in visit.requests), visit.requests

    def test_a_refusal_offers_what_can_be_asked(self, visit: Visit) -> None:
        visit.sign_in()
        visit.ask("Who painted the ceiling of the Sistine Chapel?")
        visit.page.get_by_role("button", name="Warranty", exact=True).click()
        expect(visit.page.get_by_label("Your question")).to_have_value("Warranty")

    def test_reloading_brings_the_conversation_back_and_a_new_one_begins_empty(self, visit: Visit) -> None:
        visit.sign_in()
        visit.ask(QUESTION)
        visit.page.reload()
        expect(visit.page.get_by_text(QUESTION)).to_be_visible()
        expect(visit.page.get_by_role("button", name=re.compile("Open source 1")).first).to_be_visible()
        visit.page.get_by_role("button", name="New chat").click()
        expect(visit.page.get_by_text(QUESTION)).to_have_count(0)

    @pytest.mark.parametrize("status", [500, 503])
    def test_a_server_that_is_away_for_a_moment_does_not_lose_the_chat(self, visit: Visit, status: int) -> None:
        visit.sign_in()
        visit.ask(QUESTION)
        visit.page.route("**/api/v1/conversations/*", lambda route: route.fulfill(status=status), times=1)
        visit.page.reload()
        expect(visit.page.get_by_text(QUESTION)).to_be_visible()
        visit.page.reload()
        expect(visit.page.get_by_text(QUESTION)).to_be_visible()

    @pytest.mark.parametrize("status", [403, 404])
    def test_a_chat_that_is_gone_is_forgotten(self, visit: Visit, status: int) -> None:
        visit.sign_in()
        visit.ask(QUESTION)
        visit.page.route("**/api/v1/conversations/*", lambda route: route.fulfill(status=status), times=1)
        visit.page.reload()
        visit.page.get_by_label("Your question").wait_for()
        visit.page.wait_for_function("Object.keys(localStorage).every((key) => !key.endsWith('-assistant'))")
        visit.page.reload()
        visit.ask(QUESTION)
        expect(visit.page.get_by_text(QUESTION)).to_have_count(1)

    def test_thumbs_arrive(self, visit: Visit, informed: Tenant) -> None:
        visit.sign_in()
        visit.ask(QUESTION)
        visit.page.get_by_role("button", name="Not helpful").click()
        comment = visit.page.get_by_label(re.compile("What was wrong"))
        comment.fill("too short")
        comment.press("Enter")
        comment.blur()
        expect(visit.page.get_by_role("button", name="Not helpful")).to_have_attribute("aria-pressed", "true")
        visit.page.wait_for_timeout(300)
        conversation = informed.owner.get("/api/v1/conversations").json()[0]["id"]
        message = informed.owner.get(f"/api/v1/conversations/{conversation}/messages").json()[-1]
        receipt = informed.owner.get(f"/api/v1/messages/{message['id']}/receipt").json()
        assert [(one["rating"], one["comment"]) for one in receipt["feedback"]] == [(-1, "too short")]


class TestKeyboardAndWords:
    def test_everything_works_without_a_mouse(self, visit: Visit) -> None:
        visit.page.goto(visit.url)
        visit.page.get_by_label("E-mail").wait_for()
        visit.page.keyboard.type(visit.email)
        visit.page.keyboard.press("Tab")
        visit.page.keyboard.type("correct horse battery")
        visit.page.keyboard.press("Enter")
        visit.page.get_by_label("Your question").wait_for()
        visit.page.keyboard.type(QUESTION)
        visit.page.keyboard.press("Shift+Enter")
        visit.page.keyboard.press("Enter")
        visit.page.get_by_role("button", name="Helpful", exact=True).wait_for()
        expect(visit.page.get_by_label("Your question")).to_be_focused()
        expect(visit.page.get_by_role("status").filter(has_text="Answered.")).to_have_count(1)

    def test_the_words_change_and_stay_changed(self, visit: Visit) -> None:
        visit.sign_in()
        visit.page.get_by_label("Language").select_option("de")
        expect(visit.page.get_by_role("button", name="Senden")).to_be_visible()
        visit.page.reload()
        expect(visit.page.get_by_role("button", name="Senden")).to_be_visible()
        assert visit.page.evaluate("document.documentElement.lang") == "de"

    def test_every_field_and_button_has_a_name_and_can_be_hit_with_a_thumb(self, visit: Visit) -> None:
        visit.sign_in()
        visit.ask(QUESTION)
        visit.check_controls()


class TestHostile:
    def test_markup_of_documents_stays_text(self, visit: Visit, informed: Tenant, stores: Stores) -> None:
        upload(
            informed,
            "<img src=x onerror=alert(1)>.md",
            b"# Plants\n\nThe office plant is watered on Mondays <b onclick=alert(1)>by</b> the night porter ![x](https://example.com/leak).",
        )
        run_until_idle(stores, organization_id=informed.organization.id)
        visit.sign_in()
        visit.ask("When is the office plant watered?")
        assert visit.page.locator("#log img, #log b, #log a, #log script").count() == 0
        assert not any("example.com" in one for one in visit.requests)
        visit.page.get_by_role("button", name=re.compile("Open source")).first.click()
        visit.page.locator("#passage-text").wait_for()
        assert visit.page.locator("dialog img, dialog b, dialog a").count() == 0
        assert not any("Content Security Policy" in one for one in visit.errors)

    def test_a_wrong_password_says_so(self, visit: Visit) -> None:
        visit.page.goto(visit.url)
        visit.page.get_by_label("E-mail").fill(visit.email)
        visit.page.get_by_label("Password").fill("not the password")
        visit.page.keyboard.press("Enter")
        expect(visit.page.get_by_role("alert")).to_be_visible()

    def test_the_cookie_counts_for_the_pages_own_requests_only(self, api_url: str, email: str) -> None:
        with httpx2.Client(base_url=api_url) as client:
            opened = client.post("/chat/session", json={"email": email, "password": "correct horse battery"})
            assert opened.status_code == 204
            cookie = opened.headers["set-cookie"].lower()
            assert "httponly" in cookie
            assert "samesite=strict" in cookie
            assert client.get("/api/v1/me").status_code == 401
            assert client.get("/api/v1/me", headers={"X-Pixel-Page": "1"}).status_code == 200
            assert (
                client.get("/api/v1/me", headers={"X-Pixel-Page": "1", "Authorization": "Bearer no"}).status_code == 401
            )
            assert client.delete("/chat/session", headers={"X-Pixel-Page": "1"}).status_code == 204
            client.cookies.set("pixel_session", cookie.split("=", 1)[1].split(";")[0])
            assert client.get("/api/v1/me", headers={"X-Pixel-Page": "1"}).status_code == 401


class TestFiles:
    def test_the_page_is_small_and_says_what_it_may_load(self, api_url: str) -> None:
        assert sum(path.stat().st_size for path in _ASSETS.iterdir()) < 60_000
        with httpx2.Client(base_url=api_url) as client:
            for path in ("/chat/anything", *(f"/chat/assets/{name}" for name in SCRIPTS_AND_STYLE)):
                response = client.get(path)
                assert response.status_code == 200
                assert response.headers["content-security-policy"].startswith("default-src 'none'")
                assert response.headers["x-content-type-options"] == "nosniff"
            assert client.get("/chat/a").text == client.get("/chat/b").text
            assert client.get("/chat/assets/chat.py").status_code in (404, 422)
            assert client.get("/chat/assets/..%2fendpoints.py").status_code in (401, 404, 422)
