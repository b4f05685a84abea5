"""Tests of what is told when a budget is used up."""

from datetime import date
from decimal import Decimal

import pytest

from serving.billing.errors import BudgetExceededError
from serving.billing.refusals import BudgetLimit, budget_refusal

MONTH = BudgetLimit(Decimal("1234.5"), "USD", "month")


class TestBudgetRefusal:
    @pytest.mark.parametrize(
        ("language", "expected"),
        [
            (
                "en",
                "The budget “Team” ($1,234.50 a month) leaves no room for this answer. "
                "It begins anew on December 1, 2026 (UTC).",
            ),
            (
                "de",
                "Das Budget „Team“ (1.234,50\xa0$ im Monat) reicht für diese Antwort nicht mehr. "
                "Es beginnt am 1. Dezember 2026 (UTC) neu.",
            ),
        ],
    )
    def test_dates_and_amounts_are_written_as_the_asker_does(self, language: str, expected: str) -> None:
        assert budget_refusal("Team", MONTH, date(2026, 12, 1), language) == expected

    @pytest.mark.parametrize(
        ("limit", "language", "expected"),
        [
            (BudgetLimit(1, "answers", "day"), "de", "1 Antwort am Tag"),
            (BudgetLimit(12_000, "tokens", "total"), "de", "12.000 Tokens insgesamt"),
            (BudgetLimit(1, "answers", "day"), "en", "1 answer a day"),
            (BudgetLimit(12_000, "tokens", "total"), "fr", "12\u202f000 jetons au total"),
        ],
    )
    def test_limits_of_every_kind(self, limit: BudgetLimit, language: str, expected: str) -> None:
        assert limit.shown_in(language) == expected

    def test_a_language_that_we_do_not_speak_is_told_in_english(self) -> None:
        assert budget_refusal("Team", MONTH, None, "ja").endswith("An owner can raise it.")

    def test_an_error_without_a_language_stays_as_clients_know_it(self) -> None:
        error = BudgetExceededError("Team", MONTH, date(2026, 12, 1))
        assert error.told_in(None).detail == error.detail
        assert "1234.5 USD a month" in error.detail
        assert "2026-12-01" in error.detail
        assert error.told_in("de").status == 429
