"""Settings of language understanding, read from the environment (prefix `PIXEL_LANGUAGE_`)."""

from functools import lru_cache

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

DEFAULT_LANGUAGES = "ar,de,el,en,es,fr,hi,it,ja,ko,nl,pl,pt,ro,ru,th,tr,uk,vi,zh"


class LanguageSettings(BaseSettings):
    """Which languages are told apart, and how sure one has to be."""

    model_config = SettingsConfigDict(env_prefix="PIXEL_LANGUAGE_", env_file=".env", extra="ignore")

    languages: str = Field(
        default=DEFAULT_LANGUAGES,
        description="languages that are told apart, as comma-separated ISO 639-1 codes; each costs memory",
    )
    least_confidence: float = Field(
        default=0.5, ge=0, le=1, description="below this confidence a language counts as unknown"
    )

    @field_validator("languages")
    @classmethod
    def _known(cls, value: str) -> str:
        from lingua import Language

        known = {language.iso_code_639_1.name.lower() for language in Language.all()}
        codes = [code.strip().lower() for code in value.split(",") if code.strip()]
        unknown = sorted(set(codes) - known)
        if unknown or len(set(codes)) < 2:
            wrong = f"unknown: {', '.join(unknown)}" if unknown else f"{len(set(codes))} given, at least 2 needed"
            raise ValueError(f"PIXEL_LANGUAGE_LANGUAGES is {value!r} ({wrong}); valid: {', '.join(sorted(known))}")
        return ",".join(dict.fromkeys(codes))

    @property
    def codes(self) -> tuple[str, ...]:
        """The ISO 639-1 codes of `languages`."""
        return tuple(self.languages.split(","))


@lru_cache
def language_settings() -> LanguageSettings:
    """The settings of this process, read once."""
    return LanguageSettings()
