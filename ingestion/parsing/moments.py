"""Dates that documents state of themselves."""

from datetime import UTC, datetime


def moment(text: str | None) -> datetime | None:
    """A date in ISO form, in UTC where it names no zone; None when it is not one."""
    try:
        found = datetime.fromisoformat((text or "").strip())
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
