"""The name of how documents are read, cut and embedded. When it changes, unchanged files are worth reading again."""

from ingestion.chunking.chunker import Chunker
from ingestion.chunking.registry import make_chunker
from ingestion.embedding.embedder import Embedder, default_embedder
from ingestion.settings import IngestSettings

PARSER_VERSION = 2  # raise it when parsers give other text for the same bytes


def pipeline_chunker(settings: IngestSettings, embedder: Embedder | None = None) -> Chunker:
    """The chunker of these settings, counting by the embedder's tokenizer."""
    return make_chunker(
        settings.chunker,
        embedder or default_embedder(),
        most_tokens=settings.chunk_tokens,
        overlap_tokens=settings.chunk_overlap_tokens,
    )


def pipeline_version(settings: IngestSettings, embedder: Embedder | None = None) -> str:
    """For example `p1:headings-200-30:all-MiniLM-L6-v2`. Loads no model."""
    model = (embedder or default_embedder()).model
    return f"p{PARSER_VERSION}:{pipeline_chunker(settings, embedder).name}:{model}"[:50]
