"""The chat page inside a page of another site: over real TLS, with names that lead to this machine."""

import datetime
import http.server
import shutil
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import pytest
import uvicorn
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from playwright.sync_api import Browser, Page, expect, sync_playwright
from sqlalchemy import Engine, func, select

from serving.app import create_app
from serving.settings import ServingSettings
from storage.postgres.models.visitor import Visitor
from storage.postgres.session import owner_session
from storage.settings import StorageSettings
from tests.e2e.conftest import CHROMIUM_ARGUMENTS, PATIENCE_MS
from tests.integration.conftest import Tenant, publish
from tests.integration.serving.chat_page.test_chat_page import QUESTION

# What a browser does that sends no cookie to other sites unless it is kept for the pair of both.
STRICT = ["--host-resolver-rules=MAP *.test 127.0.0.1", "--test-third-party-cookie-phaseout"]


class _Shop(http.server.BaseHTTPRequestHandler):
    """A site with a frame in its page."""

    frame: ClassVar[str] = ""

    def do_GET(self) -> None:
        body = (
            f'<!doctype html><title>Shop</title><iframe src="{self.frame}" width="390" height="700"></iframe>'.encode()
        )
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: object) -> None:
        """Say nothing."""


@dataclass(frozen=True)
class Town:
    """Three sites: of the bots, of a shop that may show one, and of somebody else."""

    bots: str
    shop: str
    other: str


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """Files of a certificate that signed itself, and of its key."""
    folder: Path = tmp_path_factory.mktemp("tls")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "bots.test")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(minutes=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("*.test")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    (folder / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "key.pem").write_bytes(private)
    return str(folder / "cert.pem"), str(folder / "key.pem")


@pytest.fixture(scope="module")
def town(settings: StorageSettings, certificate: tuple[str, str]) -> Iterator[Town]:
    """The sites, each on a loopback port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    app = create_app(settings, ServingSettings(_env_file=None, visitors_per_address=10_000))
    config = uvicorn.Config(
        app, host="127.0.0.1", port=port, log_config=None, ssl_certfile=certificate[0], ssl_keyfile=certificate[1]
    )
    api = uvicorn.Server(config)
    threading.Thread(target=api.run, daemon=True).start()
    shop = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Shop)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    shop.socket = context.wrap_socket(shop.socket, server_side=True)
    threading.Thread(target=shop.serve_forever, daemon=True).start()
    deadline = time.monotonic() + 60
    while not api.started and time.monotonic() < deadline:
        time.sleep(0.05)
    at = shop.server_address[1]
    yield Town(f"https://bots.test:{port}", f"https://shop.test:{at}", f"https://other.test:{at}")
    shop.shutdown()
    shop.server_close()
    api.should_exit = True


@pytest.fixture(scope="module")
def strict_browser() -> Iterator[Browser]:
    """Chromium, which finds the sites here and keeps cookies of sites apart."""
    path = shutil.which("chromium")
    if path is None:
        pytest.skip("Chromium is not installed (Debian: apt install chromium)")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=[*CHROMIUM_ARGUMENTS, *STRICT])
        yield started
        started.close()


@pytest.fixture
def page(strict_browser: Browser, town: Town, informed: Tenant) -> Iterator[Page]:
    """A page whose frame shows a bot that the shop may show."""
    publish(informed, frame_origins=[town.shop])
    _Shop.frame = f"{town.bots}/chat/{informed.chatbot_id}"
    context = strict_browser.new_context(ignore_https_errors=True, locale="en-GB")
    context.set_default_timeout(PATIENCE_MS)
    yield context.new_page()
    context.close()


def visitors(owner: Engine, tenant: Tenant) -> int:
    with owner_session(owner) as session:
        statement = select(func.count()).select_from(Visitor).where(Visitor.organization_id == tenant.organization.id)
        return session.scalar(statement) or 0


class TestFraming:
    def test_the_site_that_was_named_shows_it_and_it_remembers(self, page: Page, town: Town) -> None:
        page.goto(town.shop)
        frame = page.frame_locator("iframe")
        frame.get_by_label("Your question").fill(QUESTION)
        frame.get_by_label("Your question").press("Enter")
        expect(frame.get_by_text("60 months").first).to_be_visible()
        expect(frame.get_by_role("button", name="Sign in")).to_have_count(0)
        (cookie,) = page.context.cookies()
        assert (cookie["sameSite"], cookie["secure"], cookie["httpOnly"]) == ("None", True, True)
        assert "shop.test" in str(cookie.get("partitionKey"))
        # Nothing but the cookie can be kept there.
        denied = "() => { try { return String(localStorage); } catch { return 'denied'; } }"
        assert page.frames[1].evaluate(denied) == "denied"
        page.reload()
        expect(frame.get_by_text(QUESTION)).to_be_visible()
        # The same person on the bot's own page is another visitor: nobody is followed from site to site.
        page.goto(_Shop.frame)
        expect(page.get_by_label("Your question")).to_be_visible()
        expect(page.get_by_text(QUESTION)).to_have_count(0)

    def test_no_other_site_shows_it(self, page: Page, town: Town) -> None:
        said: list[str] = []
        page.on("console", lambda message: said.append(message.text))
        page.goto(town.other)
        page.wait_for_timeout(1000)
        assert any("frame-ancestors" in one for one in said), said
        expect(page.frame_locator("iframe").get_by_label("Your question")).to_have_count(0)

    @pytest.mark.parametrize("site", ["shop", "other"])
    def test_no_script_of_a_site_acts_for_a_visitor(
        self, page: Page, town: Town, informed: Tenant, owner: Engine, site: str
    ) -> None:
        if site == "shop":
            page.goto(town.shop)
            frame = page.frame_locator("iframe")
            frame.get_by_label("Your question").fill(QUESTION)
            frame.get_by_label("Your question").press("Enter")
            expect(frame.get_by_text("60 months").first).to_be_visible()
        else:
            page.goto(town.other)
        before = visitors(owner, informed)
        read = """async ([url, headers]) => {
          try { return (await fetch(url, { credentials: "include", headers })).status; } catch { return "refused"; }
        }"""
        headers = {"X-Pixel-Page": "1", "X-Pixel-Bot": informed.chatbot_id}
        assert page.evaluate(read, [f"{town.bots}/api/v1/conversations", headers]) == "refused"
        assert page.evaluate(read, [f"{town.bots}/api/v1/conversations", {}]) == "refused"
        blind = (
            """(url) => fetch(url, { method: "POST", mode: "no-cors", credentials: "include" }).then(() => "sent")"""
        )
        assert page.evaluate(blind, f"{town.bots}/chat/{informed.chatbot_id}/visitor") == "sent"
        assert visitors(owner, informed) == before

    def test_without_names_it_is_in_no_frame(self, page: Page, town: Town, informed: Tenant) -> None:
        publish(informed, frame_origins=[])
        said: list[str] = []
        page.on("console", lambda message: said.append(message.text))
        page.goto(town.shop)
        page.wait_for_timeout(1000)
        assert any("frame-ancestors 'none'" in one for one in said), said
