"""Questions in a YAML file, for example `examples/questions.yaml`.

One example of its entries:

    - id: q01
      question: How much time is left before I can no longer send the grinder back?
      language: en
      answerable: true
      document: returns-policy.md
      answer: 30 days after delivery
"""

import hashlib
import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError, model_validator

from evals.errors import DatasetError
from evals.samples import Sample


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str
    question: str
    language: str
    answerable: bool
    document: str | None = None
    answer: str | None = None

    @model_validator(mode="after")
    def _answer_belongs_to_answerable(self) -> "_Entry":
        if self.answerable != (self.document is not None and self.answer is not None):
            raise ValueError("an answerable question names `document` and `answer`, any other names neither")
        return self


_ENTRIES = TypeAdapter(list[_Entry])


@dataclass(frozen=True)
class Questions:
    """A data set. `content_hash` is the SHA-256 of what the samples say, whatever the file's layout."""

    name: str
    samples: tuple[Sample, ...]
    content_hash: str

    @property
    def documents(self) -> frozenset[str]:
        """Names of the documents that hold the answers."""
        return frozenset(sample.document for sample in self.samples if sample.document is not None)


def load_questions(path: Path) -> Questions:
    """Read and check a file of questions.

    Raises:
        DatasetError: The file is missing, is not such a file, or an identifier appears twice.
    """
    try:
        entries = _ENTRIES.validate_python(yaml.safe_load(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise DatasetError(f"Cannot read the questions in {path}: {error.strerror}. Name another file.") from error
    except yaml.YAMLError as error:
        raise DatasetError(f"{path} is not YAML: {' '.join(str(error).split())}") from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "the file"
        raise DatasetError(
            f"{path}: {place}: {first['msg']}; see evals/datasets/questions.py for an example"
        ) from error
    doubled = [name for name, count in Counter(entry.id for entry in entries).items() if count > 1]
    if doubled:
        raise DatasetError(f"{path}: these identifiers appear twice: {', '.join(sorted(doubled))}; give each its own")
    canonical = json.dumps([entry.model_dump() for entry in entries], sort_keys=True, ensure_ascii=False)
    return Questions(
        name=path.stem,
        samples=tuple(_sample(entry) for entry in entries),
        content_hash=hashlib.sha256(canonical.encode()).hexdigest(),
    )


def _sample(entry: _Entry) -> Sample:
    return Sample(entry.id, entry.question, entry.language, entry.answerable, entry.document, entry.answer)
