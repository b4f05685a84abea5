"""What is embedded for a passage: its headings and its text.

A passage such as "It is 30 days." means nothing without the heading above it. The text is a pure function of columns
of the chunk's row, so another model can embed the same passages again without parsing anything.
"""

from collections.abc import Callable, Sequence

_SEPARATOR = " > "
_MOST_HEADING_CHARACTERS = 300


def embedding_text(heading_path: Sequence[str], text: str, *, count_tokens: Callable[[str], int], room: int) -> str:
    """The text that stands for a passage in the index.

    Args:
        heading_path: Headings above the passage, outermost first.
        text: The passage.
        count_tokens: The embedder's own count.
        room: Most tokens that the embedder reads; outer headings are left out until all fits.

    Returns:
        The innermost headings that fit, a line break, and the passage.
    """
    headings = [heading for heading in heading_path if heading.strip()]
    if headings and text.lstrip("# ").startswith(headings[-1]):
        headings = headings[:-1]  # the passage begins with its own heading
    while headings:
        line = _SEPARATOR.join(headings)
        if len(line) <= _MOST_HEADING_CHARACTERS and count_tokens(f"{line}\n{text}") <= room:
            return f"{line}\n{text}"
        headings = headings[1:]
    return text
