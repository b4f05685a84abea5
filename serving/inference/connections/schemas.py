"""Shapes of the routes of model connections and models. A key goes in and never comes out."""

import uuid
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Self

from pydantic import Field, SecretStr, StringConstraints, model_validator

from serving.accounts.schemas import Name, Read, Write
from serving.inference.errors import ProviderErrorKind
from serving.inference.providers.limits import CallLimits
from serving.inference.routing.breaker import BreakerState
from storage.postgres.models.model_connection import ModelProvider

ModelName = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=r"^[\x21-\x7e]+$")
]
BaseUrl = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]
Key = Annotated[SecretStr, Field(min_length=1, max_length=1000)]
Tokens = Annotated[int, Field(ge=1, le=100_000_000)]
UsdPerMillion = Annotated[Decimal, Field(ge=0, le=1_000_000, max_digits=14, decimal_places=6)]
Quality = Annotated[float, Field(ge=0, le=1)]


class ModelConnectionCreate(Write):
    """Add a connection."""

    name: Name
    provider: ModelProvider
    base_url: BaseUrl | None = Field(default=None, description="the provider's own address unless given")
    key: Key | None = Field(default=None, description="kept encrypted; no route tells it again")
    limits: CallLimits = CallLimits()
    is_enabled: bool = True


class ModelConnectionUpdate(Write):
    """Change a connection. Another scheme, host or port takes the key away, unless a key comes with it."""

    name: Name | None = None
    base_url: BaseUrl | None = None
    key: Key | None = Field(default=None, description="a new key; null takes the key away")
    limits: CallLimits | None = None
    is_enabled: bool | None = None


class ModelConnectionOut(Read):
    """A connection. Whether it has a key is told, the key is not."""

    id: uuid.UUID
    name: str
    provider: ModelProvider
    base_url: str
    has_key: bool
    limits: CallLimits
    is_enabled: bool
    last_checked_at: datetime | None
    last_error: str | None
    created_at: datetime
    updated_at: datetime


class ConnectionCheckOut(Read):
    """What the provider said when it was asked for its models."""

    is_ok: bool
    error_kind: ProviderErrorKind | None
    message: str
    models: list[str] = Field(description="names that it offers, for `POST /api/v1/models`")
    ms: float


class ModelFields(Write):
    """What can be said of a model."""

    display_name: Name | None = None
    context_window: Tokens | None = None
    max_output_tokens: Tokens | None = None
    input_usd_per_million: UsdPerMillion | None = Field(default=None, description="goes before the product's own price")
    cached_input_usd_per_million: UsdPerMillion | None = None
    output_usd_per_million: UsdPerMillion | None = None
    quality_score: Quality | None = None
    quality_eval_run_id: uuid.UUID | None = Field(default=None, description="the evaluation that gave the score")


class ModelCreate(ModelFields):
    """Add a model of a connection."""

    connection_id: uuid.UUID
    name: ModelName = Field(description="as its provider calls it")
    has_tools: bool = False
    has_structured_output: bool = False
    has_sampling: bool = Field(default=True, description="false for models that take no temperature and the like")
    is_enabled: bool = True

    @model_validator(mode="after")
    def _prices_come_together(self) -> Self:
        if (self.input_usd_per_million is None) != (self.output_usd_per_million is None):
            raise ValueError("input_usd_per_million and output_usd_per_million are given together or not at all")
        if (self.quality_score is None) != (self.quality_eval_run_id is None):
            raise ValueError("quality_score and quality_eval_run_id are given together or not at all")
        return self


class ModelUpdate(ModelFields):
    """Change a model. A bot that answers with it does so from its next question on."""

    has_tools: bool | None = None
    has_structured_output: bool | None = None
    has_sampling: bool | None = None
    is_enabled: bool | None = None


class ModelOut(Read):
    """A model."""

    id: uuid.UUID
    connection_id: uuid.UUID
    connection_name: str
    provider: ModelProvider
    name: str
    display_name: str
    context_window: int | None
    max_output_tokens: int | None
    adapter_hash: str | None = Field(description="content of the adapter that the name stands for, if it is one")
    has_tools: bool
    has_structured_output: bool
    has_sampling: bool
    parameters: list[str] = Field(description="names of the parameters that it takes")
    input_usd_per_million: Decimal | None
    cached_input_usd_per_million: Decimal | None
    output_usd_per_million: Decimal | None
    quality_score: float | None
    quality_eval_run_id: uuid.UUID | None
    is_enabled: bool
    created_at: datetime
    updated_at: datetime


class ModelHealthOut(Read):
    """How a model does, as seen from the process that answers this request."""

    model_id: uuid.UUID
    connection_id: uuid.UUID
    provider: ModelProvider
    name: str
    breaker: BreakerState
    retry_in_s: float = Field(description="until it is asked again; 0 when it may be asked now")
    last_error: str | None
    first_token_ms: float | None = Field(description="moving mean of the time to the first word")
    calls: int
    failures: int
