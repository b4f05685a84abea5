"""The fetcher on real sockets: what it reads, and that nothing hostile makes it reach where it must not."""

import contextlib
import gzip
import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from ingestion.errors import FetchError
from ingestion.sources.safe_fetch import fetch
from ingestion.sources.settings import SourceSettings
from storage.addresses import is_allowed

LIMIT = 100_000
NAMED = "good.test"


class Handler(BaseHTTPRequestHandler):
    """One path for each habit of a server."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        name, _, argument = self.path.lstrip("/").partition("/")
        self.server.seen.append(self.path)  # type: ignore[attr-defined]
        self.close_connection = True
        with contextlib.suppress(OSError):
            getattr(self, f"serve_{name}", self.serve_missing)(argument)

    def answer(self, body: bytes, status: int = 200, **headers: str) -> None:
        self.send_response(status)
        for name, value in {"content_length": str(len(body)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def serve_page(self, argument: str) -> None:
        if self.headers.get("If-None-Match") == '"v1"':
            self.answer(b"", 304, etag='"v1"')
        else:
            agent = self.headers["User-Agent"] + " " + self.headers["Host"]
            self.answer(agent.encode(), content_type="text/html; charset=utf-8", etag='"v1"')

    def serve_missing(self, argument: str) -> None:
        self.answer(b"", 404)

    def serve_to(self, argument: str) -> None:
        self.answer(b"", 302, location=bytes.fromhex(argument).decode())

    def serve_loop(self, argument: str) -> None:
        self.answer(b"", 302, location="/loop")

    def serve_hops(self, argument: str) -> None:
        self.answer(b"", 302, location=f"/hops/{int(argument) - 1}" if int(argument) > 1 else "/page")

    def serve_huge(self, argument: str) -> None:
        self.answer(b"x" * (LIMIT + 1))

    def serve_endless(self, argument: str) -> None:
        self.send_response(200)
        self.end_headers()
        while True:
            self.wfile.write(b"x" * 10_000)

    def serve_bomb(self, argument: str) -> None:
        self.answer(gzip.compress(bytes(200_000_000), 9), content_encoding="gzip")

    def serve_packed(self, argument: str) -> None:
        self.answer(gzip.compress(b"hello"), content_encoding="gzip")

    def serve_cut(self, argument: str) -> None:
        self.answer(gzip.compress(b"hello")[:-6], content_encoding="gzip")

    def serve_strange(self, argument: str) -> None:
        self.answer(b"x", content_encoding="br")

    def serve_drip(self, argument: str) -> None:
        self.send_response(200)
        self.end_headers()
        while True:
            self.wfile.write(b"x")
            time.sleep(0.1)

    def serve_headers(self, argument: str) -> None:
        for letter in b"HTTP/1.1 200 OK\r\nX-Long: " + b"y" * 1000:
            self.wfile.write(bytes([letter]))
            time.sleep(0.1)

    def log_message(self, *arguments: object) -> None:
        pass


class Site(ThreadingHTTPServer):
    """A server on loopback that remembers what was asked for."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.seen: list[str] = []
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    made = Site()
    yield made
    made.shutdown()
    made.server_close()


@pytest.fixture(scope="module")
def canary() -> Iterator[Site]:
    made = Site()
    yield made
    made.shutdown()
    made.server_close()


def allowing(site: Site, *others: Site, seconds: float = 10) -> SourceSettings:
    ports = ",".join(str(one.server_port) for one in (site, *others))
    return SourceSettings(private_hosts=NAMED, ports=f"80,443,{ports}", fetch_seconds=seconds, _env_file=None)


def resolve(host: str, port: int) -> list[str]:
    """The test's host is this machine; every other name is looked up as usual."""
    if host == NAMED:
        return ["127.0.0.1"]
    return [str(row[4][0]) for row in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


def get(site: Site, path: str, *others: Site, seconds: float = 10, etag: str | None = None) -> bytes | None:
    url = f"http://{NAMED}:{site.server_port}/{path}"
    settings = allowing(site, *others, seconds=seconds)
    return fetch(url, max_bytes=LIMIT, etag=etag, settings=settings, resolve=resolve).data


HOSTS = [
    "127.0.0.1", "127.1", "127.0.1", "2130706433", "017700000001", "0x7f000001", "0x7f.0.0.1", "0177.0.0.1",
    "127.000.000.001", "0", "000.0.0.0", "127.255.255.254", "localhost", "localhost.", "LOCALHOST", "127.0.0.1.",
    "１２７.０.０.１", "①②⑦.⓪.⓪.①", "127。0。0。1", "ⓛⓞⓒⓐⓛⓗⓞⓢⓣ", "loca\u00adlhost", "127.0.0.1%00", "127.0.0.1%2f",
    "[::1]", "[0:0:0:0:0:0:0:1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[0:0:0:0:0:ffff:127.0.0.1]",
    "[::127.0.0.1]", "[64:ff9b::127.0.0.1]", "[64:ff9b:1::7f00:1]", "[2002:7f00:1::]", "[2001:0:7f00:1::]",
    "[fe80::1]", "[fe80::1%25lo]", "[::1%25lo]", "[fc00::1]", "[fd12:3456::1]", "[ff02::1]", "[fec0::1]",
    "[2001:db8::1]", "[2a00::5efe:7f00:1]", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "100.64.0.1",
    "169.254.169.254", "169.254.170.2", "192.0.0.192", "198.18.0.1", "203.0.113.1", "224.0.0.1", "240.0.0.1",
    "255.255.255.255", "[fd00:ec2::254]", "0xa9fea9fe", "2852039166",
]  # fmt: skip
FORMS = [
    "http://user@127.0.0.1:{port}/", "http://user:pw@127.0.0.1:{port}/", "http://good.test@127.0.0.1:{port}/",
    "http://good.test:{port}@127.0.0.1:{port}/", "http://127.0.0.1:{port}\\@good.test/", "http:\\\\127.0.0.1:{port}/",
    "http://good.test\\@127.0.0.1:{port}/", "http://@127.0.0.1:{port}/", "http://127.0.0.1:{port}#@good.test/",
    "http://127.0.0.1:{port}?@good.test/", "http:///127.0.0.1:{port}/", "http:127.0.0.1:{port}/",
    "//127.0.0.1:{port}/", "127.0.0.1:{port}", "http:// 127.0.0.1:{port}/", " http://127.0.0.1:{port}/",
    "http://127.0.0.1:{port}/\r\nX: y", "http://127.0.0.1\t:{port}/", "http://127.0.0.1:{port}\x00.good.test/",
    "ftp://127.0.0.1:{port}/", "gopher://127.0.0.1:{port}/", "file:///etc/passwd", "data:text/html,x", "javascript:x",
    "http+unix://%2Ftmp%2Fs/", "http://[::1/", "http://]/", "http://", "", "http://a" + "b" * 2000 + "/",
    "http://127.0.0.1:99999/", "http://127.0.0.1:-1/", "http://127.0.0.1:22/", "http://good.test:22/",
]  # fmt: skip
HOSTILE = [f"http://{host}:{{port}}/" for host in HOSTS] + FORMS


class TestHostile:
    @pytest.mark.parametrize("form", HOSTILE)
    def test_none_reaches_the_canary(self, canary: Site, form: str) -> None:
        url = form.replace("{port}", str(canary.server_port))
        with pytest.raises(FetchError):
            fetch(url, max_bytes=LIMIT, settings=allowing(canary), resolve=resolve)
        assert canary.seen == []

    @pytest.mark.parametrize("form", [form for form in HOSTILE if form])
    def test_none_reaches_it_by_a_redirect(self, site: Site, canary: Site, form: str) -> None:
        url = form.replace("{port}", str(canary.server_port))
        with pytest.raises(FetchError):
            get(site, f"to/{url.encode().hex()}", canary)
        assert canary.seen == []

    def test_a_name_that_changes_its_address_is_looked_up_once_for_each_request(self, canary: Site) -> None:
        answers = iter([["93.184.215.14"], ["127.0.0.1"], ["127.0.0.1"]])
        asked: list[str] = []

        def flipping(host: str, port: int) -> list[str]:
            asked.append(host)
            return next(answers)

        settings = SourceSettings(ports=str(canary.server_port), fetch_seconds=0.5, _env_file=None)
        with pytest.raises(FetchError):
            fetch(f"http://flip.test:{canary.server_port}/", max_bytes=LIMIT, settings=settings, resolve=flipping)
        assert (asked, canary.seen) == (["flip.test"], [])

    @pytest.mark.parametrize("mixed", [["127.0.0.1", "93.184.215.14"], ["93.184.215.14", "::1"], [], ["junk"]])
    def test_one_refused_address_condemns_the_host(self, canary: Site, mixed: list[str]) -> None:
        with pytest.raises(FetchError, match="not public"):
            fetch(
                f"http://mix.test:{canary.server_port}/",
                max_bytes=LIMIT,
                settings=allowing(canary),
                resolve=lambda host, port: mixed,
            )
        assert canary.seen == []

    def test_a_named_host_never_reaches_link_local_addresses(self) -> None:
        assert is_allowed("127.0.0.1", may_be_private=True)
        assert not is_allowed("169.254.169.254", may_be_private=True)
        assert not is_allowed("::ffff:127.0.0.1", may_be_private=True)
        assert is_allowed("93.184.215.14")
        assert is_allowed("2606:2800:21f:cb07:6820:80da:af6b:8b2c")


class TestFetch:
    def test_a_page_with_its_name_in_the_request(self, site: Site) -> None:
        data = get(site, "page")
        assert data is not None
        assert data.startswith(b"PixelAICreator/")
        assert data.endswith(f"{NAMED}:{site.server_port}".encode())

    def test_what_has_not_changed_is_not_sent(self, site: Site) -> None:
        assert get(site, "page", etag='"v1"') is None

    def test_redirects_are_followed_up_to_five(self, site: Site) -> None:
        assert get(site, "hops/5") is not None
        for path in ("hops/6", "loop"):
            with pytest.raises(FetchError, match="more than 5 times"):
                get(site, path)

    def test_a_missing_page_is_gone(self, site: Site) -> None:
        with pytest.raises(FetchError) as caught:
            get(site, "nothing")
        assert caught.value.is_gone

    def test_packed_content_is_unpacked(self, site: Site) -> None:
        assert get(site, "packed") == b"hello"

    @pytest.mark.parametrize("path", ["huge", "endless", "bomb"])
    def test_too_much_is_refused_before_it_is_held(self, site: Site, path: str) -> None:
        with pytest.raises(FetchError, match="bytes"):
            get(site, path)

    @pytest.mark.parametrize("path", ["cut", "strange"])
    def test_what_cannot_be_unpacked_is_said(self, site: Site, path: str) -> None:
        with pytest.raises(FetchError, match="came packed"):
            get(site, path)

    @pytest.mark.parametrize("path", ["drip", "headers"])
    def test_a_drip_of_bytes_ends_with_the_time(self, site: Site, path: str) -> None:
        started = time.monotonic()
        with pytest.raises(FetchError, match="took longer than 1 s"):
            get(site, path, seconds=1)
        assert time.monotonic() - started < 3
