"""The sweep of answers that the API left unfinished when it was ended by force.

Revision ID: 0007
Revises: 0006
"""

import sqlalchemy as sa
from alembic import context, op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

SIGNATURE = "fail_interrupted_messages(interval)"


def upgrade() -> None:
    role = '"' + context.config.attributes["app_role"].replace('"', '""') + '"'
    # It crosses organizations, so it runs as the owner; it can do nothing but name the end of what nobody writes any more.
    op.execute("""
        CREATE FUNCTION fail_interrupted_messages(older_than interval)
        RETURNS bigint
        LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp
        AS $$
            WITH failed AS (
                UPDATE messages SET state = 'failed', error_type = 'Interrupted', completed_at = now()
                WHERE state = 'streaming' AND created_at < now() - greatest(older_than, interval '1 minute')
                RETURNING 1
            )
            SELECT count(*) FROM failed
        $$
    """)
    op.execute(f"REVOKE ALL ON FUNCTION {SIGNATURE} FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION {SIGNATURE} TO {role}")
    op.create_index(
        "ix_messages_streaming", "messages", ["created_at"], postgresql_where=sa.text("state = 'streaming'")
    )


def downgrade() -> None:
    op.drop_index("ix_messages_streaming", "messages")
    op.execute(f"DROP FUNCTION {SIGNATURE}")
