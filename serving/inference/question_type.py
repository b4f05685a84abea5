"""What kind of answer a question asks for, where its words say so: a figure, or a point in time."""

import enum
import re


class AnswerKind(enum.StrEnum):
    """The kinds that a sentence can be checked for."""

    FIGURE = "figure"
    TIME = "time"


_FIGURE = re.compile(
    r"\b(how (many|much|long|old|far|often|big|large|high|deep|wide|heavy|hot|cold|fast|soon|late|early|quickly)|what (percentage|share|number|amount|"
    r"price|temperature|size|weight|fee|cost)|"
    r"wie ?(viel|viele|lange|alt|weit|oft|groß|hoch|tief|breit|schwer|heiß|kalt|schnell|teuer)|wieviele?|was kostet|"
    r"(cuánt|cuant)(o|a|os|as)|qué (porcentaje|precio|temperatura|tamaño|peso)|cada cuánto)\b",
    re.IGNORECASE,
)
_TIME = re.compile(
    r"\b(when|what (time|date|day|year|month)|until when|by when|which (day|year|month)|"
    r"wann|bis wann|ab wann|um wie viel uhr|an welchem tag|welches (jahr|datum)|"
    r"cuándo|cuando|hasta cuándo|a qué hora|qué (día|fecha|año|mes|hora))\b",
    re.IGNORECASE,
)
_DIGIT = re.compile(r"\d")
_NUMBER_WORD = re.compile(
    r"\b(one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|twenty|thirty|forty|fifty|sixty|ninety|"
    r"hundred|thousand|half|twice|once|free|"
    r"eine?[mnrs]?|zwei|drei|vier|fünf|sechs|sieben|acht|neun|zehn|elf|zwölf|zwanzig|dreißig|hundert|tausend|kostenlos|"
    r"uno|una|dos|tres|cuatro|cinco|seis|siete|ocho|nueve|diez|once|doce|quince|veinte|treinta|cien|mil|gratis|gratuit[oa])\b",
    re.IGNORECASE,
)
_TIME_WORD = re.compile(
    r"\b(mon|tues|wednes|thurs|fri|satur|sun)days?\b|\b(january|february|march|april|may|june|july|august|september|"
    r"october|november|december)\b|\b(days?|weeks?|months?|years?|hours?|minutes?|noon|midnight|daily|weekly|monthly|"
    r"yearly|immediately|always|never|before|after|until|within)\b|"
    r"\b(montag|dienstag|mittwoch|donnerstag|freitag|samstag|sonntag)s?\b|\b(januar|februar|märz|juni|juli|oktober|dezember)\b|"
    r"\b(tage?n?|wochen?|monate?n?|jahre?n?|stunden?|minuten?|uhr|täglich|sofort|immer|nie|vor|nach|bis|innerhalb)\b|"
    r"\b(lunes|martes|miércoles|jueves|viernes|sábados?|domingos?|enero|febrero|marzo|abril|mayo|junio|julio|agosto|"
    r"septiembre|octubre|noviembre|diciembre|días?|semanas?|meses|mes|años?|horas?|minutos?|siempre|nunca|antes|después|hasta)\b",
    re.IGNORECASE,
)


def answer_kind(question: str) -> AnswerKind | None:
    """The kind of answer that the question's words ask for, None when they do not say."""
    if _TIME.search(question):
        return AnswerKind.TIME
    if _FIGURE.search(question):
        return AnswerKind.FIGURE
    return None


def fits(kind: AnswerKind | None, sentence: str) -> float:
    """1 when the sentence holds such an answer, -1 when it does not, 0 when the question does not say what it wants."""
    if kind is None:
        return 0.0
    if _DIGIT.search(sentence) or (kind is AnswerKind.FIGURE and _NUMBER_WORD.search(sentence)):
        return 1.0
    return 1.0 if kind is AnswerKind.TIME and _TIME_WORD.search(sentence) else -1.0
