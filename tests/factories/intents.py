"""Examples of intents that are easy to tell apart."""

from collections.abc import Sequence

INTENTS: dict[str, tuple[str, ...]] = {
    "track_order": (
        "Where is my order?",
        "When will my parcel arrive?",
        "Track my package please",
        "Has my order been shipped yet?",
        "What is the delivery status of my order?",
        "My parcel has not come yet",
        "How do I follow my shipment?",
    ),
    "reset_password": (
        "I forgot my password",
        "How do I reset my password?",
        "My password does not work any more",
        "Please let me change my password",
        "I cannot log in, the password is wrong",
        "Send me a link for a new password",
        "Lost my password, what now?",
    ),
    "opening_hours": (
        "When are you open?",
        "What are your opening hours?",
        "Are you open on Sunday?",
        "Until when is the shop open today?",
        "What time do you close?",
        "Is the store open on public holidays?",
        "When does the shop open in the morning?",
    ),
}
OUTSIDE: tuple[str, ...] = (
    "Who won the world cup in 1998?",
    "Tell me a joke about cats",
    "What is the capital of Peru?",
    "How tall is Mount Everest?",
    "Write me a poem about the sea",
    "What is seven times eight?",
    "Can you recommend a good film?",
    "How do I bake bread?",
    "Who painted the Mona Lisa?",
    "What does a lion eat?",
)


def labelled(
    intents: dict[str, tuple[str, ...]] = INTENTS, outside: Sequence[str] = OUTSIDE
) -> list[dict[str, str | None]]:
    """The examples as the route takes them."""
    inside: list[dict[str, str | None]] = [
        {"text": text, "intent": name} for name, texts in intents.items() for text in texts
    ]
    return [*inside, *({"text": text, "intent": None} for text in outside)]
