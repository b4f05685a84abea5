"""What a client does with a bot's intents and with understanding a text."""

import uuid
from typing import Any

from serving.client.shapes import (
    ExampleOut,
    ExamplesAdded,
    IntentMetrics,
    IntentModelOut,
    IntentOut,
    IntentsOut,
    UnderstandingOut,
)
from serving.client.transport import Transport

_TRAINING_S = 300


class LanguageClient(Transport):
    """The part of `ApiClient` that is about language."""

    def intents(self, chatbot_id: uuid.UUID) -> IntentsOut:
        """Intents of a bot and its live model."""
        return self._one(IntentsOut, "GET", _intents(chatbot_id))

    def create_intent(self, chatbot_id: uuid.UUID, **fields: Any) -> IntentOut:
        """Add an intent; fields as in `IntentCreate`."""
        return self._one(IntentOut, "POST", _intents(chatbot_id), json=fields)

    def delete_intent(self, chatbot_id: uuid.UUID, intent_id: uuid.UUID) -> None:
        """Remove an intent with its examples."""
        self._send("DELETE", f"{_intents(chatbot_id)}/{intent_id}")

    def intent_examples(self, chatbot_id: uuid.UUID, intent_id: uuid.UUID) -> list[ExampleOut]:
        """Examples of an intent, oldest first; the first thousand."""
        return self._many(ExampleOut, f"{_intents(chatbot_id)}/{intent_id}/examples", params={"limit": 1000})

    def add_intent_examples(self, chatbot_id: uuid.UUID, intent: str | None, texts: list[str]) -> ExamplesAdded:
        """Add examples of one intent; None for out of scope."""
        body = {"examples": [{"text": text, "intent": intent} for text in texts]}
        return self._one(ExamplesAdded, "POST", f"{_intents(chatbot_id)}/examples", json=body)

    def delete_intent_example(self, chatbot_id: uuid.UUID, intent_id: uuid.UUID, example_id: uuid.UUID) -> None:
        """Take an example away."""
        self._send("DELETE", f"{_intents(chatbot_id)}/{intent_id}/examples/{example_id}")

    def train_intents(self, chatbot_id: uuid.UUID) -> IntentModelOut:
        """Learn from the examples; the new model is live. Takes up to a minute for many examples."""
        return self._one(IntentModelOut, "POST", f"{_intents(chatbot_id)}/train", timeout=_TRAINING_S)

    def test_intents(self, chatbot_id: uuid.UUID, examples: list[tuple[str, str | None]]) -> IntentMetrics:
        """Judge the live model on texts with their right intents."""
        body = {"examples": [{"text": text, "intent": intent} for text, intent in examples]}
        return self._one(IntentMetrics, "POST", f"{_intents(chatbot_id)}/test", json=body)

    def understand(self, chatbot_id: uuid.UUID, text: str, **fields: Any) -> UnderstandingOut:
        """What a bot understands of a text; fields as in `UnderstandCreate`."""
        path = f"/api/v1/chatbots/{chatbot_id}/understand"
        return self._one(UnderstandingOut, "POST", path, json={"text": text, **fields})


def _intents(chatbot_id: uuid.UUID) -> str:
    return f"/api/v1/chatbots/{chatbot_id}/intents"
