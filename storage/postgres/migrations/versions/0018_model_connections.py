"""Model connections, their models, and the keys that their secrets are encrypted with.

Revision ID: 0018
Revises: 0017
"""

import sqlalchemy as sa
from alembic import context, op
from sqlalchemy.dialects import postgresql

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

_NOW = sa.text("now()")
_TIME = sa.DateTime(timezone=True)
_PRICE = sa.Numeric(14, 6)
_RECEIPT_COLUMNS = {"model_connection_id": "model_connections", "organization_model_id": "organization_models"}
OWNED = "organization_id = current_setting('pixel.organization_id')::uuid"


def _identity() -> tuple[sa.Column[object], ...]:
    return (
        sa.Column("id", sa.UUID(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("organization_id", sa.UUID(), nullable=False),
    )


def _owned_table(name: str, *columns: sa.Column[object] | sa.Constraint) -> None:
    role = '"' + str(context.config.attributes["app_role"]).replace('"', '""') + '"'
    op.create_table(
        name,
        *_identity(),
        *columns,
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=f"fk_{name}_organization_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=f"pk_{name}"),
    )
    op.create_index(f"ix_{name}_organization_id", name, ["organization_id"])
    op.execute(f"ALTER TABLE {name} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {name} FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY owner_sees_all ON {name} TO CURRENT_USER USING (true) WITH CHECK (true)")
    op.execute(f"CREATE POLICY organization_only ON {name} TO {role} USING ({OWNED}) WITH CHECK ({OWNED})")
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {name} TO {role}")


def _flag(name: str, default: str) -> sa.Column[object]:
    return sa.Column(name, sa.Boolean(), server_default=sa.text(default), nullable=False)


def upgrade() -> None:
    _owned_table(
        "data_keys",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.Column("wrapping_key", sa.String(16), nullable=False),
        sa.Column("created_at", _TIME, server_default=_NOW, nullable=False),
        sa.UniqueConstraint("organization_id", "number", name="uq_data_keys_organization_id_number"),
    )
    _owned_table(
        "model_connections",
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("provider", sa.String(20), nullable=False),
        sa.Column("base_url", sa.String(500), nullable=False),
        sa.Column("sealed_key", sa.LargeBinary()),
        sa.Column("key_fingerprint", sa.String(16)),
        sa.Column("limits", postgresql.JSONB(), server_default="{}", nullable=False),
        _flag("is_enabled", "true"),
        sa.Column("created_by", sa.UUID()),
        sa.Column("last_checked_at", _TIME),
        sa.Column("last_error", sa.Text()),
        sa.Column("created_at", _TIME, server_default=_NOW, nullable=False),
        sa.Column("updated_at", _TIME, server_default=_NOW, nullable=False),
        sa.CheckConstraint("provider IN ('openai', 'anthropic', 'google', 'vllm', 'ollama')", name="valid_provider"),
        sa.ForeignKeyConstraint(
            ["created_by"], ["users.id"], name="fk_model_connections_created_by", ondelete="SET NULL"
        ),
        sa.UniqueConstraint("organization_id", "name", name="uq_model_connections_organization_id_name"),
    )
    _owned_table(
        "organization_models",
        sa.Column("connection_id", sa.UUID(), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("display_name", sa.String(255), nullable=False),
        sa.Column("context_window", sa.Integer()),
        sa.Column("max_output_tokens", sa.Integer()),
        _flag("has_tools", "false"),
        _flag("has_structured_output", "false"),
        _flag("has_sampling", "true"),
        sa.Column("input_usd_per_million", _PRICE),
        sa.Column("cached_input_usd_per_million", _PRICE),
        sa.Column("output_usd_per_million", _PRICE),
        sa.Column("quality_score", sa.Float()),
        sa.Column("quality_eval_run_id", sa.UUID()),
        _flag("is_enabled", "true"),
        sa.Column("created_at", _TIME, server_default=_NOW, nullable=False),
        sa.Column("updated_at", _TIME, server_default=_NOW, nullable=False),
        sa.ForeignKeyConstraint(
            ["connection_id"],
            ["model_connections.id"],
            name="fk_organization_models_connection_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["quality_eval_run_id"],
            ["eval_runs.id"],
            name="fk_organization_models_quality_eval_run_id",
            ondelete="SET NULL",
        ),
        sa.UniqueConstraint("connection_id", "name", name="uq_organization_models_connection_id_name"),
    )
    for column, table in _RECEIPT_COLUMNS.items():
        op.add_column("receipts", sa.Column(column, sa.UUID()))
        op.create_foreign_key(f"fk_receipts_{column}", "receipts", table, [column], ["id"], ondelete="SET NULL")


def downgrade() -> None:
    for column in _RECEIPT_COLUMNS:
        op.drop_constraint(f"fk_receipts_{column}", "receipts", type_="foreignkey")
        op.drop_column("receipts", column)
    op.drop_table("organization_models")
    op.drop_table("model_connections")
    op.drop_table("data_keys")
