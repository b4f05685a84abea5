"""Studio.

Revision ID: 0002
Revises: 0001
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "chatbot_templates",
        sa.Column("id", sa.UUID(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("template_id", sa.String(length=50), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("category", sa.String(length=100), nullable=False),
        sa.Column("industry", sa.String(length=100), nullable=True),
        sa.Column("use_case", sa.String(length=100), nullable=True),
        sa.Column("version", sa.String(length=20), server_default="1.0.0", nullable=False),
        sa.Column("is_active", sa.Boolean(), server_default=sa.text("true"), nullable=True),
        sa.Column("is_featured", sa.Boolean(), server_default=sa.text("false"), nullable=True),
        sa.Column("is_premium", sa.Boolean(), server_default=sa.text("false"), nullable=True),
        sa.Column("conversation_config", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("ui_config", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("ai_config", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("integration_config", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("deployment_config", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("preview_image_url", sa.String(length=500), nullable=True),
        sa.Column("demo_url", sa.String(length=500), nullable=True),
        sa.Column("instructions", sa.Text(), nullable=True),
        sa.Column("tags", postgresql.ARRAY(sa.Text()), nullable=True),
        sa.Column("usage_count", sa.Integer(), server_default=sa.text("0"), nullable=True),
        sa.Column("rating", sa.Numeric(precision=3, scale=2), nullable=True),
        sa.Column("rating_count", sa.Integer(), server_default=sa.text("0"), nullable=True),
        sa.Column("complexity_level", sa.String(length=20), server_default="beginner", nullable=True),
        sa.Column("price_tier", sa.String(length=20), server_default="free", nullable=True),
        sa.Column("license_type", sa.String(length=50), server_default="standard", nullable=True),
        sa.Column("created_by", sa.UUID(), nullable=True),
        sa.Column("organization_id", sa.UUID(), nullable=True),
        sa.Column(
            "supported_languages",
            postgresql.ARRAY(sa.Text()),
            server_default=sa.text("ARRAY['en'::text]"),
            nullable=True,
        ),
        sa.Column("default_language", sa.String(length=5), server_default="en", nullable=True),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("estimated_setup_time", sa.Integer(), nullable=True),
        sa.Column("required_integrations", postgresql.ARRAY(sa.Text()), nullable=True),
        sa.Column("minimum_plan", sa.String(length=20), nullable=True),
        sa.Column("slug", sa.String(length=255), nullable=True),
        sa.Column("meta_title", sa.String(length=255), nullable=True),
        sa.Column("meta_description", sa.Text(), nullable=True),
        sa.Column("keywords", postgresql.ARRAY(sa.Text()), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "complexity_level IN ('beginner', 'intermediate', 'advanced', 'expert')",
            name=op.f("valid_complexity"),
        ),
        sa.CheckConstraint(
            "price_tier IN ('free', 'basic', 'standard', 'premium', 'enterprise')",
            name=op.f("valid_price_tier"),
        ),
        sa.CheckConstraint("rating >= 1.0 AND rating <= 5.0", name=op.f("valid_rating")),
        sa.ForeignKeyConstraint(
            ["created_by"], ["users.id"], name=op.f("fk_chatbot_templates_created_by"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_chatbot_templates_organization_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_chatbot_templates")),
        sa.UniqueConstraint("slug", name=op.f("uq_chatbot_templates_slug")),
        sa.UniqueConstraint("template_id", name=op.f("uq_chatbot_templates_template_id")),
    )
    op.create_index(
        "idx_chatbot_templates_active",
        "chatbot_templates",
        ["is_active"],
        unique=False,
        postgresql_where=sa.text("is_active = true"),
    )
    op.create_index("idx_chatbot_templates_category", "chatbot_templates", ["category"], unique=False)
    op.create_index(
        "idx_chatbot_templates_created",
        "chatbot_templates",
        [sa.literal_column("created_at DESC")],
        unique=False,
    )
    op.create_index(
        "idx_chatbot_templates_featured",
        "chatbot_templates",
        ["is_featured"],
        unique=False,
        postgresql_where=sa.text("is_featured = true"),
    )
    op.create_index("idx_chatbot_templates_industry", "chatbot_templates", ["industry"], unique=False)
    op.create_index(
        "idx_chatbot_templates_languages",
        "chatbot_templates",
        ["supported_languages"],
        unique=False,
        postgresql_using="gin",
    )
    op.create_index("idx_chatbot_templates_org", "chatbot_templates", ["organization_id"], unique=False)
    op.create_index(
        "idx_chatbot_templates_rating", "chatbot_templates", [sa.literal_column("rating DESC")], unique=False
    )
    op.create_index(
        "idx_chatbot_templates_search",
        "chatbot_templates",
        [sa.literal_column("to_tsvector('english'::regconfig, (name::text || ' '::text) || description)")],
        unique=False,
        postgresql_using="gin",
    )
    op.create_index("idx_chatbot_templates_tags", "chatbot_templates", ["tags"], unique=False, postgresql_using="gin")
    op.create_index(
        "idx_chatbot_templates_usage",
        "chatbot_templates",
        [sa.literal_column("usage_count DESC")],
        unique=False,
    )
    op.create_table(
        "mcp_collaboration_flows",
        sa.Column("id", sa.UUID(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("flow_name", sa.String(length=100), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("participating_experts", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("coordination_rules", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("handoff_triggers", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("shared_context_schema", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("success_metrics", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("organization_id", sa.UUID(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_mcp_collaboration_flows_organization_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mcp_collaboration_flows")),
    )
    op.create_index(
        "uq_mcp_collaboration_flows_name",
        "mcp_collaboration_flows",
        ["organization_id", "flow_name"],
        unique=True,
        postgresql_nulls_not_distinct=True,
    )
    op.create_table(
        "mcp_coordination",
        sa.Column("id", sa.UUID(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("organization_id", sa.UUID(), nullable=False),
        sa.Column("session_id", sa.String(length=100), nullable=False),
        sa.Column("primary_expert", sa.String(length=50), nullable=False),
        sa.Column("active_experts", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("conversation_context", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("coordination_rules", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("handoff_history", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("shared_workspace", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column(
            "expires_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("(now() + '24:00:00'::interval)"),
            nullable=True,
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_mcp_coordination_organization_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mcp_coordination")),
        sa.UniqueConstraint("session_id", name=op.f("uq_mcp_coordination_session_id")),
    )
    op.create_index(op.f("ix_mcp_coordination_organization_id"), "mcp_coordination", ["organization_id"], unique=False)
    op.create_table(
        "chatbots",
        sa.Column("id", sa.UUID(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("organization_id", sa.UUID(), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("slug", sa.String(length=100), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("template_id", sa.UUID(), nullable=True),
        sa.Column("current_version_id", sa.UUID(), nullable=True),
        sa.Column("created_by", sa.UUID(), nullable=True),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("status IN ('draft', 'published', 'archived')", name=op.f("valid_status")),
        sa.ForeignKeyConstraint(["created_by"], ["users.id"], name=op.f("fk_chatbots_created_by"), ondelete="SET NULL"),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_chatbots_organization_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["template_id"],
            ["chatbot_templates.id"],
            name=op.f("fk_chatbots_template_id"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_chatbots")),
        sa.UniqueConstraint("organization_id", "slug", name=op.f("uq_chatbots_organization_id_slug")),
    )
    op.create_index(op.f("ix_chatbots_organization_id"), "chatbots", ["organization_id"], unique=False)
    op.create_index(op.f("ix_chatbots_template_id"), "chatbots", ["template_id"], unique=False)
    op.create_table(
        "template_integrations",
        sa.Column("id", sa.UUID(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("template_id", sa.UUID(), nullable=True),
        sa.Column("integration_type", sa.String(length=50), nullable=False),
        sa.Column("is_required", sa.Boolean(), server_default=sa.text("false"), nullable=True),
        sa.Column("configuration_template", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["template_id"],
            ["chatbot_templates.id"],
            name=op.f("fk_template_integrations_template_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_template_integrations")),
        sa.UniqueConstraint(
            "template_id",
            "integration_type",
            name=op.f("uq_template_integrations_template_id_integration_type"),
        ),
    )
    op.create_table(
        "chatbot_versions",
        sa.Column("id", sa.UUID(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("organization_id", sa.UUID(), nullable=False),
        sa.Column("chatbot_id", sa.UUID(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("config", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("config_hash", sa.String(length=64), nullable=False),
        sa.Column("created_by", sa.UUID(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["chatbot_id"], ["chatbots.id"], name=op.f("fk_chatbot_versions_chatbot_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["created_by"], ["users.id"], name=op.f("fk_chatbot_versions_created_by"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_chatbot_versions_organization_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_chatbot_versions")),
        sa.UniqueConstraint("chatbot_id", "config_hash", name=op.f("uq_chatbot_versions_chatbot_id_config_hash")),
        sa.UniqueConstraint("chatbot_id", "number", name=op.f("uq_chatbot_versions_chatbot_id_number")),
    )
    op.create_index(op.f("ix_chatbot_versions_organization_id"), "chatbot_versions", ["organization_id"], unique=False)
    op.create_table(
        "conversation_flows",
        sa.Column("id", sa.UUID(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("flow_id", sa.String(length=50), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("version", sa.String(length=20), server_default="1.0.0", nullable=False),
        sa.Column("is_active", sa.Boolean(), server_default=sa.text("true"), nullable=True),
        sa.Column("is_template", sa.Boolean(), server_default=sa.text("false"), nullable=True),
        sa.Column("created_by", sa.UUID(), nullable=True),
        sa.Column("organization_id", sa.UUID(), nullable=True),
        sa.Column("chatbot_id", sa.UUID(), nullable=True),
        sa.Column("template_id", sa.UUID(), nullable=True),
        sa.Column("flow_definition", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("flow_metadata", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("variable_definitions", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("execution_stats", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("test_scenarios", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column(
            "supported_languages",
            postgresql.ARRAY(sa.Text()),
            server_default=sa.text("ARRAY['en'::text]"),
            nullable=True,
        ),
        sa.Column("default_language", sa.String(length=5), server_default="en", nullable=True),
        sa.Column("status", sa.String(length=20), server_default="draft", nullable=True),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_tested_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("jsonb_typeof(flow_definition) = 'object'", name=op.f("flow_definition_not_empty")),
        sa.CheckConstraint("status IN ('draft', 'testing', 'active', 'deprecated')", name=op.f("valid_status")),
        sa.ForeignKeyConstraint(
            ["chatbot_id"], ["chatbots.id"], name="fk_conversation_flows_chatbot", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["created_by"], ["users.id"], name=op.f("fk_conversation_flows_created_by"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_conversation_flows_organization_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["template_id"],
            ["chatbot_templates.id"],
            name="fk_conversation_flows_template",
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conversation_flows")),
        sa.UniqueConstraint("flow_id", name=op.f("uq_conversation_flows_flow_id")),
    )
    op.create_index(
        "idx_conversation_flows_active",
        "conversation_flows",
        ["is_active"],
        unique=False,
        postgresql_where=sa.text("is_active = true"),
    )
    op.create_index("idx_conversation_flows_chatbot", "conversation_flows", ["chatbot_id"], unique=False)
    op.create_index(
        "idx_conversation_flows_created",
        "conversation_flows",
        [sa.literal_column("created_at DESC")],
        unique=False,
    )
    op.create_index(
        "idx_conversation_flows_languages",
        "conversation_flows",
        ["supported_languages"],
        unique=False,
        postgresql_using="gin",
    )
    op.create_index("idx_conversation_flows_org", "conversation_flows", ["organization_id"], unique=False)
    op.create_index("idx_conversation_flows_status", "conversation_flows", ["status"], unique=False)
    op.create_index("idx_conversation_flows_template", "conversation_flows", ["template_id"], unique=False)
    op.create_table(
        "deployment_configs",
        sa.Column("id", sa.UUID(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("organization_id", sa.UUID(), nullable=False),
        sa.Column("config_id", sa.String(length=100), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("platform", sa.String(length=50), nullable=False),
        sa.Column("environment", sa.String(length=20), server_default="production", nullable=False),
        sa.Column("version", sa.String(length=20), server_default="1.0.0", nullable=True),
        sa.Column("created_by", sa.UUID(), nullable=True),
        sa.Column("chatbot_id", sa.UUID(), nullable=False),
        sa.Column("platform_config", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("deployment_settings", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("security_config", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("performance_config", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("is_active", sa.Boolean(), server_default=sa.text("false"), nullable=True),
        sa.Column("is_deployed", sa.Boolean(), server_default=sa.text("false"), nullable=True),
        sa.Column("deployment_status", sa.String(length=20), server_default="pending", nullable=True),
        sa.Column("deployment_url", sa.String(length=500), nullable=True),
        sa.Column("deployment_history", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("rollback_config", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("monitoring_config", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("analytics_config", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("health_check_config", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("scaling_config", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("resource_limits", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("cdn_config", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("geographic_restrictions", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("compliance_settings", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("deployed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_health_check", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "deployment_status IN ('pending', 'deploying', 'deployed', 'failed', 'stopped')",
            name=op.f("valid_deployment_status"),
        ),
        sa.CheckConstraint("environment IN ('development', 'staging', 'production')", name=op.f("valid_environment")),
        sa.CheckConstraint("jsonb_typeof(platform_config) = 'object'", name=op.f("platform_config_not_empty")),
        sa.CheckConstraint(
            "platform IN ('web', 'whatsapp', 'telegram', 'slack', 'discord', 'messenger', 'voice', 'sms')",
            name=op.f("valid_platform"),
        ),
        sa.ForeignKeyConstraint(
            ["chatbot_id"], ["chatbots.id"], name="fk_deployment_configs_chatbot", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["created_by"], ["users.id"], name=op.f("fk_deployment_configs_created_by"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_deployment_configs_organization_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deployment_configs")),
        sa.UniqueConstraint("config_id", name=op.f("uq_deployment_configs_config_id")),
    )
    op.create_index(
        "idx_deployment_configs_active",
        "deployment_configs",
        ["is_active"],
        unique=False,
        postgresql_where=sa.text("is_active = true"),
    )
    op.create_index("idx_deployment_configs_chatbot", "deployment_configs", ["chatbot_id"], unique=False)
    op.create_index(
        "idx_deployment_configs_deployed",
        "deployment_configs",
        ["is_deployed"],
        unique=False,
        postgresql_where=sa.text("is_deployed = true"),
    )
    op.create_index("idx_deployment_configs_environment", "deployment_configs", ["environment"], unique=False)
    op.create_index("idx_deployment_configs_platform", "deployment_configs", ["platform"], unique=False)
    op.create_index("idx_deployment_configs_status", "deployment_configs", ["deployment_status"], unique=False)
    op.create_index(
        op.f("ix_deployment_configs_organization_id"), "deployment_configs", ["organization_id"], unique=False
    )
    op.create_table(
        "integration_settings",
        sa.Column("id", sa.UUID(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("organization_id", sa.UUID(), nullable=False),
        sa.Column("setting_id", sa.String(length=100), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("integration_type", sa.String(length=50), nullable=False),
        sa.Column("provider", sa.String(length=50), nullable=False),
        sa.Column("version", sa.String(length=20), server_default="1.0.0", nullable=True),
        sa.Column("created_by", sa.UUID(), nullable=True),
        sa.Column("chatbot_id", sa.UUID(), nullable=True),
        sa.Column("api_configuration", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("connection_config", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("field_mappings", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("webhook_config", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("is_active", sa.Boolean(), server_default=sa.text("true"), nullable=True),
        sa.Column("is_verified", sa.Boolean(), server_default=sa.text("false"), nullable=True),
        sa.Column("last_health_check", sa.DateTime(timezone=True), nullable=True),
        sa.Column("health_status", sa.String(length=20), server_default="unknown", nullable=True),
        sa.Column("error_log", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("usage_stats", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("rate_limits", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("quota_usage", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("encryption_key_id", sa.String(length=100), nullable=True),
        sa.Column("requires_oauth", sa.Boolean(), server_default=sa.text("false"), nullable=True),
        sa.Column("oauth_config", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("monitoring_config", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("alert_recipients", postgresql.ARRAY(sa.Text()), nullable=True),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "health_status IN ('healthy', 'warning', 'error', 'unknown')", name=op.f("valid_health_status")
        ),
        sa.CheckConstraint(
            "integration_type IN ('crm', 'email', 'calendar', 'payment', 'analytics', 'communication', 'storage', 'ai')",
            name=op.f("valid_integration_type"),
        ),
        sa.CheckConstraint("jsonb_typeof(api_configuration) = 'object'", name=op.f("api_config_not_empty")),
        sa.ForeignKeyConstraint(
            ["chatbot_id"], ["chatbots.id"], name="fk_integration_settings_chatbot", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["created_by"], ["users.id"], name=op.f("fk_integration_settings_created_by"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_integration_settings_organization_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_integration_settings")),
        sa.UniqueConstraint("setting_id", name=op.f("uq_integration_settings_setting_id")),
    )
    op.create_index(
        "idx_integration_settings_active",
        "integration_settings",
        ["is_active"],
        unique=False,
        postgresql_where=sa.text("is_active = true"),
    )
    op.create_index("idx_integration_settings_chatbot", "integration_settings", ["chatbot_id"], unique=False)
    op.create_index("idx_integration_settings_health", "integration_settings", ["health_status"], unique=False)
    op.create_index("idx_integration_settings_provider", "integration_settings", ["provider"], unique=False)
    op.create_index("idx_integration_settings_type", "integration_settings", ["integration_type"], unique=False)
    op.create_index(
        "idx_integration_settings_verified",
        "integration_settings",
        ["is_verified"],
        unique=False,
        postgresql_where=sa.text("is_verified = true"),
    )
    op.create_index(
        op.f("ix_integration_settings_organization_id"),
        "integration_settings",
        ["organization_id"],
        unique=False,
    )
    op.create_table(
        "chatbot_analytics",
        sa.Column("id", sa.UUID(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("organization_id", sa.UUID(), nullable=False),
        sa.Column("chatbot_id", sa.UUID(), nullable=True),
        sa.Column("conversation_flow_id", sa.UUID(), nullable=True),
        sa.Column("deployment_config_id", sa.UUID(), nullable=True),
        sa.Column("integration_setting_id", sa.UUID(), nullable=True),
        sa.Column("metric_type", sa.String(length=50), nullable=False),
        sa.Column("metric_data", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=True),
        sa.ForeignKeyConstraint(
            ["chatbot_id"], ["chatbots.id"], name=op.f("fk_chatbot_analytics_chatbot_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["conversation_flow_id"],
            ["conversation_flows.id"],
            name=op.f("fk_chatbot_analytics_conversation_flow_id"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["deployment_config_id"],
            ["deployment_configs.id"],
            name=op.f("fk_chatbot_analytics_deployment_config_id"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["integration_setting_id"],
            ["integration_settings.id"],
            name=op.f("fk_chatbot_analytics_integration_setting_id"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_chatbot_analytics_organization_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_chatbot_analytics")),
    )
    op.create_index(
        "idx_chatbot_analytics_chatbot_recorded",
        "chatbot_analytics",
        ["chatbot_id", "recorded_at"],
        unique=False,
    )
    op.create_index(
        op.f("ix_chatbot_analytics_organization_id"), "chatbot_analytics", ["organization_id"], unique=False
    )
    op.create_foreign_key(
        "fk_chatbots_current_version_id",
        "chatbots",
        "chatbot_versions",
        ["current_version_id"],
        ["id"],
        ondelete="SET NULL",
    )


def downgrade() -> None:
    op.drop_constraint("fk_chatbots_current_version_id", "chatbots", type_="foreignkey")
    op.drop_index(op.f("ix_chatbot_analytics_organization_id"), table_name="chatbot_analytics")
    op.drop_index("idx_chatbot_analytics_chatbot_recorded", table_name="chatbot_analytics")
    op.drop_table("chatbot_analytics")
    op.drop_index(op.f("ix_integration_settings_organization_id"), table_name="integration_settings")
    op.drop_index(
        "idx_integration_settings_verified",
        table_name="integration_settings",
        postgresql_where=sa.text("is_verified = true"),
    )
    op.drop_index("idx_integration_settings_type", table_name="integration_settings")
    op.drop_index("idx_integration_settings_provider", table_name="integration_settings")
    op.drop_index("idx_integration_settings_health", table_name="integration_settings")
    op.drop_index("idx_integration_settings_chatbot", table_name="integration_settings")
    op.drop_index(
        "idx_integration_settings_active",
        table_name="integration_settings",
        postgresql_where=sa.text("is_active = true"),
    )
    op.drop_table("integration_settings")
    op.drop_index(op.f("ix_deployment_configs_organization_id"), table_name="deployment_configs")
    op.drop_index("idx_deployment_configs_status", table_name="deployment_configs")
    op.drop_index("idx_deployment_configs_platform", table_name="deployment_configs")
    op.drop_index("idx_deployment_configs_environment", table_name="deployment_configs")
    op.drop_index(
        "idx_deployment_configs_deployed",
        table_name="deployment_configs",
        postgresql_where=sa.text("is_deployed = true"),
    )
    op.drop_index("idx_deployment_configs_chatbot", table_name="deployment_configs")
    op.drop_index(
        "idx_deployment_configs_active",
        table_name="deployment_configs",
        postgresql_where=sa.text("is_active = true"),
    )
    op.drop_table("deployment_configs")
    op.drop_index("idx_conversation_flows_template", table_name="conversation_flows")
    op.drop_index("idx_conversation_flows_status", table_name="conversation_flows")
    op.drop_index("idx_conversation_flows_org", table_name="conversation_flows")
    op.drop_index("idx_conversation_flows_languages", table_name="conversation_flows", postgresql_using="gin")
    op.drop_index("idx_conversation_flows_created", table_name="conversation_flows")
    op.drop_index("idx_conversation_flows_chatbot", table_name="conversation_flows")
    op.drop_index(
        "idx_conversation_flows_active",
        table_name="conversation_flows",
        postgresql_where=sa.text("is_active = true"),
    )
    op.drop_table("conversation_flows")
    op.drop_index(op.f("ix_chatbot_versions_organization_id"), table_name="chatbot_versions")
    op.drop_table("chatbot_versions")
    op.drop_table("template_integrations")
    op.drop_index(op.f("ix_chatbots_template_id"), table_name="chatbots")
    op.drop_index(op.f("ix_chatbots_organization_id"), table_name="chatbots")
    op.drop_table("chatbots")
    op.drop_index(op.f("ix_mcp_coordination_organization_id"), table_name="mcp_coordination")
    op.drop_table("mcp_coordination")
    op.drop_index(
        "uq_mcp_collaboration_flows_name",
        table_name="mcp_collaboration_flows",
        postgresql_nulls_not_distinct=True,
    )
    op.drop_table("mcp_collaboration_flows")
    op.drop_index("idx_chatbot_templates_usage", table_name="chatbot_templates")
    op.drop_index("idx_chatbot_templates_tags", table_name="chatbot_templates", postgresql_using="gin")
    op.drop_index("idx_chatbot_templates_search", table_name="chatbot_templates", postgresql_using="gin")
    op.drop_index("idx_chatbot_templates_rating", table_name="chatbot_templates")
    op.drop_index("idx_chatbot_templates_org", table_name="chatbot_templates")
    op.drop_index("idx_chatbot_templates_languages", table_name="chatbot_templates", postgresql_using="gin")
    op.drop_index("idx_chatbot_templates_industry", table_name="chatbot_templates")
    op.drop_index(
        "idx_chatbot_templates_featured",
        table_name="chatbot_templates",
        postgresql_where=sa.text("is_featured = true"),
    )
    op.drop_index("idx_chatbot_templates_created", table_name="chatbot_templates")
    op.drop_index("idx_chatbot_templates_category", table_name="chatbot_templates")
    op.drop_index(
        "idx_chatbot_templates_active",
        table_name="chatbot_templates",
        postgresql_where=sa.text("is_active = true"),
    )
    op.drop_table("chatbot_templates")
