"""Errors of ingestion."""

from storage.records.failure_type import FailureType


class IngestionError(Exception):
    """A document could not be taken in; the message says why, and what to do."""


class IntakeError(IngestionError):
    """What was asked for cannot be accepted: an unknown knowledge base, a name that is no name."""


class SourceTakenError(IntakeError):
    """A document of this source is there that whoever gives one may not read, so may not replace."""


class ParseError(IngestionError):
    """A document cannot be read. Terminal: the same bytes would fail again.

    `reason` is written for the person who gave the document and says what to do.
    """

    def __init__(self, failure_type: FailureType, reason: str) -> None:
        super().__init__(reason)
        self.failure_type = failure_type
        self.reason = reason


class LeaseLostError(IngestionError):
    """A newer worker holds the job; this one drops its work and writes nothing."""


class VersionError(IngestionError):
    """A decision about a version that cannot be carried out; the message says why and what to do instead."""


class UnknownVersionError(VersionError):
    """There is no such version, or it is another organization's, or its document is deleted: the three look the same."""


class FetchError(IngestionError):
    """An address or object that was not fetched. `is_gone`: its server says that there is nothing any more."""

    def __init__(self, message: str, *, is_gone: bool = False) -> None:
        super().__init__(message)
        self.is_gone = is_gone


class ModelUnavailableError(IngestionError):
    """An embedding model is not where it should be, or cannot be loaded; the message says what to do."""


class IndexVersionError(IngestionError):
    """Something about an index version that cannot be done; the message says why and what to do instead."""


class UnknownIndexVersionError(IndexVersionError):
    """The organization has no such index version."""


class GatesNotPassedError(IndexVersionError):
    """An index version that may not go live. `gates` names those that have not passed."""

    def __init__(self, message: str, *, gates: tuple[str, ...]) -> None:
        super().__init__(message)
        self.gates = gates
