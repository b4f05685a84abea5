"""Public texts with their right answers. What is judged on was never learned or chosen by."""

import csv
import json
from dataclasses import dataclass

from benchmarks.shared_data import DataMissingError, data_folder

Example = tuple[str, str | None]
LANGUAGES = ("en", "de", "es", "zh", "ar", "el", "hi", "ro", "ru", "th", "tr", "vi")


@dataclass(frozen=True)
class IntentSet:
    """Requests with their intents, None out of scope: to learn from, and to be judged on."""

    name: str
    train: list[Example]
    held_out: list[Example]


def clinc150() -> IntentSet:
    """15,000 requests of 150 intents; judged on the test part where it is there, else on the validation part.

    One: `["what expression would i use to say i love you if i were an italian", "translate"]`.

    Raises:
        DataMissingError: The data set is not on this machine.
    """
    path = data_folder("clinc150") / "data_full.json"
    parts: dict[str, list[list[str]]] = json.loads(path.read_text())
    part = "test" if "test" in parts else "val"
    return IntentSet(
        f"CLINC150 {part}",
        _inside(parts["train"]) + _outside(parts["oos_train"]),
        _inside(parts[part]) + _outside(parts[f"oos_{part}"]),
    )


def banking77() -> IntentSet:
    """10,003 requests of a bank's customers with 77 intents, judged on 3,080 more.

    One: `I am still waiting on my card?`, `card_arrival`.

    Raises:
        DataMissingError: The data set is not on this machine.
    """
    folder = data_folder("banking77")
    read: dict[str, list[Example]] = {}
    for part in ("train", "test"):
        with (folder / f"{part}.csv").open(newline="") as file:
            read[part] = [(row["text"], row["category"]) for row in csv.DictReader(file)]
    return IntentSet("BANKING77 test", read["train"], read["test"])


def xquad_questions() -> dict[str, list[str]]:
    """Questions by language, of every second paragraph: the other ones chose the weights of identification.

    Raises:
        DataMissingError: The data set is not on this machine.
    """
    folder = data_folder("xquad")
    found: dict[str, list[str]] = {}
    for language in LANGUAGES:
        path = folder / f"xquad.{language}.json"
        if path.is_file():
            articles = json.loads(path.read_text())["data"]
            paragraphs = [paragraph for article in articles for paragraph in article["paragraphs"]]
            found[language] = [asked["question"] for paragraph in paragraphs[1::2] for asked in paragraph["qas"]]
    if not found:
        raise DataMissingError(f"No `xquad.LANGUAGE.json` is in `{folder}`; this benchmark needs one at least.")
    return found


def _inside(rows: list[list[str]]) -> list[Example]:
    return [(text, intent) for text, intent in rows]


def _outside(rows: list[list[str]]) -> list[Example]:
    return [(text, None) for text, _ in rows]
