"""A bot that is published to anyone, and browsers that visit it."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import httpx2
import pytest

from tests.integration.conftest import Tenant, publish, visit

Visit = Callable[[], httpx2.Client]
QUESTION = "How long is the warranty of the K5 grinder?"


@pytest.fixture
def published(informed: Tenant) -> Tenant:
    """A tenant with a policy, whose bot is published."""
    publish(informed)
    return informed


@pytest.fixture
def begin(api_url: str, published: Tenant) -> Iterator[Visit]:
    """Begins visits of the published bot."""
    with ExitStack() as opened:
        yield lambda: opened.enter_context(visit(api_url, published.chatbot_id))


@pytest.fixture
def visitor(begin: Visit) -> httpx2.Client:
    """One of them."""
    return begin()
