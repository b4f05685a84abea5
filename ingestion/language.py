"""Guesses the language of a text from its commonest small words; says nothing when it is not sure."""

import re
from collections import Counter

_WORDS = {
    "en": "the and of to in is that for with are this be by on as from which or not you your will have has an it",
    "de": "der die und das ist nicht mit für auf ein eine zu den von sie dem des werden wird im auch sich bei oder als",
    "fr": "le la les et des est une dans pour que qui sur par pas vous nous avec au aux ce cette sont du ne plus ou",
    "es": "el la los las y de que en un una por con para es se del su al más como está o no sus este esta son ser",
    "it": "il lo gli e di che è un una per con non sono del della dei si al alla nel come più questo questa le anche",
    "pt": "o os as e de que um uma para com não em do da dos das é por se mais como ao são na no pelo pela você",
    "nl": "de het een en van is dat op te in voor met zijn niet aan er om ook als bij wordt door naar worden deze of",
}
_STOP_WORDS = {language: frozenset(words.split()) for language, words in _WORDS.items()}
_TOKEN = re.compile(r"[^\W\d_]+")
_SAMPLE_CHARACTERS = 20_000
_FEWEST_WORDS = 20
_LEAST_SHARE = 0.15
_LEAST_LEAD = 1.3


def guess_language(text: str) -> str | None:
    """The language of a text.

    Args:
        text: Any text; only its beginning is looked at.

    Returns:
        An ISO 639-1 code among en, de, fr, es, it, pt, nl; None for a short, mixed or other text.
    """
    words = Counter(_TOKEN.findall(text[:_SAMPLE_CHARACTERS].lower()))
    total = words.total()
    if total < _FEWEST_WORDS:
        return None
    scores = sorted(
        ((sum(words[word] for word in stop_words) / total, language) for language, stop_words in _STOP_WORDS.items()),
        reverse=True,
    )
    (best, language), (second, _) = scores[0], scores[1]
    return language if best >= _LEAST_SHARE and best >= _LEAST_LEAD * second else None
