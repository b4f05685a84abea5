"""Budgets and the ledger of cost.

Revision ID: 0017
Revises: 0016
"""

import sqlalchemy as sa
from alembic import context, op
from sqlalchemy.dialects import postgresql

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

_NOW = sa.text("now()")
_TIME = sa.DateTime(timezone=True)
_MONEY = sa.Numeric(14, 8)
TABLES = ("budgets", "budget_periods", "ledger_entries")
EXPIRE = "expire_reservations()"


def upgrade() -> None:
    _create_budgets()
    _create_periods()
    _create_ledger()
    role = '"' + str(context.config.attributes["app_role"]).replace('"', '""') + '"'
    owned = "organization_id = current_setting('pixel.organization_id')::uuid"
    for table in TABLES:
        op.create_index(f"ix_{table}_organization_id", table, ["organization_id"])
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY owner_sees_all ON {table} TO CURRENT_USER USING (true) WITH CHECK (true)")
        op.execute(f"CREATE POLICY organization_only ON {table} TO {role} USING ({owned}) WITH CHECK ({owned})")
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO {role}")
    # It crosses organizations, so it runs as the owner; it can only give back what nobody will settle.
    op.execute("""
        CREATE FUNCTION expire_reservations() RETURNS bigint
        LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp
        AS $$
            WITH expired AS (
                UPDATE ledger_entries SET state = 'expired', settled_at = now()
                WHERE state = 'reserved' AND expires_at < now()
                RETURNING reserved_usd, reserved_tokens, period_ids
            ), given_back AS (
                SELECT period_id, sum(reserved_usd) AS usd, sum(reserved_tokens) AS tokens, count(*) AS answers
                FROM expired, unnest(period_ids) AS period_id GROUP BY period_id
            ), counted AS (
                UPDATE budget_periods p
                SET reserved_usd = p.reserved_usd - g.usd, reserved_tokens = p.reserved_tokens - g.tokens,
                    reserved_answers = p.reserved_answers - g.answers, updated_at = now()
                FROM given_back g WHERE p.id = g.period_id
            )
            SELECT count(*) FROM expired
        $$
    """)
    op.execute(f"REVOKE ALL ON FUNCTION {EXPIRE} FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION {EXPIRE} TO {role}")


def _create_budgets() -> None:
    op.create_table(
        "budgets",
        sa.Column("id", sa.UUID(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("organization_id", sa.UUID(), nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("scope", sa.String(20), nullable=False),
        sa.Column("subject_id", sa.UUID()),
        sa.Column("period", sa.String(10), nullable=False),
        sa.Column("limit_usd", _MONEY),
        sa.Column("limit_tokens", sa.BigInteger()),
        sa.Column("limit_answers", sa.BigInteger()),
        sa.Column("is_enabled", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("created_at", _TIME, server_default=_NOW, nullable=False),
        sa.Column("updated_at", _TIME, server_default=_NOW, nullable=False),
        sa.CheckConstraint("scope IN ('organization', 'chatbot', 'member', 'api_key')", name="valid_scope"),
        sa.CheckConstraint("period IN ('day', 'month', 'total')", name="valid_period"),
        sa.CheckConstraint("(scope = 'organization') = (subject_id IS NULL)", name="subject_of_its_scope"),
        sa.CheckConstraint("num_nonnulls(limit_usd, limit_tokens, limit_answers) > 0", name="limits_something"),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name="fk_budgets_organization_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_budgets"),
        sa.UniqueConstraint("organization_id", "name", name="uq_budgets_organization_id_name"),
    )


def _create_periods() -> None:
    zero = sa.text("0")
    op.create_table(
        "budget_periods",
        sa.Column("id", sa.UUID(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("organization_id", sa.UUID(), nullable=False),
        sa.Column("budget_id", sa.UUID(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("reserved_usd", sa.Numeric(18, 8), server_default=zero, nullable=False),
        sa.Column("spent_usd", sa.Numeric(18, 8), server_default=zero, nullable=False),
        sa.Column("reserved_tokens", sa.BigInteger(), server_default=zero, nullable=False),
        sa.Column("spent_tokens", sa.BigInteger(), server_default=zero, nullable=False),
        sa.Column("reserved_answers", sa.BigInteger(), server_default=zero, nullable=False),
        sa.Column("spent_answers", sa.BigInteger(), server_default=zero, nullable=False),
        sa.Column("created_at", _TIME, server_default=_NOW, nullable=False),
        sa.Column("updated_at", _TIME, server_default=_NOW, nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name="fk_budget_periods_organization_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["budget_id"], ["budgets.id"], name="fk_budget_periods_budget_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_budget_periods"),
        sa.UniqueConstraint("budget_id", "starts_on", name="uq_budget_periods_budget_id_starts_on"),
    )


def _create_ledger() -> None:
    op.create_table(
        "ledger_entries",
        sa.Column("id", sa.UUID(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("organization_id", sa.UUID(), nullable=False),
        sa.Column("message_id", sa.UUID()),
        sa.Column("chatbot_id", sa.UUID()),
        sa.Column("user_id", sa.UUID()),
        sa.Column("api_key_id", sa.UUID()),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("provider", sa.String(50)),
        sa.Column("model", sa.String(200)),
        sa.Column("reserved_usd", _MONEY, nullable=False),
        sa.Column("settled_usd", _MONEY),
        sa.Column("reserved_tokens", sa.BigInteger(), nullable=False),
        sa.Column("settled_tokens", sa.BigInteger()),
        sa.Column("is_unpriced", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("price_source", sa.String(100)),
        sa.Column("period_ids", postgresql.ARRAY(sa.UUID()), server_default="{}", nullable=False),
        sa.Column("expires_at", _TIME, nullable=False),
        sa.Column("settled_at", _TIME),
        sa.Column("created_at", _TIME, server_default=_NOW, nullable=False),
        sa.CheckConstraint("state IN ('reserved', 'settled', 'released', 'expired')", name="valid_state"),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name="fk_ledger_entries_organization_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["message_id"], ["messages.id"], name="fk_ledger_entries_message_id", ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["chatbot_id"], ["chatbots.id"], name="fk_ledger_entries_chatbot_id", ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_ledger_entries_user_id", ondelete="SET NULL"),
        sa.ForeignKeyConstraint(
            ["api_key_id"], ["api_keys.id"], name="fk_ledger_entries_api_key_id", ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_ledger_entries"),
    )
    op.create_index("ix_ledger_entries_message_id", "ledger_entries", ["message_id"])
    op.create_index("ix_ledger_entries_organization_id_created_at", "ledger_entries", ["organization_id", "created_at"])
    op.create_index(
        "ix_ledger_entries_reserved", "ledger_entries", ["expires_at"], postgresql_where=sa.text("state = 'reserved'")
    )


def downgrade() -> None:
    op.execute(f"DROP FUNCTION {EXPIRE}")
    for table in reversed(TABLES):
        op.drop_table(table)
