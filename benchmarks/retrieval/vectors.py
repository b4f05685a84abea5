"""Vectors of texts, kept on disk between runs: embedding SciFact takes minutes, and it is not what is measured here."""

import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from benchmarks.peers import PEERS
from ingestion.embedding.embedder import default_embedder


def embedded(name: str, texts: Sequence[str]) -> NDArray[np.float32]:
    """Vectors of these texts, float32[n, dimension], as Postgres would keep them.

    Args:
        name: For the file's name.
        texts: What to embed; other texts or another model give another file.
    """
    embedder = default_embedder()
    digest = hashlib.sha256("\0".join((embedder.fingerprint, *texts)).encode()).hexdigest()[:16]
    path = PEERS / "vectors" / f"{name}-{digest}.npy"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        np.save(path, embedder.embed(list(texts)).astype(np.float16))
    kept: NDArray[np.float16] = np.load(path)
    return kept.astype(np.float32)
