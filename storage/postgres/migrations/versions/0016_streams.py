"""Answers that can be resumed: who writes one, how often it was begun, and what becomes of it when nobody does.

Revision ID: 0016
Revises: 0015
"""

import sqlalchemy as sa
from alembic import context, op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

RENEW = "renew_message_leases(uuid[], interval)"
SWEEP = "interrupt_abandoned_messages()"
STATES = ("streaming", "complete", "failed", "cancelled")


def _states(*states: str) -> None:
    op.drop_constraint("valid_state", "messages", type_="check")
    listed = ", ".join(f"'{state}'" for state in states)
    op.create_check_constraint("valid_state", "messages", f"state IN ({listed})")


def upgrade() -> None:
    op.add_column("messages", sa.Column("generation", sa.Integer(), server_default="0", nullable=False))
    op.add_column("messages", sa.Column("leased_until", sa.DateTime(timezone=True)))
    _states(*STATES, "interrupted")
    # Both cross organizations, so they run as the owner. One can only prolong, for a bounded time, what is being written;
    # the other can only name the end of what nobody writes any more.
    op.execute("""
        CREATE FUNCTION renew_message_leases(ids uuid[], lease interval) RETURNS void
        LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp
        AS $$
            UPDATE messages SET leased_until = now() + least(lease, interval '1 minute')
            WHERE id = ANY (ids) AND state = 'streaming'
        $$
    """)
    op.execute("""
        CREATE FUNCTION interrupt_abandoned_messages() RETURNS bigint
        LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp
        AS $$
            WITH interrupted AS (
                UPDATE messages SET state = 'interrupted', error_type = 'Interrupted', completed_at = now()
                WHERE state = 'streaming' AND coalesce(leased_until, created_at + interval '1 minute') < now()
                RETURNING 1
            )
            SELECT count(*) FROM interrupted
        $$
    """)
    op.execute("DROP FUNCTION fail_interrupted_messages(interval)")
    _grant(RENEW, SWEEP)


def downgrade() -> None:
    op.execute(f"DROP FUNCTION {RENEW}")
    op.execute(f"DROP FUNCTION {SWEEP}")
    op.execute("UPDATE messages SET state = 'failed' WHERE state = 'interrupted'")
    _states(*STATES)
    op.drop_column("messages", "leased_until")
    op.drop_column("messages", "generation")
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
    _grant("fail_interrupted_messages(interval)")


def _grant(*functions: str) -> None:
    role = '"' + context.config.attributes["app_role"].replace('"', '""') + '"'
    for function in functions:
        op.execute(f"REVOKE ALL ON FUNCTION {function} FROM PUBLIC")
        op.execute(f"GRANT EXECUTE ON FUNCTION {function} TO {role}")
