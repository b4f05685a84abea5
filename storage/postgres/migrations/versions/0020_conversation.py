"""Branches, authors, memory, hand-over to people, openings, canned replies and events of conversations.

Revision ID: 0020
Revises: 0019
"""

import sqlalchemy as sa
from alembic import context, op
from sqlalchemy.dialects import postgresql

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

_NOW = sa.text("now()")
_TIME = sa.DateTime(timezone=True)
_OWNED = "organization_id = current_setting('pixel.organization_id')::uuid"


def _references(table: str, column: str, other: str, ondelete: str = "CASCADE") -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=f"fk_{table}_{column}", ondelete=ondelete)


def _owned_table(name: str, *columns: sa.Column[object] | sa.Constraint) -> None:
    role = '"' + str(context.config.attributes["app_role"]).replace('"', '""') + '"'
    op.create_table(
        name,
        sa.Column("id", sa.UUID(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("organization_id", sa.UUID(), nullable=False),
        *columns,
        sa.Column("created_at", _TIME, server_default=_NOW, nullable=False),
        _references(name, "organization_id", "organizations"),
        sa.PrimaryKeyConstraint("id", name=f"pk_{name}"),
    )
    op.create_index(f"ix_{name}_organization_id", name, ["organization_id"])
    op.execute(f"ALTER TABLE {name} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {name} FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY owner_sees_all ON {name} TO CURRENT_USER USING (true) WITH CHECK (true)")
    op.execute(f"CREATE POLICY organization_only ON {name} TO {role} USING ({_OWNED}) WITH CHECK ({_OWNED})")
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {name} TO {role}")


def upgrade() -> None:
    _branches()
    _memory()
    _handovers()
    _openings()


def _branches() -> None:
    op.add_column("messages", sa.Column("variant", sa.Integer(), server_default="0", nullable=False))
    op.add_column("messages", sa.Column("author", sa.String(20)))
    op.add_column("messages", sa.Column("author_user_id", sa.UUID()))
    op.execute("UPDATE messages SET author = CASE role WHEN 'user' THEN 'user' ELSE 'bot' END")
    op.alter_column("messages", "author", nullable=False)
    op.create_check_constraint("valid_author", "messages", "author IN ('user', 'bot', 'agent')")
    op.create_foreign_key(
        "fk_messages_author_user_id", "messages", "users", ["author_user_id"], ["id"], ondelete="SET NULL"
    )
    op.drop_constraint("uq_messages_conversation_id_ordinal", "messages", type_="unique")
    op.create_unique_constraint(
        "uq_messages_conversation_id_ordinal_variant", "messages", ["conversation_id", "ordinal", "variant"]
    )
    op.create_index("ix_messages_parent_id", "messages", ["parent_id"])
    op.add_column("conversations", sa.Column("active_leaf_id", sa.UUID()))
    op.add_column("conversations", sa.Column("event_count", sa.Integer(), server_default="0", nullable=False))
    op.create_foreign_key(
        "fk_conversations_active_leaf_id", "conversations", "messages", ["active_leaf_id"], ["id"], ondelete="SET NULL"
    )
    op.create_index("ix_conversations_active_leaf_id", "conversations", ["active_leaf_id"])
    op.execute("""
        UPDATE conversations SET active_leaf_id = latest.id
        FROM (
            SELECT DISTINCT ON (conversation_id) conversation_id, id FROM messages
            ORDER BY conversation_id, ordinal DESC
        ) AS latest
        WHERE latest.conversation_id = conversations.id
    """)
    op.add_column("receipts", sa.Column("standalone_question", sa.Text()))


def _memory() -> None:
    _owned_table(
        "conversation_facts",
        sa.Column("conversation_id", sa.UUID(), nullable=False),
        sa.Column("user_id", sa.UUID()),
        sa.Column("subject", sa.String(20), nullable=False),
        sa.Column("kind", sa.String(30), nullable=False),
        sa.Column("text", sa.String(500), nullable=False),
        sa.Column("source_message_id", sa.UUID(), nullable=False),
        sa.Column("valid_from", _TIME, server_default=_NOW, nullable=False),
        sa.Column("valid_until", _TIME),
        sa.Column("supersedes_id", sa.UUID()),
        sa.Column("confidence", sa.Float(), nullable=False),
        sa.CheckConstraint("subject IN ('user', 'conversation')", name="valid_subject"),
        sa.CheckConstraint(
            "kind IN ('name', 'order_number', 'product', 'language', 'preference', 'other')", name="valid_kind"
        ),
        _references("conversation_facts", "conversation_id", "conversations"),
        _references("conversation_facts", "user_id", "users"),
        _references("conversation_facts", "source_message_id", "messages"),
        _references("conversation_facts", "supersedes_id", "conversation_facts", "SET NULL"),
    )
    for column in ("conversation_id", "user_id", "source_message_id", "supersedes_id"):
        op.create_index(f"ix_conversation_facts_{column}", "conversation_facts", [column])
    _owned_table(
        "conversation_summaries",
        sa.Column("conversation_id", sa.UUID(), nullable=False),
        sa.Column("until_message_id", sa.UUID(), nullable=False),
        sa.Column("sentences", postgresql.JSONB(), nullable=False),
        sa.Column("method", sa.String(20), nullable=False),
        sa.CheckConstraint("method IN ('extractive', 'model')", name="valid_method"),
        _references("conversation_summaries", "conversation_id", "conversations"),
        _references("conversation_summaries", "until_message_id", "messages"),
        sa.UniqueConstraint("until_message_id", name="uq_conversation_summaries_until_message_id"),
    )
    op.create_index("ix_conversation_summaries_conversation_id", "conversation_summaries", ["conversation_id"])


def _handovers() -> None:
    _owned_table(
        "handovers",
        sa.Column("conversation_id", sa.UUID(), nullable=False),
        sa.Column("state", sa.String(20), server_default="requested", nullable=False),
        sa.Column("reason", sa.String(20), nullable=False),
        sa.Column("note", sa.String(1000)),
        sa.Column("assigned_user_id", sa.UUID()),
        sa.Column("assigned_api_key_id", sa.UUID()),
        sa.Column("assigned_at", _TIME),
        sa.Column("first_assigned_at", _TIME),
        sa.Column("resolved_at", _TIME),
        sa.CheckConstraint("state IN ('requested', 'assigned', 'resolved')", name="valid_state"),
        sa.CheckConstraint("reason IN ('asked', 'refusals', 'requested')", name="valid_reason"),
        _references("handovers", "conversation_id", "conversations"),
        _references("handovers", "assigned_user_id", "users", "SET NULL"),
        _references("handovers", "assigned_api_key_id", "api_keys", "SET NULL"),
    )
    op.create_index("ix_handovers_conversation_id", "handovers", ["conversation_id"])
    op.create_index(
        "uq_handovers_open",
        "handovers",
        ["conversation_id"],
        unique=True,
        postgresql_where=sa.text("state <> 'resolved'"),
    )
    _owned_table(
        "conversation_events",
        sa.Column("conversation_id", sa.UUID(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("data", postgresql.JSONB(), nullable=False),
        _references("conversation_events", "conversation_id", "conversations"),
        sa.UniqueConstraint("conversation_id", "number", name="uq_conversation_events_conversation_id_number"),
    )


def _openings() -> None:
    _owned_table(
        "conversation_templates",
        sa.Column("chatbot_id", sa.UUID(), nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("description", sa.Text()),
        sa.Column("variables", postgresql.JSONB(), nullable=False),
        sa.Column("messages", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("created_by", sa.UUID()),
        sa.Column("updated_at", _TIME, server_default=_NOW, nullable=False),
        _references("conversation_templates", "chatbot_id", "chatbots"),
        _references("conversation_templates", "created_by", "users", "SET NULL"),
        sa.UniqueConstraint("organization_id", "name", name="uq_conversation_templates_organization_id_name"),
    )
    _owned_table(
        "canned_replies",
        sa.Column("shortcut", sa.String(50), nullable=False),
        sa.Column("title", sa.String(255), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("created_by", sa.UUID()),
        sa.Column("updated_at", _TIME, server_default=_NOW, nullable=False),
        _references("canned_replies", "created_by", "users", "SET NULL"),
        sa.UniqueConstraint("organization_id", "shortcut", name="uq_canned_replies_organization_id_shortcut"),
    )


def downgrade() -> None:
    for table in (
        "canned_replies", "conversation_templates", "conversation_events", "handovers", "conversation_summaries",
        "conversation_facts",
    ):  # fmt: skip
        op.drop_table(table)
    op.drop_column("receipts", "standalone_question")
    op.drop_constraint("fk_conversations_active_leaf_id", "conversations", type_="foreignkey")
    op.drop_column("conversations", "event_count")
    op.drop_column("conversations", "active_leaf_id")
    op.drop_index("ix_messages_parent_id", "messages")
    op.drop_constraint("uq_messages_conversation_id_ordinal_variant", "messages", type_="unique")
    # One line of turns is all that the older shape can hold: of each place the first turn stays.
    op.execute("DELETE FROM messages WHERE variant > 0")
    op.create_unique_constraint("uq_messages_conversation_id_ordinal", "messages", ["conversation_id", "ordinal"])
    op.drop_constraint("fk_messages_author_user_id", "messages", type_="foreignkey")
    for column in ("author_user_id", "author", "variant"):
        op.drop_column("messages", column)
