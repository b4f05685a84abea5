"""Text of documents and answers is shown, never interpreted: an image or link in it must not reach another host."""

import re

_SPECIAL = re.compile(r"([\\`*_{}\[\]()#+\-.!|<>$~:&=^])")

# Addresses become links even when they are escaped, and a browser looks up the host of a link before anybody clicks it.
# A mark in the middle of the address keeps it text that can be read and copied.
_ADDRESS = re.compile(r"(https?|www)(\\[:.])", re.IGNORECASE)


def plain(text: str) -> str:
    """The text with every Markdown character escaped, so that Streamlit shows it as it is."""
    escaped = _SPECIAL.sub(r"\\\1", text).replace("\n", "  \n")
    return _ADDRESS.sub(r"\1:gray[\2]", escaped)
