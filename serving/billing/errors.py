"""Errors of billing."""

from datetime import date

from serving.billing.refusals import BudgetLimit, budget_refusal
from serving.errors import ApiError, BadRequestError, ConflictError, NotFoundError


class BudgetExceededError(ApiError):
    """A budget would be exceeded; nothing was called and nothing charged."""

    status = 429
    slug = "budget-exceeded"
    title = "A budget is used up"

    def __init__(self, name: str, limit: BudgetLimit, renews_on: date | None) -> None:
        when = f"it begins anew on {renews_on.isoformat()} (UTC)" if renews_on else "an owner can raise it"
        super().__init__(f"Budget {name!r} ({limit.shown()}) leaves no room for this answer; {when}")
        self.name, self.limit, self.renews_on = name, limit, renews_on

    def told_in(self, language: str | None) -> "BudgetExceededError":
        """The same for somebody who asks in a language, with its dates and amounts; as it is when that is not known."""
        told = BudgetExceededError(self.name, self.limit, self.renews_on)
        if language is not None:
            told.detail = budget_refusal(self.name, self.limit, self.renews_on, language)
        return told


class BudgetNotFoundError(NotFoundError):
    """No such budget."""

    title = "No such budget"


class BudgetNameTakenError(ConflictError):
    """A name may be used once."""

    slug = "name-taken"
    title = "A budget of this name exists already"


class BudgetSubjectError(BadRequestError):
    """A budget names something that is not there, or nothing where something is needed."""

    slug = "budget-subject"
    title = "A budget of the organization has no subject; every other names a bot, member or key of the organization"
