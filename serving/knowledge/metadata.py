"""Metadata that people give to a document, beside what the product keeps there itself."""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from serving.knowledge.errors import MetadataError
from serving.knowledge.schemas import OWN_FIELDS, DocumentUpdate
from storage.postgres.models.base import JsonObject

_MOST_FIELDS = 50


def merged(stored: JsonObject, given: Mapping[str, Any]) -> JsonObject:
    """Stored metadata with given fields set, and those given as null removed.

    Raises:
        MetadataError: More fields than a document may have, or a name that is the product's own.
    """
    own = sorted(name for name in given if name.startswith(OWN_FIELDS))
    if own:
        raise MetadataError(f"Names that begin with `{OWN_FIELDS}` are the product's own; rename {', '.join(own)}.")
    result = {name: value for name, value in {**stored, **given}.items() if value is not None}
    if sum(not name.startswith(OWN_FIELDS) for name in result) > _MOST_FIELDS:
        raise MetadataError(f"A document has at most {_MOST_FIELDS} fields of metadata; remove some first.")
    return result


def parsed(text: str) -> DocumentUpdate:
    """What came with an upload as JSON: tags and fields.

    Raises:
        MetadataError: It is not JSON, or not of this shape; the message names the place.
    """
    try:
        given = DocumentUpdate.model_validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"])) or "metadata"
        raise MetadataError(f"{place}: {first['msg']}") from error
    merged({}, given.custom_metadata or {})
    return given
