"""The name of how documents are read, cut and embedded. When it changes, unchanged files are worth reading again."""

from ingestion.chunk_settings import ChunkSettings
from ingestion.embedding.embedder import default_embedder
from ingestion.settings import IngestSettings

PARSER_VERSION = 2  # raise it when parsers give other text for the same bytes


def pipeline_version(settings: IngestSettings) -> str:
    """For example `p2:headings-200-30:all-MiniLM-L6-v2`. Loads no model.

    It says what the settings say. An index version may cut and embed otherwise; that alone makes no file worth
    reading again, because a build does it for all of them.
    """
    return f"p{PARSER_VERSION}:{ChunkSettings.of_settings(settings).make().name}:{default_embedder().model}"[:50]
