"""How long a provider may take and how much it may say."""

from pydantic import BaseModel, ConfigDict, Field


class CallLimits(BaseModel):
    """Limits of one call; a stream that stands still, drips or never ends is ended by one of them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    connect_s: float = Field(default=2.0, gt=0, le=30, description="until the connection stands, TLS included")
    first_token_s: float = Field(default=15.0, gt=0, le=600, description="until the first word of the answer")
    gap_s: float = Field(default=10.0, gt=0, le=120, description="between two pieces of the answer")
    total_s: float = Field(default=120.0, gt=0, le=3600, description="until the whole answer is there")
    max_bytes: int = Field(default=8 * 1024 * 1024, ge=1024, le=256 * 1024 * 1024, description="of the whole response")
