"""What somebody who asks is told when a budget is used up, in their language."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

from serving.inference.phrases import phrase, spoken
from serving.language.formats import local_amount, local_date, local_number, locale_of
from storage.postgres.models.budget import BudgetPeriodLength

BudgetUnit = Literal["USD", "tokens", "answers"]


@dataclass(frozen=True)
class BudgetLimit:
    """A limit of a budget, and how often it begins anew."""

    value: Decimal | int
    unit: BudgetUnit
    period: str

    def shown(self) -> str:
        """For logs and for clients: the same in every language."""
        value = f"{self.value.normalize():f}" if isinstance(self.value, Decimal) else f"{self.value:,}"
        each = "in all" if self.period == BudgetPeriodLength.TOTAL else f"a {self.period}"
        return f"{value} {self.unit} {each}"

    def shown_in(self, language: str) -> str:
        """For people of a language."""
        if self.unit == "USD":
            limit = local_amount(self.value, "USD", language)
        else:
            is_one = locale_of(language).plural_form(self.value) == "one"
            name = f"budget_{self.unit}_one" if is_one else f"budget_{self.unit}"
            limit = phrase(name, language).format(count=local_number(self.value, language))
        return phrase(f"budget_{self.period}", language).format(limit=limit)


def budget_refusal(name: str, limit: BudgetLimit, renews_on: date | None, language: str) -> str:
    """Why there is no answer, and when there may be one again.

    Args:
        name: Of the budget.
        limit: The limit that would be passed.
        renews_on: First day of the next period; None when only an owner can help.
        language: ISO 639-1 code of the asker's language; English when we do not speak it.
    """
    tag = spoken(language)
    if renews_on is None:
        then = phrase("budget_raise", tag)
    else:
        then = phrase("budget_renews", tag).format(date=local_date(renews_on, tag))
    return f"{phrase('budget', tag).format(name=name, limit=limit.shown_in(tag))} {then}"
