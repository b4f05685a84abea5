"""When a bot hands over to a person: a part of its configuration."""

from pydantic import BaseModel, ConfigDict, Field

from ingestion.language.identification import identify_language

_NOTICES = {
    "en": "A person will reply to you here. Your message has been passed on.",
    "de": "Ein Mensch antwortet Ihnen hier. Ihre Nachricht ist weitergegeben.",
    "es": "Una persona le responderá aquí. Hemos pasado su mensaje.",
    "fr": "Une personne vous répondra ici. Votre message a été transmis.",
}


class HandoverConfig(BaseModel):
    """When a person takes over, and what is said then."""

    model_config = ConfigDict(extra="forbid")

    on_request: bool = Field(default=True, description="hand over when a message asks for a person")
    after_refusals: int | None = Field(
        default=None, ge=1, le=20, description="hand over after so many answers in a row that did not know; null: never"
    )
    phrases: list[str] = Field(
        default_factory=list, max_length=50, description="further words that ask for a person, beside the usual ones"
    )
    message: str | None = Field(
        default=None,
        max_length=1000,
        description="what is said while a person is to reply; in the asker's language unless given",
    )

    def notice(self, question: str) -> str:
        """What the asker is told. Blocking: tells the language of the question."""
        return self.message or _NOTICES.get(identify_language(question).language or "en", _NOTICES["en"])
