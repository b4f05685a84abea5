"""Metadata in a file beside a document: `manual.pdf.meta.yaml` or `manual.pdf.meta.json`."""

import json
from datetime import date, datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from storage.postgres.models.base import JsonObject

SUFFIXES = (".meta.yaml", ".meta.json")
MOST_BYTES = 65_536
_MOST_FIELDS = 50
_OWN = "source_"

_Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000)]
_Tag = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=50)]
_Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]
_Scalar = _Text | bool | int | Annotated[float, Field(allow_inf_nan=False)] | datetime | date
_Value = _Scalar | Annotated[list[_Scalar], Field(max_length=50)]


class Sidecar(BaseModel):
    """What a file beside a document says of it."""

    model_config = ConfigDict(extra="forbid")

    title: _Text | None = None
    author: _Text | None = None
    language: Annotated[str, StringConstraints(pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$")] | None = None
    created: datetime | date | None = None
    modified: datetime | date | None = None
    tags: list[_Tag] | None = Field(default=None, max_length=50)
    custom: Annotated[dict[_Name, _Value], Field(max_length=_MOST_FIELDS - 5)] = Field(default_factory=dict)

    @property
    def fields(self) -> JsonObject:
        """Everything but the tags, as fields of a document."""
        said = self.model_dump(mode="json", exclude={"tags", "custom"}, exclude_none=True)
        return {**self.model_dump(mode="json")["custom"], **said}


def read_sidecar(data: bytes, name: str) -> Sidecar:
    """Metadata out of the bytes of a file.

    Args:
        data: The file.
        name: What it is called; its end says whether it is YAML or JSON.

    Raises:
        ValueError: It cannot be used; the message says why.
    """
    import yaml

    if len(data) > MOST_BYTES:
        raise ValueError(f"`{name}` has more than {MOST_BYTES} bytes")
    try:
        found: Any = json.loads(data) if name.endswith(".json") else yaml.safe_load(data)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise ValueError(f"`{name}` is no {'JSON' if name.endswith('.json') else 'YAML'}") from error
    try:
        sidecar = Sidecar.model_validate({} if found is None else found)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise ValueError(f"`{name}`: {'.'.join(map(str, first['loc'])) or 'the file'}: {first['msg']}") from error
    if own := [field for field in sidecar.custom if field.startswith(_OWN)]:
        raise ValueError(f"`{name}`: names that begin with `{_OWN}` are the product's own; rename `{own[0]}`")
    return sidecar
