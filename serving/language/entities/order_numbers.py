"""Numbers of orders, as people write them: after a word such as `order` or `Bestellung`, or after `#`."""

import re
from collections.abc import Iterator

from serving.language.entities.entity import Entity, EntityKind

_WORDS = (
    "order|purchase order|po|booking|reservation|invoice|ticket|case|bestellung|bestellnummer|auftrag|auftragsnummer|rechnung"
    "|rechnungsnummer|pedido|orden|factura|reserva|commande|facture|réservation|ordine|fattura|prenotazione|encomenda|bestelling"
    "|factuur|订单|订单号|注文"
)
_NUMBER_WORDS = r"number|numbers?|num|no|nr|nummer|número|numero|numéro|id|n[º°]"
_CODE = r"(?P<code>(?=[A-Z0-9-]*\d)[A-Z0-9]{1,12}(?:-[A-Z0-9]{1,12}){0,3})"
_AFTER_WORD = re.compile(
    rf"(?<!\w)(?:{_WORDS})(?:\s*(?:{_NUMBER_WORDS})\.?)?\s*[:#]?\s*{_CODE}(?![\w%€$£]|[.,]\d|-\w)", re.IGNORECASE
)
_AFTER_HASH = re.compile(rf"(?<!\w)#\s?{_CODE}(?![\w-])", re.IGNORECASE)
_FEWEST_CHARACTERS = 4
_BY_WORD = 0.9
_BY_HASH = 0.6


def find_order_numbers(text: str) -> Iterator[Entity]:
    """Codes of at least four characters with a digit; the value is in upper case."""
    for pattern, confidence in ((_AFTER_WORD, _BY_WORD), (_AFTER_HASH, _BY_HASH)):
        for found in pattern.finditer(text):
            code = found["code"]
            if len(code) >= _FEWEST_CHARACTERS:
                start, end = found.span("code")
                yield Entity(EntityKind.ORDER_NUMBER, start, end, code, code.upper(), confidence)
