"""Tests of the cookie of a visit."""

import uuid

from serving.visitors.cookies import forgotten_cookie, visit_cookie
from serving.visitors.service import Published, Visit

BOT = uuid.UUID(int=7)
NAME = f"pixel_visitor_{BOT.hex}"


def published(*origins: str) -> Published:
    return Published(BOT, uuid.UUID(int=1), origins)


class TestVisitCookie:
    def test_it_stays_on_this_site(self) -> None:
        plain = visit_cookie(Visit(published(), "pv_x"), "http", days=30)
        assert plain == f"{NAME}=pv_x; HttpOnly; Max-Age=2592000; Path=/; SameSite=Strict"
        assert visit_cookie(Visit(published(), "pv_x"), "https", days=30) == f"__Host-{plain}; Secure"

    def test_a_bot_in_pages_of_others_gets_one_for_each_of_their_sites(self) -> None:
        framed = visit_cookie(Visit(published("https://shop.example"), "pv_x"), "https", days=1)
        assert framed == f"__Host-{NAME}=pv_x; HttpOnly; Max-Age=86400; Path=/; SameSite=None; Secure; Partitioned"

    def test_without_https_it_never_goes_to_other_sites(self) -> None:
        assert "SameSite=Strict" in visit_cookie(Visit(published("https://shop.example"), "pv_x"), "http", days=1)


class TestForgottenCookie:
    def test_it_takes_away_what_was_given(self) -> None:
        given = visit_cookie(Visit(published("https://a.example"), "pv_x"), "https", days=1)
        taken = forgotten_cookie(published("https://a.example"), "https")
        assert taken == given.replace("pv_x", "").replace("86400", "0")
