"""What a reader is given around a passage.

Revision ID: 0009
Revises: 0008
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("parent_start", "parent_end"):
        op.add_column("chunks", sa.Column(name, sa.Integer()))


def downgrade() -> None:
    for name in ("parent_end", "parent_start"):
        op.drop_column("chunks", name)
