"""The app, signed in against a real API."""

import uuid
from collections.abc import Callable, Iterator

import pytest
from streamlit.testing.v1 import AppTest

from dashboards.data import warehouse
from tests.conftest import REPOSITORY
from tests.integration.conftest import Tenant
from tests.integration.dbt.conftest import dbt

__all__ = ["dbt"]

PASSWORD = "correct horse battery"
SignIn = Callable[[str], AppTest]


@pytest.fixture(autouse=True)
def addresses(api_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("PIXEL_DASHBOARD_API_URL", api_url)
    yield
    warehouse._engine().dispose()
    warehouse._engine.cache_clear()


def open_app() -> AppTest:
    """The app as a stranger sees it."""
    return AppTest.from_file(str(REPOSITORY / "dashboards" / "streamlit_app.py"), default_timeout=60).run()


@pytest.fixture
def sign_in(tenant: Tenant) -> SignIn:
    """Signs a fresh member with a role in."""

    def enter(role: str) -> AppTest:
        email = f"{uuid.uuid4().hex[:10]}@example.com"
        body = {"email": email, "name": "Ada [x](http://evil)", "role": role, "password": PASSWORD}
        assert tenant.owner.post("/api/v1/members", json=body).status_code == 201
        at = open_app()
        at.text_input[0].input(email)
        at.text_input[1].input(PASSWORD)
        at.button[0].click().run()
        assert not at.exception
        return at

    return enter
