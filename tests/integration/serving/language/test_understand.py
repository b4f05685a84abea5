"""The route that understands a text."""

from typing import Any

import pytest

from tests.factories.intents import labelled
from tests.integration.conftest import Tenant


def understand(tenant: Tenant, text: str, **fields: Any) -> Any:
    """What the bot understands."""
    response = tenant.viewer.post(f"/api/v1/chatbots/{tenant.chatbot_id}/understand", json={"text": text, **fields})
    assert response.status_code == 200, response.text
    return response.json()


def configure(tenant: Tenant, **language: Any) -> Any:
    """Change what the bot says of its language."""
    return tenant.owner.patch(f"/api/v1/chatbots/{tenant.chatbot_id}", json={"language": language})


class TestUnderstand:
    def test_every_part_speaks_or_says_why_not(self, tenant: Tenant) -> None:
        found = understand(
            tenant,
            "I am very unhappy, where is order AB-12345? Call me tomorrow at ada@example.com",
            reference_time="2026-11-24T10:00:00",
        )
        assert found["language"] == "en"
        assert found["sentiment"]["label"] == "negative"
        values = {one["kind"]: one["value"] for one in found["entities"]}
        assert values == {"order_number": "AB-12345", "date": "2026-11-25", "email": "ada@example.com"}
        assert found["intent"] is None
        assert found["is_out_of_scope"] is None
        assert found["unavailable"]["intent"]["reason"] == "not_trained"
        assert found["unavailable"]["names"]["reason"] == "no_model"

    def test_with_intents_one_is_told_and_a_stranger_is_out_of_scope(self, tenant: Tenant) -> None:
        intents = f"/api/v1/chatbots/{tenant.chatbot_id}/intents"
        tenant.owner.post(f"{intents}/examples", json={"examples": labelled()})
        assert tenant.owner.post(f"{intents}/train").status_code == 201
        told = understand(tenant, "Where is my order?")
        assert (told["intent"], told["is_out_of_scope"]) == ("track_order", False)
        assert told["intent_confidence"] >= told["intent_threshold"]
        strange = understand(tenant, "Explain the theory of relativity")
        assert (strange["intent"], strange["is_out_of_scope"]) == (None, True)

    def test_nothing_is_guessed_of_nothing(self, tenant: Tenant) -> None:
        found = understand(tenant, "???")
        assert (found["language"], found["entities"], found["sentiment"]) == (None, [], None)
        assert found["unavailable"]["sentiment"]["reason"] == "unknown_language"

    def test_a_language_without_sentiment_says_so(self, tenant: Tenant) -> None:
        found = understand(tenant, "Ich bin sehr unzufrieden mit dieser Lieferung")
        assert (found["language"], found["sentiment"]) == ("de", None)
        assert found["unavailable"]["sentiment"]["reason"] == "language"

    def test_the_bots_region_and_patterns_count(self, tenant: Tenant) -> None:
        pattern = {"name": "serial_number", "pattern": r"SN-\d{4}"}
        assert configure(tenant, region="GB", entity_patterns=[pattern]).status_code == 200
        found = understand(tenant, "serial sn-1234, delivered on 03/04/2026")
        values = {one["kind"]: (one["value"], one["is_custom"]) for one in found["entities"]}
        assert values == {"serial_number": ("sn-1234", True), "date": ("2026-04-03", False)}

    @pytest.mark.parametrize(
        ("language", "says"),
        [
            ({"entity_patterns": [{"name": "x", "pattern": "(a+)+$"}]}, "repeats a group"),
            ({"entity_patterns": [{"name": "x", "pattern": "("}]}, "no regular expression"),
            ({"entity_patterns": [{"name": "X y", "pattern": "a"}]}, "pattern"),
            ({"region": "XX"}, "Unknown region"),
        ],
    )
    def test_what_a_bot_cannot_have_is_a_422_that_says_why(self, tenant: Tenant, language: Any, says: str) -> None:
        response = configure(tenant, **language)
        assert response.status_code == 422
        assert says in response.json()["detail"]

    def test_an_unknown_time_zone_is_named(self, tenant: Tenant) -> None:
        path = f"/api/v1/chatbots/{tenant.chatbot_id}/understand"
        response = tenant.viewer.post(path, json={"text": "hi", "time_zone": "Mars/Base"})
        assert response.status_code == 422
        assert "Mars/Base" in response.json()["detail"]
