"""The ledger of erasures, receipts that say what was erased, and the record of restore drills.

Revision ID: 0014
Revises: 0013
"""

import sqlalchemy as sa
from alembic import context, op
from sqlalchemy.dialects import postgresql

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_NOW = sa.text("now()")
_TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "erasures",
        sa.Column("id", sa.UUID(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("organization_id", sa.UUID(), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("subject", sa.String(255), nullable=False),
        sa.Column("with_uploads", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("state", sa.String(20), server_default="requested", nullable=False),
        sa.Column("step", sa.String(20)),
        sa.Column("targets", postgresql.JSONB(), server_default="{}", nullable=False),
        sa.Column("content_keys", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("touched", postgresql.JSONB(), server_default="{}", nullable=False),
        sa.Column("proof", postgresql.JSONB()),
        sa.Column("error", sa.Text()),
        sa.Column("requested_by", sa.UUID()),
        sa.Column("completed_at", _TIME),
        sa.Column("created_at", _TIME, server_default=_NOW, nullable=False),
        sa.CheckConstraint("kind IN ('document', 'knowledge_base', 'subject')", name="valid_kind"),
        sa.CheckConstraint("state IN ('requested', 'running', 'completed', 'failed')", name="valid_state"),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name="fk_erasures_organization_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["requested_by"], ["users.id"], name="fk_erasures_requested_by", ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name="pk_erasures"),
    )
    op.create_index("ix_erasures_organization_id", "erasures", ["organization_id"])
    op.create_index("ix_erasures_subject", "erasures", ["subject"])
    op.create_table(
        "restore_drills",
        sa.Column("id", sa.UUID(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("backup", sa.String(100), nullable=False),
        sa.Column("is_passed", sa.Boolean(), nullable=False),
        sa.Column("failure", sa.Text()),
        sa.Column("recovery_point_at", _TIME),
        sa.Column("recovery_point_seconds", sa.Float()),
        sa.Column("recovery_seconds", sa.Float()),
        sa.Column("backup_seconds", sa.Float()),
        sa.Column("tables_compared", sa.Integer(), nullable=False),
        sa.Column("rows_compared", sa.BigInteger(), nullable=False),
        sa.Column("files_compared", sa.Integer(), nullable=False),
        sa.Column("index_drift_rows", sa.Integer(), nullable=False),
        sa.Column("searches_compared", sa.Integer(), nullable=False),
        sa.Column("searches_identical", sa.Integer(), nullable=False),
        sa.Column("created_at", _TIME, server_default=_NOW, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_restore_drills"),
    )
    op.create_index("ix_restore_drills_created_at", "restore_drills", ["created_at"])
    op.add_column("receipt_passages", sa.Column("erased_at", _TIME))
    role = '"' + str(context.config.attributes["app_role"]).replace('"', '""') + '"'
    owned = "organization_id = current_setting('pixel.organization_id')::uuid"
    op.execute("ALTER TABLE erasures ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE erasures FORCE ROW LEVEL SECURITY")
    op.execute("CREATE POLICY owner_sees_all ON erasures TO CURRENT_USER USING (true) WITH CHECK (true)")
    op.execute(f"CREATE POLICY organization_only ON erasures TO {role} USING ({owned}) WITH CHECK ({owned})")
    # The application asks for an erasure and reads what became of it; it never changes the ledger.
    op.execute(f"GRANT SELECT, INSERT ON erasures TO {role}")


def downgrade() -> None:
    op.drop_column("receipt_passages", "erased_at")
    op.drop_table("restore_drills")
    op.drop_table("erasures")
