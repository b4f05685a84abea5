"""Groups, and documents that only some of them may read.

Revision ID: 0015
Revises: 0014
"""

import sqlalchemy as sa
from alembic import context, op
from sqlalchemy.dialects import postgresql

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_NOW = sa.text("now()")
_TIME = sa.DateTime(timezone=True)
_IDS = postgresql.ARRAY(sa.UUID())

OWNED = "organization_id = current_setting('pixel.organization_id')::uuid"
SEES_ALL = "current_setting('pixel.groups', true) = '*'"
# The policies of the application's role: what it sees. Rows of a document are as readable as the document is; the
# subquery is under the policy of `documents` itself.
READABLE = {
    "documents": f"{OWNED} AND may_read_groups(group_ids)",
    "ingestions": f"{OWNED} AND may_read_groups(group_ids) AND ({SEES_ALL} OR NOT ingestion_is_hidden(id))",
    **{
        table: f"{OWNED} AND ({SEES_ALL} OR EXISTS (SELECT 1 FROM documents d WHERE d.id = {table}.document_id))"
        for table in ("document_versions", "chunks", "retrieval_labels")
    },
}
# A row cannot be written so that its writer would not see it.
WRITABLE = {"documents": READABLE["documents"]}

# Without the setting, or with a malformed one, the comparison is null or false: restricted documents stay hidden.
_MAY_READ_GROUPS = """
    CREATE FUNCTION may_read_groups(group_ids uuid[]) RETURNS boolean
    LANGUAGE sql STABLE
    AS $$
        SELECT group_ids IS NULL OR current_setting('pixel.groups', true) = '*'
            OR group_ids::text[] && string_to_array(current_setting('pixel.groups', true), ',')
    $$
"""
_DEFINER = "SECURITY DEFINER SET search_path = public, pg_temp"
FUNCTIONS = {
    "may_read_groups(uuid[])": _MAY_READ_GROUPS,
    # Before an organization is known: the groups of a person or of a key in it.
    "groups_of(uuid, uuid, uuid)": f"""
        CREATE FUNCTION groups_of(organization uuid, person uuid, program uuid) RETURNS uuid[]
        LANGUAGE sql STABLE {_DEFINER}
        AS $$
            SELECT CASE WHEN person IS NULL
                THEN (SELECT k.group_ids FROM api_keys k WHERE k.id = program AND k.organization_id = organization)
                ELSE (
                    SELECT array_agg(g.group_id ORDER BY g.group_id)
                    FROM group_members g
                    JOIN members m ON m.organization_id = g.organization_id AND m.user_id = g.user_id
                    WHERE g.organization_id = organization AND g.user_id = person AND m.is_active
                )
            END
        $$
    """,
    # Whether anything is kept back from the reader: if not, a search need not look twice.
    "hides_documents()": f"""
        CREATE FUNCTION hides_documents() RETURNS boolean
        LANGUAGE sql STABLE {_DEFINER}
        AS $$
            SELECT EXISTS (
                SELECT 1 FROM documents d
                WHERE d.{OWNED} AND d.group_ids IS NOT NULL AND may_read_groups(d.group_ids) IS NOT TRUE
            )
        $$
    """,
    # Whether an ingestion has documents, and the reader may read none of them.
    "ingestion_is_hidden(uuid)": f"""
        CREATE FUNCTION ingestion_is_hidden(wanted uuid) RETURNS boolean
        LANGUAGE sql STABLE {_DEFINER}
        AS $$
            SELECT coalesce(bool_and(may_read_groups(d.group_ids) IS NOT TRUE), false)
            FROM document_versions v JOIN documents d ON d.id = v.document_id
            WHERE v.ingestion_id = wanted
        $$
    """,
}


def _app_role() -> str:
    return '"' + str(context.config.attributes["app_role"]).replace('"', '""') + '"'


def _owned_table(name: str, *columns: sa.Column[object] | sa.Constraint) -> None:
    op.create_table(
        name,
        *columns,
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=f"fk_{name}_organization_id", ondelete="CASCADE"
        ),
    )
    op.create_index(f"ix_{name}_organization_id", name, ["organization_id"])
    op.execute(f"ALTER TABLE {name} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {name} FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY owner_sees_all ON {name} TO CURRENT_USER USING (true) WITH CHECK (true)")
    op.execute(f"CREATE POLICY organization_only ON {name} TO {_app_role()} USING ({OWNED}) WITH CHECK ({OWNED})")
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {name} TO {_app_role()}")


def _set_policy(table: str, *, using: str, check: str) -> None:
    op.execute(f"ALTER POLICY organization_only ON {table} TO {_app_role()} USING ({using}) WITH CHECK ({check})")


def upgrade() -> None:
    _owned_table(
        "groups",
        sa.Column("id", sa.UUID(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("organization_id", sa.UUID(), nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("slug", sa.String(100), nullable=False),
        sa.Column("created_at", _TIME, server_default=_NOW, nullable=False),
        sa.Column("updated_at", _TIME, server_default=_NOW, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_groups"),
        sa.UniqueConstraint("organization_id", "slug", name="uq_groups_organization_id_slug"),
    )
    _owned_table(
        "group_members",
        sa.Column("organization_id", sa.UUID(), nullable=False),
        sa.Column("group_id", sa.UUID(), nullable=False),
        sa.Column("user_id", sa.UUID(), nullable=False),
        sa.Column("created_at", _TIME, server_default=_NOW, nullable=False),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name="fk_group_members_group_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_group_members_user_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("group_id", "user_id", name="pk_group_members"),
    )
    op.create_index("ix_group_members_user_id", "group_members", ["user_id"])
    for table in ("documents", "api_keys", "ingestions"):
        op.add_column(table, sa.Column("group_ids", _IDS))
    op.create_index(
        "ix_documents_restricted", "documents", ["organization_id"], postgresql_where=sa.text("group_ids IS NOT NULL")
    )
    for signature, statement in FUNCTIONS.items():
        op.execute(statement)
        op.execute(f"REVOKE ALL ON FUNCTION {signature} FROM PUBLIC")
        op.execute(f"GRANT EXECUTE ON FUNCTION {signature} TO {_app_role()}")
    for table, using in READABLE.items():
        _set_policy(table, using=using, check=WRITABLE.get(table, OWNED))


def downgrade() -> None:
    for table in READABLE:
        _set_policy(table, using=OWNED, check=OWNED)
    # Without groups there is no telling who may read a restricted document: it is taken away rather than opened.
    op.execute("UPDATE documents SET tombstoned_at = now() WHERE group_ids IS NOT NULL AND tombstoned_at IS NULL")
    for signature in reversed(FUNCTIONS):
        op.execute(f"DROP FUNCTION {signature}")
    op.drop_index("ix_documents_restricted", "documents")
    for table in ("documents", "api_keys", "ingestions"):
        op.drop_column(table, "group_ids")
    op.drop_table("group_members")
    op.drop_table("groups")
