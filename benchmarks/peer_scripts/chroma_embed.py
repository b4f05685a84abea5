"""Runs in Chroma's own environment: embeds texts with its default embedder and says how long that took.

Standard input: JSON `{"texts": [...], "runs": 5, "model": "folder with model.onnx and tokenizer.json"}`.
Standard output: JSON `{"seconds": [...], "vectors": [[...]]}`.
"""

import json
import shutil
import sys
import tempfile
import time
from pathlib import Path

from chromadb.utils.embedding_functions import ONNXMiniLM_L6_V2


def main() -> None:
    """Time it."""
    task = json.load(sys.stdin)
    # Chroma fetches its model from a bucket; it is given the same weights from this machine instead.
    folder = Path(tempfile.mkdtemp())
    ONNXMiniLM_L6_V2.DOWNLOAD_PATH = folder
    shutil.copytree(task["model"], folder / ONNXMiniLM_L6_V2.EXTRACTED_FOLDER_NAME)
    embed = ONNXMiniLM_L6_V2(preferred_providers=["CPUExecutionProvider"])
    vectors = embed(task["texts"])
    seconds = []
    for _ in range(task["runs"]):
        started = time.perf_counter()
        embed(task["texts"])
        seconds.append(time.perf_counter() - started)
    json.dump({"seconds": seconds, "vectors": [[float(x) for x in vector] for vector in vectors]}, sys.stdout)
    shutil.rmtree(folder)


main()
