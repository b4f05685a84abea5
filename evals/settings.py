"""Settings of evaluations, read from the environment (prefix `PIXEL_EVAL_`)."""

from functools import lru_cache
from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

EXAMPLE_QUESTIONS = Path(__file__).parents[1] / "examples" / "questions.yaml"


class EvalSettings(BaseSettings):
    """What scheduled evaluations ask."""

    model_config = SettingsConfigDict(env_prefix="PIXEL_EVAL_", env_file=".env", extra="ignore")

    questions: Path | None = Field(
        default=None, description="file of questions with known answers; examples/questions.yaml if unset"
    )
    latency_factor: float = Field(
        default=2.0, gt=0, description="how many times as long as live a candidate index's searches may take"
    )

    @property
    def questions_path(self) -> Path:
        """The file of questions."""
        return self.questions or EXAMPLE_QUESTIONS


@lru_cache
def eval_settings() -> EvalSettings:
    """The settings of this process, read once."""
    return EvalSettings()
