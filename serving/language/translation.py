"""Questions and answers in another language, through a model, and never at the price of what they say.

A translation that lost a figure, a citation mark, a piece of code, an address or a name is not given out.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from anyio import to_thread
from babel import Locale, UnknownLocaleError

from serving.inference.errors import ProviderError
from serving.inference.prompts.tasks import translation
from serving.language.completion import LanguageModel, complete
from serving.language.outcome import Unavailable, UnavailableReason

MOST_CHARACTERS = 8_000

_CITATION = re.compile(r"\[\d+\]")
# In the order in which they are taken out of the text: digits in code are code. Each begins where no such run goes on and
# gives nothing of it back: a long run without an end would be read once for each of its characters otherwise.
_VERBATIM = (
    ("code", re.compile(r"```.*?```|`[^`\n]+`", re.DOTALL)),
    ("address", re.compile(r"(?<!\w)\w++://[^\s)>\]]*[^\s)>\].,;:!?]|(?<![\w.+-])[\w.+-]++@[\w-]++(?:\.[\w-]++)++")),
    ("citation", _CITATION),
)
_PRODUCT_CODE = re.compile(r"(?<!\w)(?=\w*[A-Za-z])(?=\w*\d)[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*(?!\w)")
_ORDINAL = re.compile(r"\d+(?:st|nd|rd|th|er|e|re|ème)", re.IGNORECASE)
_NUMBER = re.compile(r"\d+(?:[.,:'’ \u00a0\u202f]\d+)*")


@dataclass(frozen=True)
class Translation:
    """A text in another language; every figure, mark, address, piece of code and given name of the original is in it."""

    text: str
    source: str
    target: str
    prompt_template: str

    def as_json(self) -> dict[str, Any]:
        """For receipts and responses."""
        return {"text": self.text, "source": self.source, "target": self.target, "prompt": self.prompt_template}


@dataclass(frozen=True)
class NotTranslated:
    """The model's translation changed what must stay; `lost` names it, and the original is the better text."""

    lost: tuple[str, ...]


class Translator:
    """Translates through a language model; without one it says so."""

    def __init__(self, model: LanguageModel | None) -> None:
        self._model = model

    async def translate(
        self, text: str, *, source: str, target: str, names: Sequence[str] = ()
    ) -> Translation | NotTranslated | Unavailable:
        """Translate a question or an answer.

        Args:
            text: At most 8,000 characters.
            source: ISO 639-1 code of its language.
            target: ISO 639-1 code of the language wanted; the same one gives the text back, without a model.
            names: Names in the text that must stay, for example of people and products.

        Raises:
            ValueError: The text is too long, or a code is of no language.
        """
        _check(text, source, target)
        if source == target:
            return Translation(text, source, target, "")
        if self._model is None:
            return Unavailable(UnavailableReason.NO_MODEL, "Translation needs a language model; none is configured.")
        kept = [name for name in dict.fromkeys(names) if name in text]
        prompt = translation(text, source=source, target=target, names=kept)
        try:
            found = await complete(self._model, prompt, question=text)
        except ProviderError as error:
            return Unavailable(UnavailableReason.FAILED, f"The model did not translate: {error.kind.value}.")
        if found is None:
            return Unavailable(UnavailableReason.FAILED, "The model gave no whole translation.")
        lost = await to_thread.run_sync(lambda: what_changed(text, found, names=kept))
        return NotTranslated(lost) if lost else Translation(found, source, target, prompt.template)


def what_changed(original: str, translated: str, *, names: Sequence[str] = ()) -> tuple[str, ...]:
    """What must be the same in both texts and is not: lost, doubled or made up.

    Figures are compared by their digits, because `1,234.50` may become `1.234,50`. A citation may be said twice, but not
    left out or made up.
    """
    before, after = _kept(original), _kept(translated)
    changed = {what for kind in before for what in (before[kind] - after[kind]) + (after[kind] - before[kind])}
    cited = set(_CITATION.findall(original)) ^ set(_CITATION.findall(translated))
    missing = {name for name in names if name not in translated}
    return tuple(sorted(changed | cited | missing))


def _kept(text: str) -> dict[str, Counter[str]]:
    found: dict[str, Counter[str]] = {}
    for kind, pattern in _VERBATIM:
        if kind != "citation":
            found[kind] = Counter(pattern.findall(text))
        text = pattern.sub(" ", text)
    codes = [code for code in _PRODUCT_CODE.findall(text) if not _ORDINAL.fullmatch(code)]
    found["product code"] = Counter(codes)
    rest = _PRODUCT_CODE.sub(lambda m: m[0] if _ORDINAL.fullmatch(m[0]) else " ", text)
    found["number"] = Counter("".join(filter(str.isdigit, number)) for number in _NUMBER.findall(rest))
    return found


def _check(text: str, source: str, target: str) -> None:
    if len(text) > MOST_CHARACTERS:
        raise ValueError(f"The text has {len(text):,} characters; at most {MOST_CHARACTERS:,} are translated at once")
    for code in (source, target):
        try:
            Locale.parse(code)
        except (UnknownLocaleError, ValueError) as error:
            raise ValueError(f"Unknown language {code!r}; give an ISO 639-1 code such as `de`") from error
