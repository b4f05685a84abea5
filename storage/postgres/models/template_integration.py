"""Which integrations a template uses."""

import uuid

from sqlalchemy import ForeignKey, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from storage.postgres.models.base import Base, Created, Identified, JsonObject


class TemplateIntegration(Identified, Created, Base):
    """One integration of one template; visible wherever its template is."""

    __tablename__ = "template_integrations"
    __table_args__ = (UniqueConstraint("template_id", "integration_type"),)

    template_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("chatbot_templates.id", ondelete="CASCADE"))
    integration_type: Mapped[str] = mapped_column(String(50))
    is_required: Mapped[bool | None] = mapped_column(server_default=text("false"))
    configuration_template: Mapped[JsonObject | None]
