"""Errors of orchestration."""


class OrchestrationError(Exception):
    """Base: the message says what failed, the value, what was expected and what to do."""


class UnknownOrganizationError(OrchestrationError):
    """No organization, or no single one, is meant."""


class UnknownKnowledgeBaseError(OrchestrationError):
    """The organization has no such knowledge base."""


class ManifestError(OrchestrationError):
    """The dbt project cannot be parsed."""


class RunFailedError(OrchestrationError):
    """A step of a run failed."""
