"""Models that are adapters carry the hash of their content, for the receipts of what they answer.

Revision ID: 0021
Revises: 0020
"""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("organization_models", sa.Column("adapter_hash", sa.String(64)))


def downgrade() -> None:
    op.drop_column("organization_models", "adapter_hash")
