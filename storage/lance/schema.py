"""The shape of a vector table, its full-text index, and the check that reader and table speak of the same model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from storage.errors import IndexMismatchError

if TYPE_CHECKING:
    import pyarrow as pa

MODEL_KEY = b"pixel_embedding_model"
DIMENSION_KEY = b"pixel_dimension"
IDENTITY_KEY = b"pixel_table"


@dataclass(frozen=True, slots=True)
class TableSpec:
    """A vector table: its name, and the model and dimension of what it holds."""

    name: str
    embedding_model: str
    dimension: int


def arrow_schema(spec: TableSpec, *, identity: str = "") -> pa.Schema:
    """The Arrow schema of a vector table; model, dimension and the table's identity travel in its metadata.

    Args:
        spec: The table.
        identity: Tells a table from one that is made later under the same name; for making one.
    """
    import pyarrow as pa

    return pa.schema(
        [
            pa.field("chunk_id", pa.string(), nullable=False),
            pa.field("document_version_id", pa.string(), nullable=False),
            pa.field("knowledge_base_id", pa.string(), nullable=False),
            pa.field("terms_key", pa.string(), nullable=False),
            pa.field("terms", pa.string(), nullable=False),
            pa.field("vector", pa.list_(pa.float32(), spec.dimension), nullable=False),
        ],
        metadata={
            MODEL_KEY: spec.embedding_model.encode(),
            DIMENSION_KEY: str(spec.dimension).encode(),
            IDENTITY_KEY: identity.encode(),
        },
    )


def identity_of(schema: pa.Schema) -> bytes:
    """What tells a table from another of the same name."""
    metadata: dict[bytes, bytes] = schema.metadata or {}
    return metadata.get(IDENTITY_KEY, b"")


def check_table(name: str, schema: pa.Schema, *, embedding_model: str | None, dimension: int | None) -> None:
    """Refuse a table of another model or dimension.

    Args:
        name: Table name, for the message.
        schema: Arrow schema as stored.
        embedding_model: Expected model; None when only the dimension is known.
        dimension: Expected dimension; None when only the shape matters.

    Raises:
        IndexMismatchError: Names what is stored and what was expected, or that the table is of an older release.
    """
    metadata = schema.metadata or {}
    stored_model = metadata.get(MODEL_KEY, b"unknown").decode()
    stored_dimension = schema.field("vector").type.list_size
    if "terms" not in schema.names:
        raise IndexMismatchError(
            f"Vector table `{name}` was made by an older release and has no terms for full-text search. "
            "Run `pixel verify` to fill it anew from Postgres; no model is needed."
        )
    if dimension in (None, stored_dimension) and embedding_model in (None, stored_model):
        return
    expected = f"`{embedding_model}`, dimension {dimension}" if embedding_model else f"dimension {dimension}"
    raise IndexMismatchError(
        f"Vector table `{name}` holds vectors of `{stored_model}`, dimension {stored_dimension}; "
        f"expected {expected}. Build a new index version with this model, or use the model of the index."
    )
