"""Tests of what the API loads before it is ready."""

import gc
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from ingestion.embedding.embedder import default_embedder
from serving import app


@pytest.fixture
def context() -> Iterator[Any]:
    threshold = gc.get_threshold()
    yield SimpleNamespace(embedder=default_embedder())
    gc.enable()
    gc.unfreeze()
    gc.set_threshold(*threshold)


class TestWarmUp:
    def test_a_collector_that_was_off_for_the_start_is_on_again(self, context: Any) -> None:
        gc.disable()

        app._warm_up(context)

        assert gc.isenabled()

    def test_full_collections_stop_streams_rarely_and_small_ones_come_as_often_as_before(self, context: Any) -> None:
        gc.set_threshold(700, 10, 10)  # an API in this process may have raised it already

        app._warm_up(context)

        assert gc.get_threshold() == (700, 10, 200)
        assert gc.get_freeze_count() > 0

    def test_also_where_something_cannot_be_loaded(self, context: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        def broken(*_: object, **__: object) -> None:
            raise RuntimeError("no languages here")

        monkeypatch.setattr(app, "analyse_words", broken)
        gc.disable()

        with pytest.raises(RuntimeError, match="no languages here"):
            app._warm_up(context)

        assert gc.isenabled()
