"""How an index cuts documents: by which chunker, in which sizes."""

import re

from pydantic import Field

from ingestion.chunking.chunker import Chunker
from ingestion.chunking.registry import make_chunker
from ingestion.embedding.embedder import default_embedder
from ingestion.settings import IngestSettings
from storage.postgres.models.index_version import IndexVersion
from storage.records.record import Record

_NAME = re.compile(r"(?P<chunker>[a-z]+)-(?P<most>\d+)(-(?P<overlap>\d+))?")


class ChunkSettings(Record):
    """A chunker and its sizes, in tokens of the model that the product brings.

    Whatever model an index embeds with, passages are measured by that one tokenizer: a chunking's name then says all,
    and two indexes with the same chunking share their passages.
    """

    chunker: str
    chunk_tokens: int = Field(ge=16, le=250)
    chunk_overlap_tokens: int = Field(ge=0, le=100)

    @classmethod
    def of_settings(cls, settings: IngestSettings) -> "ChunkSettings":
        """What the process's settings say: for an organization's first index."""
        return cls(
            chunker=settings.chunker,
            chunk_tokens=settings.chunk_tokens,
            chunk_overlap_tokens=settings.chunk_overlap_tokens,
        )

    @classmethod
    def of_index(cls, index: IndexVersion, settings: IngestSettings) -> "ChunkSettings":
        """What an index version was made with; an old one kept it in the name of its chunker only."""
        if index.settings.get("chunker"):
            return cls.model_validate(index.settings)
        named = _NAME.fullmatch(index.chunker)
        if named is None:
            return cls.of_settings(settings)
        return cls(
            chunker=named["chunker"],
            chunk_tokens=int(named["most"]),
            chunk_overlap_tokens=int(named["overlap"] or 0),
        )

    def make(self) -> Chunker:
        """The chunker.

        Raises:
            IngestionError: There is none of that name.
        """
        return make_chunker(
            self.chunker,
            default_embedder(),
            most_tokens=self.chunk_tokens,
            overlap_tokens=self.chunk_overlap_tokens,
        )
