"""How far embedding a document is: a long one is read in seconds and embedded in minutes.

Revision ID: 0025
Revises: 0024
"""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("document_versions", sa.Column("passages_done", sa.Integer()))
    op.add_column("document_versions", sa.Column("passages_total", sa.Integer()))


def downgrade() -> None:
    op.drop_column("document_versions", "passages_total")
    op.drop_column("document_versions", "passages_done")
