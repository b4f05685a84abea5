"""How good a classifier is on examples that it was not trained on."""

from collections import Counter, defaultdict
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from serving.language.intents.schemas import Confusion, IntentMetrics, IntentScore

_MOST_CONFUSIONS = 50
_DIGITS = 4


def judge(
    texts: Sequence[str],
    truth: Sequence[str | None],
    probabilities: NDArray[np.float32],
    *,
    labels: Sequence[str],
    threshold: float,
) -> IntentMetrics:
    """Compare what a classifier says with what is right.

    Args:
        texts: The examples.
        truth: The right intent of each; None for out of scope. An intent that the classifier does not know is never met.
        probabilities: Of each example for each label, float32[n, labels].
        labels: The intents that the classifier knows.
        threshold: An example whose best probability is below it is taken for out of scope.
    """
    best = probabilities.argmax(axis=1)
    is_told = probabilities[np.arange(len(texts)), best] >= threshold
    likeliest = [labels[index] for index in best]
    told = [name if sure else None for name, sure in zip(likeliest, is_told, strict=True)]
    inside = [index for index, name in enumerate(truth) if name is not None]
    outside = [index for index, name in enumerate(truth) if name is None]
    return IntentMetrics(
        examples=len(inside),
        accuracy=_share(sum(told[i] == truth[i] for i in inside), len(inside)),
        accuracy_without_threshold=_share(sum(likeliest[i] == truth[i] for i in inside), len(inside)),
        refused_share=_share(sum(told[i] is None for i in inside), len(inside)),
        out_of_scope_examples=len(outside),
        out_of_scope_recall=_share(sum(told[i] is None for i in outside), len(outside)) if outside else None,
        intents=_scores(truth, told),
        confusions=_confusions(texts, truth, told),
    )


def _scores(truth: Sequence[str | None], told: Sequence[str | None]) -> list[IntentScore]:
    there, said = Counter(truth), Counter(told)
    right = Counter(name for name, found in zip(truth, told, strict=True) if name == found)
    return [
        IntentScore(
            intent=name,
            examples=there[name],
            recall=_share(right[name], there[name]),
            precision=_share(right[name], said[name]) if said[name] else None,
        )
        for name in sorted(name for name in there if name is not None)
    ]


def _confusions(texts: Sequence[str], truth: Sequence[str | None], told: Sequence[str | None]) -> list[Confusion]:
    found: dict[tuple[str | None, str | None], list[str]] = defaultdict(list)
    for text, name, other in zip(texts, truth, told, strict=True):
        if name != other:
            found[name, other].append(text)
    ranked = sorted(found.items(), key=lambda item: (-len(item[1]), str(item[0])))
    return [
        Confusion(intent=name, taken_for=other, count=len(wrong), example=wrong[0])
        for (name, other), wrong in ranked[:_MOST_CONFUSIONS]
    ]


def _share(part: int, whole: int) -> float:
    """0 of 0 is 0."""
    return round(part / whole, _DIGITS) if whole else 0.0
