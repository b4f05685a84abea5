"""A browser on the chat page, and a member who may sign in."""

import os
import shutil
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.e2e.conftest import CHROMIUM_ARGUMENTS, PATIENCE_MS
from tests.integration.conftest import Tenant

# Read now: the tests run without any setting of the product.
SHOTS = os.environ.get("PIXEL_TEST_SHOTS")
PASSWORD = "correct horse battery"


@dataclass
class Visit:
    """A page, what went wrong on it, and every request that it made."""

    page: Page
    url: str
    email: str
    kind: str = "member"
    errors: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def sign_in(self) -> None:
        """Through the form, as people do."""
        self.page.goto(self.url)
        self.page.get_by_label("E-mail").fill(self.email)
        self.page.get_by_label("Password").fill(PASSWORD)
        self.page.get_by_role("button", name="Sign in").click()
        self.page.get_by_label("Your question").wait_for()

    def ask(self, question: str) -> None:
        """Type and press Enter; until the answer is there."""
        before = self.page.get_by_role("button", name="Helpful", exact=True).count()
        self.page.get_by_label("Your question").fill(question)
        self.page.keyboard.press("Enter")
        self.page.get_by_role("button", name="Helpful", exact=True).nth(before).wait_for()

    def check_controls(self) -> None:
        """Every field and button has a name for those who hear the page, and is high enough for a thumb; marks stand in text."""
        controls = self.page.locator("button:visible, input:visible, select:visible, textarea:visible").all()
        assert controls
        for element in controls:
            named = element.evaluate(
                "e => e.innerText || e.getAttribute('aria-label') || (e.labels && e.labels[0]?.innerText)"
            )
            assert named, element.evaluate("e => e.outerHTML")
            box = element.bounding_box()
            assert box is not None
            is_mark = "cite" in (element.get_attribute("class") or "")
            assert box["height"] >= 44 or is_mark, element.evaluate("e => e.outerHTML")

    def shot(self, name: str) -> None:
        """Keep a picture where PIXEL_TEST_SHOTS says, for people who look at the design."""
        if SHOTS:
            self.page.screenshot(path=str(Path(SHOTS) / f"chat-{name}.png"))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Headless Chromium; a machine without one skips, and says so."""
    path = shutil.which("chromium")
    if path is None:
        pytest.skip("Chromium is not installed (Debian: apt install chromium)")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=CHROMIUM_ARGUMENTS)
        yield started
        started.close()


@pytest.fixture
def email(informed: Tenant) -> str:
    """A member's address; the password is `PASSWORD`."""
    address = f"ada-{uuid.uuid4().hex[:8]}@example.com"
    body = {"email": address, "name": "Ada", "password": PASSWORD, "role": "viewer"}
    made = informed.owner.post("/api/v1/members", json=body)
    assert made.status_code == 201, made.text
    return address


@pytest.fixture
def visit(browser: Browser, api_url: str, email: str, request: pytest.FixtureRequest) -> Iterator[Visit]:
    """A fresh visit, by default at a desktop's width; `indirect` gives another width."""
    width, height = getattr(request, "param", (1280, 800))
    context = browser.new_context(viewport={"width": width, "height": height}, locale="en-GB")
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    seen = Visit(page, f"{api_url}/chat/assistant", email)
    page.on("console", lambda message: seen.errors.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: seen.errors.append(str(error)))
    page.on("request", lambda sent: seen.requests.append(sent.url))
    yield seen
    context.close()
