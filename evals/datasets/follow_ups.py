"""Questions that lean on earlier ones, in `follow_ups.yaml`: what was asked before, and where the answer stands.

One example of its entries:

    - id: f01
      language: en
      before: ["How much does standard delivery to Portugal cost?"]
      question: and to Norway?
      document: shipping-terms.txt
      answer: Standard delivery 17.90 euros
"""

from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from evals.errors import DatasetError

FOLLOW_UPS = Path(__file__).with_name("follow_ups.yaml")


class FollowUpSample(BaseModel):
    """One question with what was asked before it, oldest first."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str
    language: str
    before: tuple[str, ...] = Field(min_length=1)
    question: str
    document: str
    answer: str


_SAMPLES = TypeAdapter(tuple[FollowUpSample, ...])


def load_follow_ups(path: Path = FOLLOW_UPS) -> tuple[FollowUpSample, ...]:
    """Read and check the file.

    Raises:
        DatasetError: It is missing, or is not such a file.
    """
    try:
        return _SAMPLES.validate_python(yaml.safe_load(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise DatasetError(f"Cannot read the follow-ups in {path}: {error.strerror}. Name another file.") from error
    except (yaml.YAMLError, ValidationError) as error:
        raise DatasetError(f"{path} is no file of follow-ups: {' '.join(str(error).split())}") from error
