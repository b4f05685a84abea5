"""Index versions that are built beside the live one, passages of several chunkings, and retrieval labels.

Revision ID: 0013
Revises: 0012
"""

import sqlalchemy as sa
from alembic import context, op
from sqlalchemy.dialects import postgresql

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_TIME = sa.DateTime(timezone=True)
_MODELS = "index_models()"
# Whatever a document's passages were cut by, they are what the live index serves: under its name they stay searchable.
# Where there is no live index the version's pipeline says it: `p2:headings-200-30:all-MiniLM-L6-v2`.
_CHUNKING = """
    UPDATE {table} AS target SET chunking = coalesce(
        (SELECT i.chunker FROM index_versions i WHERE i.organization_id = v.organization_id AND i.status = 'live'),
        nullif(split_part(v.pipeline_version, ':', 2), ''), 'unknown'
    )
    FROM document_versions v WHERE {condition}
"""
# Before this revision a version had one cut: the live index's, or the only one there is.
_OTHER_CHUNKINGS = """
    DELETE FROM chunks c USING document_versions v
    WHERE v.id = c.document_version_id AND c.chunking IS DISTINCT FROM coalesce(
        (SELECT i.chunker FROM index_versions i WHERE i.organization_id = v.organization_id AND i.status = 'live'
            AND EXISTS (SELECT 1 FROM chunks o WHERE o.document_version_id = v.id AND o.chunking = i.chunker)),
        v.chunking, (SELECT min(o.chunking) FROM chunks o WHERE o.document_version_id = v.id)
    )
"""


def upgrade() -> None:
    role = _app_role()
    op.add_column("chunks", sa.Column("chunking", sa.String(50)))
    op.add_column("document_versions", sa.Column("chunking", sa.String(50)))
    op.execute(_CHUNKING.format(table="chunks", condition="v.id = target.document_version_id"))
    op.execute(
        _CHUNKING.format(table="document_versions", condition="v.id = target.id AND v.expected_count IS NOT NULL")
    )
    op.alter_column("chunks", "chunking", nullable=False)
    op.drop_constraint("uq_chunks_document_version_id_ordinal", "chunks", type_="unique")
    op.create_unique_constraint(
        "uq_chunks_document_version_id_chunking_ordinal", "chunks", ["document_version_id", "chunking", "ordinal"]
    )
    _widen_index_versions()
    _create_labels(role)
    # The API warms the models of all organizations, and belongs to none: it is told which models there are, no more.
    op.execute("""
        CREATE FUNCTION index_models()
        RETURNS TABLE (embedding_model varchar, model_source text)
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
        AS $$
            SELECT DISTINCT i.embedding_model, i.model_source FROM index_versions i
            WHERE i.status IN ('building', 'candidate', 'live', 'retired') AND i.dropped_at IS NULL
        $$
    """)
    op.execute(f"REVOKE ALL ON FUNCTION {_MODELS} FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION {_MODELS} TO {role}")


def _widen_index_versions() -> None:
    for column in (
        sa.Column("model_source", sa.Text()),
        sa.Column("model_fingerprint", sa.String(64)),
        sa.Column("estimate", postgresql.JSONB()),
        sa.Column("progress", postgresql.JSONB(), server_default="{}", nullable=False),
        sa.Column("gates", postgresql.JSONB()),
        sa.Column("error", sa.Text()),
        sa.Column("created_by", sa.UUID()),
        sa.Column("built_at", _TIME),
        sa.Column("dropped_at", _TIME),
    ):
        op.add_column("index_versions", column)
    op.create_foreign_key(
        "fk_index_versions_created_by", "index_versions", "users", ["created_by"], ["id"], ondelete="SET NULL"
    )
    op.drop_constraint("valid_status", "index_versions", type_="check")
    op.create_check_constraint(
        "valid_status", "index_versions", "status IN ('building', 'candidate', 'live', 'retired', 'failed')"
    )


def _create_labels(role: str) -> None:
    op.create_table(
        "retrieval_labels",
        sa.Column("id", sa.UUID(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("organization_id", sa.UUID(), nullable=False),
        sa.Column("knowledge_base_id", sa.UUID(), nullable=False),
        sa.Column("document_id", sa.UUID(), nullable=False),
        sa.Column("document_version_id", sa.UUID(), nullable=False),
        sa.Column("query", sa.Text(), nullable=False),
        sa.Column("char_start", sa.Integer(), nullable=False),
        sa.Column("char_end", sa.Integer(), nullable=False),
        sa.Column("relevance", sa.Integer(), nullable=False),
        sa.Column("created_by", sa.UUID()),
        sa.Column("created_at", _TIME, server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("char_start >= 0 AND char_end > char_start", name="valid_span"),
        sa.CheckConstraint("relevance >= 0", name="valid_relevance"),
        *(
            sa.ForeignKeyConstraint([column], [f"{table}.id"], name=f"fk_retrieval_labels_{column}", ondelete="CASCADE")
            for column, table in (
                ("organization_id", "organizations"),
                ("knowledge_base_id", "knowledge_bases"),
                ("document_id", "documents"),
                ("document_version_id", "document_versions"),
            )
        ),
        sa.ForeignKeyConstraint(
            ["created_by"], ["users.id"], name="fk_retrieval_labels_created_by", ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_retrieval_labels"),
    )
    for column in ("organization_id", "knowledge_base_id", "document_id", "document_version_id"):
        op.create_index(f"ix_retrieval_labels_{column}", "retrieval_labels", [column])
    owned = "organization_id = current_setting('pixel.organization_id')::uuid"
    op.execute("ALTER TABLE retrieval_labels ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE retrieval_labels FORCE ROW LEVEL SECURITY")
    op.execute("CREATE POLICY owner_sees_all ON retrieval_labels TO CURRENT_USER USING (true) WITH CHECK (true)")
    op.execute(f"CREATE POLICY organization_only ON retrieval_labels TO {role} USING ({owned}) WITH CHECK ({owned})")
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON retrieval_labels TO {role}")


def _app_role() -> str:
    return '"' + str(context.config.attributes["app_role"]).replace('"', '""') + '"'


def downgrade() -> None:
    op.execute(f"DROP FUNCTION {_MODELS}")
    op.drop_table("retrieval_labels")
    op.drop_constraint("valid_status", "index_versions", type_="check")
    # What the earlier revision does not know leaves: its table is of no use there.
    op.execute("DELETE FROM index_versions WHERE status = 'failed'")
    op.create_check_constraint(
        "valid_status", "index_versions", "status IN ('building', 'candidate', 'live', 'retired')"
    )
    op.drop_constraint("fk_index_versions_created_by", "index_versions", type_="foreignkey")
    for name in (
        "dropped_at", "built_at", "created_by", "error", "gates", "progress", "estimate", "model_fingerprint",
        "model_source",
    ):  # fmt: skip
        op.drop_column("index_versions", name)
    op.execute(_OTHER_CHUNKINGS)
    op.drop_constraint("uq_chunks_document_version_id_chunking_ordinal", "chunks", type_="unique")
    op.create_unique_constraint("uq_chunks_document_version_id_ordinal", "chunks", ["document_version_id", "ordinal"])
    op.drop_column("document_versions", "chunking")
    op.drop_column("chunks", "chunking")
