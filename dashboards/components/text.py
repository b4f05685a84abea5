"""Text of documents and answers is shown, never interpreted: an image or link in it must not reach another host."""

import re

_SPECIAL = re.compile(r"([\\`*_{}\[\]()#+\-.!|<>$~:&=^])")


def plain(text: str) -> str:
    """The text with every Markdown character escaped, so that Streamlit shows it as it is."""
    return _SPECIAL.sub(r"\\\1", text).replace("\n", "  \n")
