"""Ranks documents for questions by bm25s; runs in the peer's own environment.

Reads a JSON file {documents, questions, stemmer, depth}; prints for each question the numbers of its documents, best first.
"""

import json
import sys
from pathlib import Path

import bm25s
import Stemmer

given = json.loads(Path(sys.argv[1]).read_text())
stemmer = Stemmer.Stemmer(given["stemmer"]) if given["stemmer"] else None
stop_words = "en" if given["stemmer"] == "english" else []
index = bm25s.BM25()
index.index(
    bm25s.tokenize(given["documents"], stopwords=stop_words, stemmer=stemmer, show_progress=False), show_progress=False
)
tokens = bm25s.tokenize(given["questions"], stopwords=stop_words, stemmer=stemmer, show_progress=False)
depth = min(given["depth"], len(given["documents"]))
found, _ = index.retrieve(tokens, k=depth, show_progress=False)
print(json.dumps([[int(number) for number in row] for row in found]))  # noqa: T201 - what the script is for
