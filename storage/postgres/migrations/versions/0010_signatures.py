"""A MinHash of each version's wording, by which near duplicates are found.

Revision ID: 0010
Revises: 0009
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("document_versions", sa.Column("signature", sa.LargeBinary()))


def downgrade() -> None:
    op.drop_column("document_versions", "signature")
