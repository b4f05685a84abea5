"""Answers that take their time: stopped on the page and tried again, and read on after the page was loaded anew."""

import json

import pytest
from playwright.sync_api import Page, Route, expect

from benchmarks.serving.upstreams.faults import Behaviour
from benchmarks.serving.upstreams.server import Upstream
from tests.integration.conftest import Tenant
from tests.integration.serving.chat_page.conftest import Visit
from tests.integration.serving.conversations.talking import configure
from tests.integration.serving.models.conftest import add_model, connect, route, vllm

__all__ = ["vllm"]

WORDS = tuple(f"word{number} " for number in range(24))
LAST = WORDS[-1].strip()
Refusal = tuple[int, str, dict[str, str]]
SLOW = Behaviour(words=WORDS, interval_s=0.1)


PATIENT_MS = 30_000
STREAMS = "**/api/v1/messages/*/stream*"
ELSEWHERE = json.dumps({"type": "/problems/answer-elsewhere", "title": "Written elsewhere", "status": 409})
HANDED_OVER = json.dumps({"type": "/problems/handed-over", "title": "A person has it", "status": 409})


def cut(route: Route) -> None:
    """The connection breaks in the middle of the answer."""
    whole = route.fetch()
    blocks = whole.text().split("\n\n")
    route.fulfill(response=whole, body="\n\n".join(blocks[: len(blocks) // 2]) + "\n\n")


def refuse_first(page: Page, *refusals: Refusal) -> list[Refusal]:
    """Streams are refused like this before they get through; what is left of it."""
    left = list(refusals)

    def refuse(route: Route) -> None:
        if not left:
            route.continue_()
            return
        status, body, headers = left.pop(0)
        route.fulfill(status=status, body=body, headers=headers)

    page.route(STREAMS, refuse)
    return left


@pytest.fixture
def chatting(visit: Visit, tenant: Tenant, vllm: Upstream) -> Visit:
    """A member on the page of a bot that chats with a slow model."""
    vllm.behaviours = (SLOW,)
    route(tenant, add_model(tenant, connect(tenant, vllm)), falls_back_to_extractive=False)
    configure(tenant, answers_from="model")
    visit.sign_in()
    return visit


@pytest.fixture
def slow(chatting: Visit) -> Visit:
    """A member who has asked, and whose answer has begun."""
    visit = chatting
    visit.page.get_by_label("Your question").fill("Count, please.")
    visit.page.keyboard.press("Enter")
    expect(visit.page.get_by_text("word2")).to_be_visible()
    return visit


class TestStopping:
    def test_what_was_stopped_is_tried_again_beside_it(self, slow: Visit, vllm: Upstream) -> None:
        page = slow.page
        # Nothing is asked beside an answer that is being written.
        expect(page.get_by_role("button", name="Try again")).to_have_count(0)
        expect(page.get_by_role("button", name="New chat")).to_be_disabled()
        page.get_by_role("button", name="Stop").click()
        expect(page.get_by_text("stopped as asked").first).to_be_visible()
        expect(page.locator("article").last).not_to_contain_text(LAST)
        page.reload()
        expect(page.get_by_text("This answer did not come to its end.")).to_be_visible()
        vllm.behaviours = (Behaviour(words=WORDS),)
        page.get_by_role("button", name="Try again").click()
        expect(page.locator("article").last).to_contain_text(LAST)
        expect(page.get_by_text("2 of 2", exact=True)).to_be_visible()

    def test_stopping_another_try_by_keyboard(self, slow: Visit) -> None:
        page = slow.page
        expect(page.locator("article").last).to_contain_text(LAST)
        page.get_by_role("button", name="Try again").focus()
        page.keyboard.press("Enter")
        expect(page.get_by_role("button", name="Stop")).to_be_focused()
        expect(page.get_by_text("word2 ", exact=False).first).to_be_visible()
        page.keyboard.press("Enter")
        expect(page.get_by_text("stopped as asked").first).to_be_visible()
        expect(page.get_by_role("button", name="Try again")).to_be_focused()


class TestLoadingAnew:
    def test_an_answer_is_read_on_where_it_was(self, slow: Visit, vllm: Upstream) -> None:
        slow.page.reload()
        expect(slow.page.locator("article").last).to_contain_text(LAST)
        expect(slow.page.get_by_role("button", name="Helpful", exact=True)).to_be_visible()
        assert sum(one.method == "POST" for one in vllm.received) == 1
        assert [error for error in slow.errors if "401" not in error] == []

    def test_a_server_that_cannot_tell_it_yet_is_asked_again(self, slow: Visit) -> None:
        left = refuse_first(
            slow.page, (409, ELSEWHERE, {"Retry-After": "2"}), (502, "<h1>Bad gateway</h1>", {}), (504, "", {})
        )
        slow.page.reload()
        expect(slow.page.get_by_role("status").filter(has_text="This answer is being written.")).to_have_count(1)
        expect(slow.page.locator("article").last).to_contain_text(LAST, timeout=PATIENT_MS)
        assert left == []
        expect(slow.page.locator(".problem:visible")).to_have_count(0)

    def test_what_is_over_is_said_at_once(self, slow: Visit) -> None:
        left = refuse_first(slow.page, (409, HANDED_OVER, {}), (500, "never asked for", {}))
        slow.page.reload()
        expect(slow.page.locator("article").last).to_contain_text("A person has it")
        slow.page.wait_for_timeout(1500)
        assert len(left) == 1
        expect(slow.page.locator(".waiting")).to_have_count(0)


class TestABrokenConnection:
    def test_the_stream_goes_on_when_the_server_is_back(self, chatting: Visit, vllm: Upstream) -> None:
        page = chatting.page
        page.route(
            "**/api/v1/conversations/*/messages",
            lambda route: cut(route) if route.request.method == "POST" else route.continue_(),
        )
        left = refuse_first(page, (503, "", {"Retry-After": "1"}), (409, ELSEWHERE, {"Retry-After": "1"}))
        page.get_by_label("Your question").fill("Count, please.")
        page.keyboard.press("Enter")
        expect(page.locator("article").last).to_contain_text("".join(WORDS).strip(), timeout=PATIENT_MS)
        expect(page.get_by_role("button", name="Helpful", exact=True)).to_be_visible()
        assert left == []
        assert sum(one.method == "POST" for one in vllm.received) == 1
        assert len([one for one in chatting.requests if "/stream?after=" in one]) == 3
