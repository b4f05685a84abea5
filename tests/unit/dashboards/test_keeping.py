"""Tests of the cookie that keeps people signed in."""

from datetime import UTC, datetime, timedelta

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from dashboards.data import keeping
from dashboards.data.keeping import CODE_LASTS_S, COOKIE, PATH, ROUTES, Offers

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

        assert "secure" in response.headers["set-cookie"].lower()

    @pytest.mark.parametrize("origin", [None, "http://evil.test", "null", "http://dashboards.test.evil.test"])
    def test_pages_of_others_get_nothing(self, client: TestClient, origin: str | None) -> None:
        code = keeping.OFFERS.offer(TOKEN, ends())
        headers = {} if origin is None else {"Origin": origin}

        for response in (client.post(PATH, content=code, headers=headers), client.delete(PATH, headers=headers)):
            assert response.status_code == 403
            assert "set-cookie" not in response.headers
        assert keeping.OFFERS.take(code) is not None

    @pytest.mark.parametrize(("body", "status"), [("unknown", 404), ("", 404), ("x" * 300, 413), ("\udcff", 404)])
    def test_what_is_no_code_is_refused(self, client: TestClient, body: str, status: int) -> None:
        response = client.post(PATH, content=body.encode(errors="surrogateescape"), headers=OURS)

        assert response.status_code == status
        assert "set-cookie" not in response.headers

    def test_it_is_taken_back(self, client: TestClient) -> None:
        response = client.delete(PATH, headers=OURS)

        assert response.status_code == 204
        assert "max-age=0" in response.headers["set-cookie"].lower()
