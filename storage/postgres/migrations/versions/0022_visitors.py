"""Visitors: people without an account, who may ask bots that are published to anyone.

Revision ID: 0022
Revises: 0021
"""

import sqlalchemy as sa
from alembic import context, op
from sqlalchemy.dialects import postgresql

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

_NOW = sa.text("now()")
_TIME = sa.DateTime(timezone=True)
_OWNED = "organization_id = current_setting('pixel.organization_id')::uuid"
_DEFINER = "SECURITY DEFINER SET search_path = public, pg_temp"
# What is called before an organization is known. A bot that is not published is as unknown as one that is not there.
FUNCTIONS = {
    "find_published_chatbot(uuid)": f"""
        CREATE FUNCTION find_published_chatbot(wanted uuid) RETURNS TABLE (organization_id uuid, frame_origins text[])
        LANGUAGE sql STABLE {_DEFINER}
        AS $$
            SELECT c.organization_id, c.frame_origins FROM chatbots c
            WHERE c.id = wanted AND c.access = 'anyone' AND c.status = 'published'
        $$
    """,
    # A use moves the end on; written once an hour at most, so that reading stays reading.
    "find_visitor(bytea)": f"""
        CREATE FUNCTION find_visitor(wanted bytea) RETURNS TABLE (id uuid, organization_id uuid, chatbot_id uuid)
        LANGUAGE sql VOLATILE {_DEFINER}
        AS $$
            UPDATE visitors v
            SET last_used_at = now(), expires_at = now() + (v.expires_at - v.last_used_at)
            WHERE v.token_hash = wanted AND v.expires_at > now() AND v.last_used_at < now() - interval '1 hour';
            SELECT v.id, v.organization_id, v.chatbot_id
            FROM visitors v JOIN chatbots c ON c.id = v.chatbot_id
            WHERE v.token_hash = wanted AND v.expires_at > now() AND c.access = 'anyone' AND c.status = 'published'
        $$
    """,
}


def _app_role() -> str:
    return '"' + str(context.config.attributes["app_role"]).replace('"', '""') + '"'


def _references(table: str, column: str, other: str, ondelete: str = "CASCADE") -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=f"fk_{table}_{column}", ondelete=ondelete)


def _owned_table(name: str, *columns: sa.Column[object] | sa.Constraint) -> None:
    op.create_table(
        name,
        sa.Column("id", sa.UUID(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("organization_id", sa.UUID(), nullable=False),
        sa.Column("chatbot_id", sa.UUID(), nullable=False),
        *columns,
        _references(name, "organization_id", "organizations"),
        _references(name, "chatbot_id", "chatbots"),
        sa.PrimaryKeyConstraint("id", name=f"pk_{name}"),
    )
    op.create_index(f"ix_{name}_organization_id", name, ["organization_id"])
    op.execute(f"ALTER TABLE {name} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {name} FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY owner_sees_all ON {name} TO CURRENT_USER USING (true) WITH CHECK (true)")
    op.execute(f"CREATE POLICY organization_only ON {name} TO {_app_role()} USING ({_OWNED}) WITH CHECK ({_OWNED})")
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {name} TO {_app_role()}")


def upgrade() -> None:
    _chatbots()
    _owned_table(
        "visitors",
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("asked_on", sa.Date()),
        sa.Column("asked", sa.Integer(), server_default="0", nullable=False),
        sa.Column("last_used_at", _TIME, server_default=_NOW, nullable=False),
        sa.Column("expires_at", _TIME, nullable=False),
        sa.Column("created_at", _TIME, server_default=_NOW, nullable=False),
        sa.UniqueConstraint("token_hash", name="uq_visitors_token_hash"),
    )
    for column in ("chatbot_id", "expires_at"):
        op.create_index(f"ix_visitors_{column}", "visitors", [column])
    _owned_table(
        "visitor_days",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("questions", sa.Integer(), nullable=False),
        sa.UniqueConstraint("chatbot_id", "day", name="uq_visitor_days_chatbot_id_day"),
    )
    for table in ("conversations", "feedback"):
        op.add_column(table, sa.Column("visitor_id", sa.UUID()))
        op.create_foreign_key(f"fk_{table}_visitor_id", table, "visitors", ["visitor_id"], ["id"], ondelete="CASCADE")
        op.create_index(f"ix_{table}_visitor_id", table, ["visitor_id"])
    _authors("message_id", "user_id", "api_key_id", "visitor_id")
    for signature, statement in FUNCTIONS.items():
        op.execute(statement)
        op.execute(f"REVOKE ALL ON FUNCTION {signature} FROM PUBLIC")
        op.execute(f"GRANT EXECUTE ON FUNCTION {signature} TO {_app_role()}")


def _chatbots() -> None:
    op.add_column("chatbots", sa.Column("access", sa.String(20), server_default="members", nullable=False))
    for column, most in (("daily_questions_per_visitor", "50"), ("daily_questions_of_all_visitors", "1000")):
        op.add_column("chatbots", sa.Column(column, sa.Integer(), server_default=sa.text(most), nullable=False))
    op.add_column(
        "chatbots", sa.Column("frame_origins", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False)
    )
    op.create_check_constraint("valid_access", "chatbots", "access IN ('members', 'anyone')")
    op.create_check_constraint(
        "visitors_may_ask", "chatbots", "daily_questions_per_visitor > 0 AND daily_questions_of_all_visitors > 0"
    )


def _authors(*columns: str) -> None:
    """One rating of an answer for each author."""
    op.drop_index("uq_feedback_message_author", "feedback")
    op.create_index(
        "uq_feedback_message_author", "feedback", list(columns), unique=True, postgresql_nulls_not_distinct=True
    )


def downgrade() -> None:
    for signature in reversed(FUNCTIONS):
        op.execute(f"DROP FUNCTION {signature}")
    # Visitors were told when their conversations go; without visitors nothing would keep that word.
    op.execute("DELETE FROM conversations WHERE visitor_id IS NOT NULL")
    _authors("message_id", "user_id", "api_key_id")
    for table in ("feedback", "conversations"):
        op.drop_column(table, "visitor_id")
    op.drop_table("visitor_days")
    op.drop_table("visitors")
    for column in ("access", "daily_questions_per_visitor", "daily_questions_of_all_visitors", "frame_origins"):
        op.drop_column("chatbots", column)
