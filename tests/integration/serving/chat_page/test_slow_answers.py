"""Answers that take their time: stopped on the page and tried again, and read on after the page was loaded anew."""

import pytest
from playwright.sync_api import expect

from benchmarks.serving.upstreams.faults import Behaviour
from benchmarks.serving.upstreams.server import Upstream
from tests.integration.conftest import Tenant
from tests.integration.serving.chat_page.conftest import Visit
from tests.integration.serving.conversations.talking import configure
from tests.integration.serving.models.conftest import add_model, connect, route, vllm

__all__ = ["vllm"]

WORDS = tuple(f"word{number} " for number in range(24))
LAST = WORDS[-1].strip()
SLOW = Behaviour(words=WORDS, interval_s=0.1)


@pytest.fixture
def slow(visit: Visit, tenant: Tenant, vllm: Upstream) -> Visit:
    """A member on the page of a bot that chats with a slow model."""
    vllm.behaviours = (SLOW,)
    route(tenant, add_model(tenant, connect(tenant, vllm)), falls_back_to_extractive=False)
    configure(tenant, answers_from="model")
    visit.sign_in()
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
