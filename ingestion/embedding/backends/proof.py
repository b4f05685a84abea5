"""An engine proves itself: what it computes is held against what PyTorch computes in 32-bit floats.

An engine can be fast and wrong: OpenVINO 2026.4 multiplies bfloat16 matrices wrongly on some processors
(openvinotoolkit/openvino#38256). Nothing fails then; passages are only not found any more. Some texts' worth of tokens, run
when the engine is loaded, tell.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ingestion.embedding.backends.backend import Backend, TextMatrix, TokenIds, mean_vectors

if TYPE_CHECKING:
    from torch.nn import Module

# What a faster engine may differ from PyTorch, as the cosine of embeddings (docs/decisions/0005).
LEAST_COSINE = 0.999
_FILE = "reference.npz"
_TEXTS, _TOKENS, _PADDING = 4, 32, 8


def proof_tokens(words: int) -> tuple[TokenIds, TokenIds]:
    """Ids and mask of texts to prove an engine with, the same every time.

    Args:
        words: Size of the model's vocabulary.
    """
    ids = np.random.default_rng(0).integers(0, words, (_TEXTS, _TOKENS), dtype=np.int64)
    mask = np.ones_like(ids)
    mask[1::2, -_PADDING:] = 0
    return ids, mask


def lowest_cosine(found: TextMatrix, expected: TextMatrix) -> float:
    """The smallest cosine between embeddings, row by row; 0 where one is no number."""
    return float(np.nan_to_num((found * expected).sum(axis=1), nan=0.0).min())


def write_reference(module: "Module", words: int, folder: Path) -> None:
    """Keep what the PyTorch model says of some tokens beside its exported form.

    Args:
        module: Token ids and mask in, token vectors out.
        words: Size of the model's vocabulary.
        folder: Of the exported model.
    """
    import torch

    ids, mask = proof_tokens(words)
    with torch.inference_mode():
        vectors: Any = module(torch.from_numpy(ids), torch.from_numpy(mask))
    np.savez(folder / _FILE, ids=ids, mask=mask, vectors=vectors.float().numpy())


def cosine_to_reference(backend: Backend, folder: Path) -> float:
    """The smallest cosine between embeddings of this engine and PyTorch's; 0 where the engine gives no numbers.

    Args:
        backend: The engine.
        folder: Of the exported model, with its reference.
    """
    with np.load(folder / _FILE) as reference:
        ids, mask, expected = reference["ids"], reference["mask"], reference["vectors"]
    return lowest_cosine(mean_vectors(backend.token_vectors(ids, mask), mask), mean_vectors(expected, mask))
