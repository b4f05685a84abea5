"""Answers are found by when they were asked for, so that live traffic is read without a look at every message.

Revision ID: 0024
Revises: 0023
"""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

_NAME = "ix_messages_organization_id_created_at"


def upgrade() -> None:
    answers = sa.text("role = 'assistant'")
    op.create_index(_NAME, "messages", ["organization_id", "created_at"], postgresql_where=answers)


def downgrade() -> None:
    op.drop_index(_NAME, "messages")
