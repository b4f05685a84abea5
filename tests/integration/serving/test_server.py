"""Who asked and how: believed of the peer itself, and of proxies that are trusted."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import uvicorn
from pydantic import ValidationError
from sqlalchemy import Engine, text

from serving.app import create_app
from serving.server import server_config
from serving.settings import ServingSettings
from storage.postgres.session import owner_session
from storage.settings import StorageSettings
from tests.integration.conftest import Tenant, client, publish

FORWARDED = {"X-Pixel-Page": "1", "X-Forwarded-For": "203.0.113.77", "X-Forwarded-Proto": "https"}


@contextmanager
def serving(storage: StorageSettings, *, trusted_proxies: str) -> Iterator[str]:
    """The API as `pixel up` serves it, on a free port."""
    settings = ServingSettings(_env_file=None, port=1, visitors_per_address=10_000, trusted_proxies=trusted_proxies)
    config = server_config(create_app(storage, settings), settings)
    config.port = 0
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 60
    while not server.started and time.monotonic() < deadline:
        time.sleep(0.05)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join(timeout=20)


class TestTrustedProxies:
    @pytest.mark.parametrize(
        ("trusted", "is_believed"), [("", False), ("192.0.2.1", False), ("192.0.2.1, 127.0.0.0/8", True)]
    )
    def test_what_a_proxy_says_counts_when_it_is_trusted(
        self, settings: StorageSettings, tenant: Tenant, owner: Engine, trusted: str, is_believed: bool
    ) -> None:
        publish(tenant)
        with owner_session(owner) as session:
            session.execute(text("DELETE FROM sign_in_attempts WHERE key = 'visitor:203.0.113.77'"))
        with serving(settings, trusted_proxies=trusted) as url, client(url) as browser:
            begun = browser.post(f"/chat/{tenant.chatbot_id}/visitor", headers=FORWARDED)
        assert begun.status_code == 204
        assert ("Secure" in begun.headers["set-cookie"]) == is_believed
        with owner_session(owner) as session:
            counted = session.scalar(text("SELECT failures FROM sign_in_attempts WHERE key = 'visitor:203.0.113.77'"))
        assert counted == (1 if is_believed else None)

    @pytest.mark.parametrize("value", ["*", "proxy.example", "10.0.0.1/24", "10.0.0.0/24,x"])
    def test_what_is_no_address_is_refused(self, value: str) -> None:
        with pytest.raises(ValidationError, match="is no address or network"):
            ServingSettings(_env_file=None, trusted_proxies=value)
