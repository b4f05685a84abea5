"""Runs migrations as the owner; called by Alembic with the settings in its configuration."""

from alembic import context

from storage.postgres.engine import owner_engine
from storage.postgres.models.registry import metadata

config = context.config


def run() -> None:
    """Migrate online, one transaction per migration, giving up on a lock rather than stopping the world."""
    engine = owner_engine(config.attributes["settings"])
    try:
        with engine.connect() as connection:
            connection.exec_driver_sql("SET lock_timeout = '10s'")
            connection.commit()
            context.configure(
                connection=connection,
                target_metadata=metadata,
                compare_type=True,
                compare_server_default=False,
                transaction_per_migration=True,
                include_object=config.attributes.get("include_object"),
            )
            with context.begin_transaction():
                context.run_migrations()
    finally:
        engine.dispose()


run()
