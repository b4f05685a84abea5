"""Conversations of an evaluation, so that figures about people can leave them out.

Revision ID: 0006
Revises: 0005
"""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def _allow(channels: str) -> None:
    op.execute("ALTER TABLE conversations DROP CONSTRAINT valid_channel")
    op.execute(f"ALTER TABLE conversations ADD CONSTRAINT valid_channel CHECK (channel IN ({channels}))")


def upgrade() -> None:
    _allow("'api', 'openai', 'dashboard', 'cli', 'web', 'eval'")


def downgrade() -> None:
    op.execute("DELETE FROM conversations WHERE channel = 'eval'")
    _allow("'api', 'openai', 'dashboard', 'cli', 'web'")
