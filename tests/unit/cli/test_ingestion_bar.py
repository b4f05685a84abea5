"""Tests of what the bar says."""

import uuid
from datetime import UTC, datetime

import pytest

from cli.ingestion_bar import told
from ingestion.ingestions import IngestionProgress

START = IngestionProgress(
    id=uuid.uuid4(), knowledge_base_id=uuid.uuid4(), name="docs", state="running", documents_total=40,
    documents_done=12, unchanged=2, ready=9, held=0, cancelled=0, failed={}, pages_done=0, pages_total=0, passages_done=0,
    passages_total=0,
    created_at=datetime.now(UTC), seconds=10.0, seconds_left=None,
)  # fmt: skip


class TestTold:
    @pytest.mark.parametrize(
        ("more", "expected"),
        [
            ({}, "12/40 documents"),
            ({"pages_done": 310, "pages_total": 900}, "12/40 documents, 310/900 pages"),
            (
                {"passages_done": 640, "passages_total": 2100},
                "12/40 documents, 640/2100 passages of long documents",
            ),
            ({"failed": {"empty": 1, "damaged": 2}}, "12/40 documents, 3 not readable"),
            ({"seconds_left": 25.2}, "12/40 documents, about 25 s left"),
            ({"seconds_left": 600.0}, "12/40 documents, about 10 min left"),
        ],
    )
    def test_says_what_there_is_to_say(self, more: dict[str, object], expected: str) -> None:
        assert told(START.model_copy(update=more)) == expected
