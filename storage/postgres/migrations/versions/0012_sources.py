"""Sources, and which documents came from one.

Revision ID: 0012
Revises: 0011
"""

import sqlalchemy as sa
from alembic import context, op
from sqlalchemy.dialects import postgresql

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_NOW = sa.text("now()")
_TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "sources",
        sa.Column("id", sa.UUID(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("organization_id", sa.UUID(), nullable=False),
        sa.Column("knowledge_base_id", sa.UUID(), nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("settings", postgresql.JSONB(), server_default="{}", nullable=False),
        sa.Column("is_enabled", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("last_run_at", _TIME),
        sa.Column("last_result", postgresql.JSONB()),
        sa.Column("created_by", sa.UUID()),
        sa.Column("created_at", _TIME, server_default=_NOW, nullable=False),
        sa.Column("updated_at", _TIME, server_default=_NOW, nullable=False),
        sa.CheckConstraint("kind IN ('folder', 'urls', 'sitemap', 'bucket')", name="valid_kind"),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name="fk_sources_organization_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["knowledge_base_id"], ["knowledge_bases.id"], name="fk_sources_knowledge_base_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["created_by"], ["users.id"], name="fk_sources_created_by", ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name="pk_sources"),
        sa.UniqueConstraint("organization_id", "name", name="uq_sources_organization_id_name"),
    )
    op.create_index("ix_sources_organization_id", "sources", ["organization_id"])
    op.create_index("ix_sources_knowledge_base_id", "sources", ["knowledge_base_id"])
    op.add_column("documents", sa.Column("source_id", sa.UUID()))
    op.add_column("documents", sa.Column("source_state", postgresql.JSONB(), server_default="{}", nullable=False))
    op.create_foreign_key("fk_documents_source_id", "documents", "sources", ["source_id"], ["id"], ondelete="SET NULL")
    op.create_index("ix_documents_source_id", "documents", ["source_id"])
    role = '"' + str(context.config.attributes["app_role"]).replace('"', '""') + '"'
    owned = "organization_id = current_setting('pixel.organization_id')::uuid"
    op.execute("ALTER TABLE sources ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE sources FORCE ROW LEVEL SECURITY")
    op.execute("CREATE POLICY owner_sees_all ON sources TO CURRENT_USER USING (true) WITH CHECK (true)")
    op.execute(f"CREATE POLICY organization_only ON sources TO {role} USING ({owned}) WITH CHECK ({owned})")
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON sources TO {role}")


def downgrade() -> None:
    op.drop_index("ix_documents_source_id", "documents")
    op.drop_constraint("fk_documents_source_id", "documents", type_="foreignkey")
    op.drop_column("documents", "source_state")
    op.drop_column("documents", "source_id")
    op.drop_table("sources")
