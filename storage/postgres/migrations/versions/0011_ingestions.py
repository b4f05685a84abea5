"""Documents that were given together.

Revision ID: 0011
Revises: 0010
"""

import sqlalchemy as sa
from alembic import context, op
from sqlalchemy.dialects import postgresql

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_CURRENT = "organization_id = current_setting('pixel.organization_id')::uuid"
_NOW = sa.text("now()")


def upgrade() -> None:
    role = '"' + context.config.attributes["app_role"].replace('"', '""') + '"'
    identifier = postgresql.UUID(as_uuid=True)
    op.create_table(
        "ingestions",
        sa.Column("id", identifier, server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("organization_id", identifier, nullable=False),
        sa.Column("knowledge_base_id", identifier, nullable=False),
        sa.Column("name", sa.String(300), nullable=False),
        sa.Column("expected", sa.Integer()),
        sa.Column("unchanged", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("created_by", identifier),
        sa.Column("cancelled_at", sa.DateTime(timezone=True)),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=_NOW, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_ingestions"),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], ondelete="CASCADE", name="fk_ingestions_organization_id"
        ),
        sa.ForeignKeyConstraint(
            ["knowledge_base_id"], ["knowledge_bases.id"], ondelete="CASCADE", name="fk_ingestions_knowledge_base_id"
        ),
        sa.ForeignKeyConstraint(["created_by"], ["users.id"], ondelete="SET NULL", name="fk_ingestions_created_by"),
    )
    for column in ("organization_id", "knowledge_base_id"):
        op.create_index(f"ix_ingestions_{column}", "ingestions", [column])
    op.execute("ALTER TABLE ingestions ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE ingestions FORCE ROW LEVEL SECURITY")
    op.execute("CREATE POLICY owner_sees_all ON ingestions TO CURRENT_USER USING (true) WITH CHECK (true)")
    op.execute(f"CREATE POLICY organization_only ON ingestions TO {role} USING ({_CURRENT}) WITH CHECK ({_CURRENT})")
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON ingestions TO {role}")
    op.add_column("document_versions", sa.Column("ingestion_id", identifier))
    op.create_foreign_key(
        "fk_document_versions_ingestion_id", "document_versions", "ingestions", ["ingestion_id"], ["id"],
        ondelete="SET NULL",
    )  # fmt: skip
    op.create_index("ix_document_versions_ingestion_id", "document_versions", ["ingestion_id"])


def downgrade() -> None:
    op.drop_column("document_versions", "ingestion_id")
    op.drop_table("ingestions")
