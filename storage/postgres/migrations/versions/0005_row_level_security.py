"""Row-level security, grants and the lookups that happen before an organization is known.

Revision ID: 0005
Revises: 0004
"""

from alembic import context, op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

# Rows belong to exactly one organization.
OWNED = (
    "api_keys",
    "audit",
    "chatbot_analytics",
    "chatbot_knowledge_bases",
    "chatbot_versions",
    "chatbots",
    "chunks",
    "conversations",
    "deployment_configs",
    "document_versions",
    "documents",
    "embeddings",
    "eval_runs",
    "eval_scores",
    "feedback",
    "index_manifests",
    "index_versions",
    "integration_settings",
    "jobs",
    "knowledge_bases",
    "mcp_coordination",
    "members",
    "messages",
    "outbox",
    "receipt_passages",
    "receipts",
    "usage",
)
# Rows without an organization ship with the product: everyone reads them, only the owner writes them.
SHARED = ("chatbot_templates", "conversation_flows", "mcp_collaboration_flows")
# People are not owned by an organization; the application needs them before one is known.
IDENTITY = ("users", "user_sessions", "sign_in_attempts")

CURRENT = "current_setting('pixel.organization_id')::uuid"

FUNCTIONS = {
    "find_api_key(text)": """
        CREATE FUNCTION find_api_key(wanted text)
        RETURNS TABLE (id uuid, organization_id uuid, secret_hash bytea, role varchar,
                       expires_at timestamptz, revoked_at timestamptz)
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
        AS $$
            SELECT k.id, k.organization_id, k.secret_hash, k.role, k.expires_at, k.revoked_at
            FROM api_keys k WHERE k.prefix = wanted
        $$
    """,
    "memberships_of(uuid)": """
        CREATE FUNCTION memberships_of(wanted uuid)
        RETURNS TABLE (organization_id uuid, name varchar, slug varchar, role varchar)
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
        AS $$
            SELECT m.organization_id, o.name, o.slug, m.role
            FROM members m JOIN organizations o ON o.id = m.organization_id
            WHERE m.user_id = wanted AND m.is_active
            ORDER BY o.name, o.id
        $$
    """,
    "create_organization(uuid, text, text, bytea, uuid)": """
        CREATE FUNCTION create_organization(new_id uuid, new_name text, new_slug text, new_key bytea, founder uuid)
        RETURNS void
        LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp
        AS $$
            INSERT INTO organizations (id, name, slug, hash_key) VALUES (new_id, new_name, new_slug, new_key);
            INSERT INTO members (organization_id, user_id, role) VALUES (new_id, founder, 'owner');
        $$
    """,
}


def _app_role() -> str:
    role: str = context.config.attributes["app_role"]
    return '"' + role.replace('"', '""') + '"'


def _protect(table: str, *, using: str, check: str) -> None:
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    # FORCE binds the owner as well, so the owner's own policy says that it sees all (migrations, dbt, reconciler).
    op.execute(f"CREATE POLICY owner_sees_all ON {table} TO CURRENT_USER USING (true) WITH CHECK (true)")
    op.execute(f"CREATE POLICY organization_only ON {table} TO {_app_role()} USING ({using}) WITH CHECK ({check})")


def upgrade() -> None:
    role = _app_role()
    owned = f"organization_id = {CURRENT}"
    for table in OWNED:
        _protect(table, using=owned, check=owned)
    for table in SHARED:
        _protect(table, using=f"organization_id IS NULL OR {owned}", check=owned)
        # A shared row may be read, but UPDATE and DELETE see only what is the organization's own.
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE POLICY own_rows_{verb.lower()} ON {table} AS RESTRICTIVE FOR {verb} TO {role} USING ({owned})"
            )
    _protect("organizations", using=f"id = {CURRENT}", check=f"id = {CURRENT}")
    _protect(
        "template_integrations",
        using="EXISTS (SELECT 1 FROM chatbot_templates t WHERE t.id = template_integrations.template_id)",
        check=f"EXISTS (SELECT 1 FROM chatbot_templates t WHERE t.id = template_integrations.template_id AND t.{owned})",
    )
    op.execute(f"GRANT USAGE ON SCHEMA public TO {role}")
    for table in (*OWNED, *SHARED, *IDENTITY, "template_integrations"):
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO {role}")
    op.execute(f"REVOKE UPDATE, DELETE ON audit FROM {role}")
    op.execute(f"GRANT SELECT, UPDATE (name, settings, updated_at) ON organizations TO {role}")
    for signature, statement in FUNCTIONS.items():
        op.execute(statement)
        op.execute(f"REVOKE ALL ON FUNCTION {signature} FROM PUBLIC")
        op.execute(f"GRANT EXECUTE ON FUNCTION {signature} TO {role}")


def downgrade() -> None:
    role = _app_role()
    for signature in FUNCTIONS:
        op.execute(f"DROP FUNCTION {signature}")
    for table in (*OWNED, *SHARED, *IDENTITY, "organizations", "template_integrations"):
        op.execute(f"REVOKE ALL ON {table} FROM {role}")
    op.execute(f"REVOKE USAGE ON SCHEMA public FROM {role}")
    for table in SHARED:
        for verb in ("update", "delete"):
            op.execute(f"DROP POLICY own_rows_{verb} ON {table}")
    for table in (*OWNED, *SHARED, "organizations", "template_integrations"):
        op.execute(f"DROP POLICY organization_only ON {table}")
        op.execute(f"DROP POLICY owner_sees_all ON {table}")
        op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
