"""What reading a document finds: findings, quality, its own dates, progress; and versions that wait or were taken back.

Revision ID: 0008
Revises: 0007
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_STATES = "'staged', 'processing', 'ready', 'superseded', 'failed'"
_FAILURES = (
    "'unsupported', 'encrypted', 'empty', 'damaged', 'too_large', 'timed_out', 'out_of_memory', 'ocr_unavailable', "
    "'file_missing', 'internal'"
)
_TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    _check("valid_state", "state IN ('staged', 'processing', 'ready', 'superseded', 'held', 'cancelled', 'failed')")
    _check("valid_failure_type", f"failure_type IN ({_FAILURES}, 'bomb')")
    for column in (
        sa.Column("content_created_at", _TIME),
        sa.Column("content_modified_at", _TIME),
        sa.Column("findings", postgresql.JSONB(), server_default="[]", nullable=False),
        sa.Column("quality", postgresql.JSONB()),
        sa.Column("pages_done", sa.Integer()),
        sa.Column("pages_total", sa.Integer()),
    ):
        op.add_column("document_versions", column)
    op.add_column("chunks", sa.Column("flags", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False))


def downgrade() -> None:
    op.drop_column("chunks", "flags")
    for name in ("pages_total", "pages_done", "quality", "findings", "content_modified_at", "content_created_at"):
        op.drop_column("document_versions", name)
    # What the older schema has no word for becomes the nearest that it has.
    op.execute("UPDATE document_versions SET failure_type = 'too_large' WHERE failure_type = 'bomb'")
    op.execute("UPDATE document_versions SET state = 'superseded' WHERE state IN ('held', 'cancelled')")
    _check("valid_failure_type", f"failure_type IN ({_FAILURES})")
    _check("valid_state", f"state IN ({_STATES})")


def _check(name: str, condition: str) -> None:
    op.drop_constraint(name, "document_versions", type_="check")
    op.create_check_constraint(name, "document_versions", condition)
