"""Where a provider is and how it is called: what an adapter needs to know of a model connection."""

import uuid
from dataclasses import dataclass, field

from serving.inference.providers.limits import CallLimits
from storage.postgres.models.model_connection import ModelProvider


@dataclass(frozen=True)
class Endpoint:
    """One model connection, opened. The key is never shown.

    Attributes:
        connection_id: The connection.
        provider: Whose protocol it speaks.
        base_url: Where it is.
        key: The provider's key, if it needs one.
        may_be_private: Whether the operator named its host.
        limits: Limits of its calls.
    """

    connection_id: uuid.UUID
    provider: ModelProvider
    base_url: str
    key: str | None = field(default=None, repr=False)
    may_be_private: bool = False
    limits: CallLimits = field(default_factory=CallLimits)
