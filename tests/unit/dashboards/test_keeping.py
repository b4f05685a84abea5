"""Tests of the cookie that keeps people signed in."""

from datetime import UTC, datetime, timedelta

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from dashboards.data import keeping
from dashboards.data.keeping import CODE_LASTS_S, COOKIE, PATH, ROUTES, SECURE_COOKIE, Offers, digest, kept_token

URL = "http://dashboards.test"
OURS = {"Origin": URL}
TOKEN = "ps_token"


@pytest.fixture
def client() -> TestClient:
    return TestClient(Starlette(routes=ROUTES), base_url=URL)


def ends(hours: float = 12) -> datetime:
    return datetime.now(UTC) + timedelta(hours=hours)


class TestOffers:
    def test_a_code_works_once(self) -> None:
        offers, end = Offers(), ends()
        code = offers.offer(TOKEN, end)

        assert offers.take(code) == (TOKEN, end)
        assert offers.take(code) is None

    def test_an_old_code_is_nothing(self) -> None:
        now = [0.0]
        offers = Offers(lambda: now[0])
        code = offers.offer(TOKEN, ends())
        now[0] = CODE_LASTS_S

        assert offers.take(code) is None

    def test_what_nobody_takes_does_not_pile_up(self) -> None:
        now = [0.0]
        offers = Offers(lambda: now[0])
        codes = [offers.offer(TOKEN, ends()) for _ in range(keeping._MOST_OFFERS + 1)]

        assert offers.take(codes[0]) is None
        assert offers.take(codes[1]) is not None
        now[0] = CODE_LASTS_S
        offers.offer(TOKEN, ends())
        assert len(offers._waiting) == 1


class TestKeep:
    def test_the_cookie_is_for_this_site_and_for_no_script(self, client: TestClient) -> None:
        response = client.post(PATH, content=keeping.OFFERS.offer(TOKEN, ends()), headers=OURS)

        assert response.status_code == 204
        said = response.headers["set-cookie"].lower()
        assert said.startswith(f"{COOKIE}={TOKEN};")
        assert "httponly" in said
        assert "samesite=strict" in said
        assert "path=/" in said
        assert "secure" not in said
        assert 43_000 < int(said.partition("max-age=")[2].partition(";")[0]) <= 43_200

    def test_over_https_it_stays_there(self) -> None:
        secure = TestClient(Starlette(routes=ROUTES), base_url="https://dashboards.test")
        code = keeping.OFFERS.offer(TOKEN, ends())

        response = secure.post(PATH, content=code, headers={"Origin": "https://dashboards.test"})

        said = response.headers["set-cookie"]
        assert said.startswith(f"{SECURE_COOKIE}={TOKEN};")
        assert "secure" in said.lower()

    def test_a_proxy_that_ends_https_need_not_tell(self, client: TestClient) -> None:
        headers = {"Origin": "https://dashboards.test"}

        response = client.post(PATH, content=keeping.OFFERS.offer(TOKEN, ends()), headers=headers)

        assert "secure" in response.headers["set-cookie"].lower()

    @pytest.mark.parametrize(
        "origin", [None, "http://evil.test", "null", "http://dashboards.test.evil.test", "http://["]
    )
    def test_pages_of_others_get_nothing(self, client: TestClient, origin: str | None) -> None:
        code = keeping.OFFERS.offer(TOKEN, ends())
        headers = {} if origin is None else {"Origin": origin}

        for method in ("POST", "DELETE"):
            response = client.request(method, PATH, content=code, headers=headers)
            assert response.status_code == 403
            assert "set-cookie" not in response.headers
        assert keeping.OFFERS.take(code) is not None

    @pytest.mark.parametrize(("body", "status"), [("unknown", 404), ("", 404), ("x" * 300, 413), ("\udcff", 404)])
    def test_what_is_no_code_is_refused(self, client: TestClient, body: str, status: int) -> None:
        response = client.post(PATH, content=body.encode(errors="surrogateescape"), headers=OURS)

        assert response.status_code == status
        assert "set-cookie" not in response.headers

    def test_it_is_taken_back(self, client: TestClient) -> None:
        client.cookies.set(COOKIE, TOKEN)

        response = client.request("DELETE", PATH, content=digest(TOKEN), headers=OURS)

        assert response.status_code == 204
        assert "max-age=0" in response.headers["set-cookie"].lower()

    def test_the_cookie_of_somebody_who_signed_in_meanwhile_stays(self, client: TestClient) -> None:
        client.cookies.set(COOKIE, "ps_another")

        response = client.request("DELETE", PATH, content=digest(TOKEN), headers=OURS)

        assert response.status_code == 204
        assert "set-cookie" not in response.headers


class TestKeptToken:
    @pytest.mark.parametrize(
        ("cookies", "origin", "host", "expected"),
        [
            ({COOKIE: TOKEN}, "http://a.test:8501", "a.test:8501", TOKEN),
            ({SECURE_COOKIE: TOKEN}, "https://a.test", "a.test", TOKEN),
            ({COOKIE: TOKEN}, "http://a.test:3000", "a.test:8501", None),  # another program of the host
            ({COOKIE: TOKEN}, None, "a.test:8501", None),
            ({COOKIE: TOKEN}, "https://a.test", "a.test", None),  # a neighbouring host may have set it
            ({}, "http://a.test", "a.test", None),
            ({COOKIE: "tök en"}, "http://a.test", "a.test", None),
        ],
    )
    def test_it_counts_for_our_own_pages_only(
        self, cookies: dict[str, str], origin: str | None, host: str, expected: str | None
    ) -> None:
        headers = {"Host": host} | ({"Origin": origin} if origin else {})

        assert kept_token(cookies, headers) == expected
