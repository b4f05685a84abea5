"""Which embedder an index was made with, and the refusal where model and index do not agree."""

import threading
from pathlib import Path

from ingestion.embedding.embedder import Embedder, MiniLmEmbedder, default_embedder
from ingestion.embedding.fingerprint import model_files
from ingestion.embedding.sentence_transformer import SentenceTransformerEmbedder
from ingestion.embedding.settings import EmbeddingSettings, embedding_settings
from ingestion.errors import ModelUnavailableError
from storage.errors import IndexMismatchError
from storage.postgres.models.index_version import IndexVersion
from storage.settings import StorageSettings, storage_settings

_MODULES = "modules.json"
_Signature = tuple[tuple[str, int, int], ...]

_loaded: dict[tuple[Path, _Signature], SentenceTransformerEmbedder] = {}
_lock = threading.Lock()


def embedder_for(source: str | Path | None) -> Embedder:
    """The embedder of a model, shared by the process; the model itself is loaded when the first text comes.

    Args:
        source: The model's folder; None for the model that the product brings.

    Raises:
        ModelUnavailableError: There is no sentence-transformers model in the folder.
    """
    if source is None:
        return default_embedder()
    folder = Path(source).expanduser().absolute()
    if not (folder / _MODULES).is_file():
        raise ModelUnavailableError(
            f"No embedding model in `{folder}`: a folder that sentence-transformers saved was expected "
            f"(with `{_MODULES}`). Copy the model there, or name another folder."
        )
    # A folder whose files changed is another model; who holds the old one keeps it.
    signature = tuple((path.name, (stat := path.stat()).st_mtime_ns, stat.st_size) for path in model_files(folder))
    with _lock:
        key = (folder, signature)
        if key not in _loaded:
            _loaded[key] = SentenceTransformerEmbedder(folder)
        return _loaded[key]


def embedder_of(index: IndexVersion) -> Embedder:
    """The embedder that an index was made with, checked against what the index says of itself.

    Raises:
        ModelUnavailableError: The model is not here, or cannot be loaded.
        IndexMismatchError: The model here is another one, has other files, or another dimension.
    """
    embedder = embedder_for(index.model_source)
    remedy = (
        "Bring the index's own model back, or build and promote an index version with this one (`pixel index build`)."
    )
    if embedder.model != index.embedding_model or index.model_fingerprint not in (None, embedder.fingerprint):
        raise IndexMismatchError(
            f"Index version {index.number} was built with `{index.embedding_model}` (files "
            f"{_short(index.model_fingerprint)}); here is `{embedder.model}` (files {_short(embedder.fingerprint)}). {remedy}"
        )
    if embedder.dimension != index.dimension:
        raise IndexMismatchError(
            f"Index version {index.number} was built with `{index.embedding_model}` of {index.dimension} dimensions; "
            f"here it has {embedder.dimension}. {remedy}"
        )
    return embedder


def resolve_model(
    reference: str | None, *, settings: EmbeddingSettings | None = None, storage: StorageSettings | None = None
) -> Path | None:
    """The folder of a model by path or name; None for the model that the product brings.

    Args:
        reference: A path, the name of a folder among the further models (`PIXEL_EMBEDDING_MODELS`), or the name of the
            product's own model.
        settings: Where the further models are; the process's settings unless given.
        storage: The home folder; the process's settings unless given.

    Raises:
        ModelUnavailableError: There is no such model.
    """
    if reference is None or reference == MiniLmEmbedder.model:
        return None
    folder = (settings or embedding_settings()).models_path(storage or storage_settings())
    named = folder / reference
    found = named if "/" not in reference and named.is_dir() else Path(reference).expanduser().absolute()
    if not found.is_dir():
        known = sorted(path.name for path in folder.iterdir() if path.is_dir()) if folder.is_dir() else []
        raise ModelUnavailableError(
            f"No embedding model `{reference}`. Valid: {', '.join([MiniLmEmbedder.model, *known])}, or the path of a "
            f"sentence-transformers folder. Further models are looked for in `{folder}`."
        )
    return found


def _short(fingerprint: str | None) -> str:
    return fingerprint[:12] if fingerprint else "unknown"
