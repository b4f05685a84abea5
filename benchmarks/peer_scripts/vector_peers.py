"""Vector searches by other libraries; runs in the peers' own environment.

Arguments: an .npz with `vectors` and `asked`, the depth, the runs. Prints one JSON line: for each peer what it found and how
many searches a second it did in each run.
"""

import json
import sys
import time
from collections.abc import Callable
from typing import Any

import chromadb
import faiss
import numpy as np
from chromadb.config import Settings
from qdrant_client import QdrantClient, models

given = np.load(sys.argv[1])
vectors, asked = given["vectors"].astype(np.float32), given["asked"].astype(np.float32)
depth, runs = int(sys.argv[2]), int(sys.argv[3])


def timed(search: Callable[[Any], list[int]]) -> dict[str, Any]:
    """What was found last, and the rate of each run after one that warms up."""
    rates, found = [], []
    for run in range(runs + 1):
        started = time.perf_counter()
        found = [search(vector) for vector in asked]
        if run:
            rates.append(len(asked) / (time.perf_counter() - started))
    return {"found": found, "rates": rates}


def chroma() -> Callable[[Any], list[int]]:
    """Chroma in a folder, with its defaults."""
    client = chromadb.PersistentClient("chroma", Settings(anonymized_telemetry=False))
    collection = client.create_collection("peer", metadata={"hnsw:space": "cosine"})
    for at in range(0, len(vectors), 5000):
        block = vectors[at : at + 5000]
        collection.add(ids=[str(at + n) for n in range(len(block))], embeddings=block)
    return lambda vector: [
        int(key)
        for key in collection.query(query_embeddings=vector[None], n_results=depth, include=["distances"])["ids"][0]
    ]


def qdrant() -> Callable[[Any], list[int]]:
    """Qdrant's local mode in memory: an exact scan."""
    client = QdrantClient(":memory:")
    shape = models.VectorParams(size=vectors.shape[1], distance=models.Distance.COSINE)
    client.create_collection("peer", vectors_config=shape)
    client.upload_collection("peer", vectors=vectors, ids=list(range(len(vectors))))
    return lambda vector: [int(hit.id) for hit in client.query_points("peer", query=vector, limit=depth).points]


def faiss_flat() -> Callable[[Any], list[int]]:
    """FAISS, exact, single precision."""
    index = faiss.IndexFlatIP(vectors.shape[1])
    index.add(vectors)
    return lambda vector: index.search(vector[None], depth)[1][0].tolist()


print(json.dumps({"chroma": timed(chroma()), "qdrant local": timed(qdrant()), "faiss flat": timed(faiss_flat())}))  # noqa: T201
