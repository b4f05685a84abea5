"""Intents, their examples, and the models that were trained on them.

Revision ID: 0019
Revises: 0018
"""

import sqlalchemy as sa
from alembic import context, op
from sqlalchemy.dialects import postgresql

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

_NOW = sa.text("now()")
_TIME = sa.DateTime(timezone=True)
_OWNED = "organization_id = current_setting('pixel.organization_id')::uuid"
_WRITES = "SELECT, INSERT, UPDATE, DELETE"


def _owned_table(name: str, *columns: sa.Column[object] | sa.Constraint, grants: str = _WRITES) -> None:
    role = '"' + str(context.config.attributes["app_role"]).replace('"', '""') + '"'
    op.create_table(
        name,
        sa.Column("id", sa.UUID(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("organization_id", sa.UUID(), nullable=False),
        sa.Column("chatbot_id", sa.UUID(), nullable=False),
        *columns,
        sa.Column("created_at", _TIME, server_default=_NOW, nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=f"fk_{name}_organization_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["chatbot_id"], ["chatbots.id"], name=f"fk_{name}_chatbot_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=f"pk_{name}"),
    )
    op.create_index(f"ix_{name}_organization_id", name, ["organization_id"])
    op.execute(f"ALTER TABLE {name} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {name} FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY owner_sees_all ON {name} TO CURRENT_USER USING (true) WITH CHECK (true)")
    op.execute(f"CREATE POLICY organization_only ON {name} TO {role} USING ({_OWNED}) WITH CHECK ({_OWNED})")
    op.execute(f"GRANT {grants} ON {name} TO {role}")


def upgrade() -> None:
    _owned_table(
        "intents",
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("description", sa.Text()),
        sa.Column("is_out_of_scope", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("updated_at", _TIME, server_default=_NOW, nullable=False),
        sa.UniqueConstraint("chatbot_id", "name", name="uq_intents_chatbot_id_name"),
    )
    op.create_index(
        "uq_intents_out_of_scope", "intents", ["chatbot_id"], unique=True, postgresql_where=sa.text("is_out_of_scope")
    )
    _owned_table(
        "intent_examples",
        sa.Column("intent_id", sa.UUID(), nullable=False),
        sa.Column("text", sa.String(500), nullable=False),
        sa.ForeignKeyConstraint(["intent_id"], ["intents.id"], name="fk_intent_examples_intent_id", ondelete="CASCADE"),
        sa.UniqueConstraint("chatbot_id", "text", name="uq_intent_examples_chatbot_id_text"),
    )
    op.create_index("ix_intent_examples_intent_id", "intent_examples", ["intent_id"])
    _owned_table(
        "intent_models",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("embedding_model", sa.String(200), nullable=False),
        sa.Column("embedding_fingerprint", sa.String(64), nullable=False),
        sa.Column("training_digest", sa.String(64), nullable=False),
        sa.Column("labels", postgresql.JSONB(), nullable=False),
        sa.Column("threshold", sa.Float(), nullable=False),
        sa.Column("metrics", postgresql.JSONB(), nullable=False),
        sa.Column("weights", sa.LargeBinary(), nullable=False),
        sa.Column("created_by", sa.UUID()),
        sa.ForeignKeyConstraint(["created_by"], ["users.id"], name="fk_intent_models_created_by", ondelete="SET NULL"),
        sa.UniqueConstraint("chatbot_id", "number", name="uq_intent_models_chatbot_id_number"),
        grants="SELECT, INSERT",
    )
    op.add_column("chatbots", sa.Column("live_intent_model_id", sa.UUID()))
    op.create_foreign_key(
        "fk_chatbots_live_intent_model_id",
        "chatbots",
        "intent_models",
        ["live_intent_model_id"],
        ["id"],
        ondelete="SET NULL",
    )


def downgrade() -> None:
    op.drop_constraint("fk_chatbots_live_intent_model_id", "chatbots", type_="foreignkey")
    op.drop_column("chatbots", "live_intent_model_id")
    op.drop_table("intent_models")
    op.drop_table("intent_examples")
    op.drop_table("intents")
