"""Models: what an organization may answer with."""

import uuid
from decimal import Decimal

from sqlalchemy import ForeignKey, Numeric, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from storage.postgres.models.base import Base, Identified, OrganizationOwned, Timestamped

_PER_MILLION = Numeric(14, 6)


class OrganizationModel(Identified, OrganizationOwned, Timestamped, Base):
    """One model behind one connection. `name` is what its provider calls it.

    Prices are USD for a million tokens and go before the product's table; `quality_score` in [0, 1] comes from
    the evaluation run beside it. `adapter_hash` is the SHA-256 in hex of the adapter that the name stands for, if it is one.
    """

    __tablename__ = "organization_models"
    __table_args__ = (UniqueConstraint("connection_id", "name"),)

    connection_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("model_connections.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(200))
    display_name: Mapped[str] = mapped_column(String(255))
    context_window: Mapped[int | None]
    max_output_tokens: Mapped[int | None]
    has_tools: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    has_structured_output: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    has_sampling: Mapped[bool] = mapped_column(default=True, server_default=text("true"))
    adapter_hash: Mapped[str | None] = mapped_column(String(64))
    input_usd_per_million: Mapped[Decimal | None] = mapped_column(_PER_MILLION)
    cached_input_usd_per_million: Mapped[Decimal | None] = mapped_column(_PER_MILLION)
    output_usd_per_million: Mapped[Decimal | None] = mapped_column(_PER_MILLION)
    quality_score: Mapped[float | None]
    quality_eval_run_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("eval_runs.id", ondelete="SET NULL"))
    is_enabled: Mapped[bool] = mapped_column(default=True, server_default=text("true"))
