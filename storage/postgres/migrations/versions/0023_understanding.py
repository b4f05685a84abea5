"""Receipts say what was understood of the question.

Revision ID: 0023
Revises: 0022
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("receipts", sa.Column("understanding", postgresql.JSONB()))


def downgrade() -> None:
    op.drop_column("receipts", "understanding")
