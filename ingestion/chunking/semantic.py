"""The semantic chunker: a passage ends where the next sentences speak of something else."""

from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from ingestion.chunking.atoms import Atom, Atomizer
from ingestion.chunking.chunker import TokenOffsets
from ingestion.chunking.structured import HeadingChunker, Section
from storage.records.parsed_document import ParsedDocument

Embed = Callable[[Sequence[str]], NDArray[np.float32]]

# A break is where the likeness of what stands before and after falls into the lowest fifth of its section.
_BREAK_SHARE = 0.2
_SENTENCES_EACH_SIDE = 2
_FEWEST_ATOMS = 5


class SemanticChunker(HeadingChunker):
    """As by headings, with sections parted again where the meaning turns. Runs the model over every sentence."""

    label = "semantic"

    def __init__(self, offsets: TokenOffsets, *, most_tokens: int, overlap_tokens: int, embed: Embed) -> None:
        super().__init__(offsets, most_tokens=most_tokens, overlap_tokens=0)
        self._embed = embed

    def sections(self, document: ParsedDocument, atomizer: Atomizer) -> Iterator[Section]:
        """Sections by heading, parted at breaks of meaning."""
        sections = list(super().sections(document, atomizer))
        # All sentences of the document go through the model together.
        vectors = self._embed([document.text[a.start : a.end] for section in sections for a in section.atoms])
        done = 0
        for section in sections:
            count = len(section.atoms)
            for first, last in _runs(section.atoms, vectors[done : done + count]):
                yield Section(section.heading_path, section.atoms[first:last], section.has_body)
            done += count


def _runs(atoms: Sequence[Atom], vectors: NDArray[np.float32]) -> Iterator[tuple[int, int]]:
    if len(atoms) < _FEWEST_ATOMS:
        yield 0, len(atoms)
        return
    side = _SENTENCES_EACH_SIDE
    likeness = np.array(
        [
            float(vectors[max(0, n - side) : n].mean(axis=0) @ vectors[n : n + side].mean(axis=0))
            for n in range(1, len(atoms))
        ]
    )
    # Rows of one table stay together: the table's own passages part it.
    is_row = np.array([atom.header is not None for atom in atoms[1:]])
    limit = np.quantile(likeness, _BREAK_SHARE)
    first = 0
    for number in range(1, len(atoms)):
        if likeness[number - 1] <= limit and not is_row[number - 1]:
            yield first, number
            first = number
    yield first, len(atoms)
