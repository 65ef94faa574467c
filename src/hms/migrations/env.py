"""Run revisions in one transaction on the database that the caller named."""

from typing import Any

from alembic import context
from sqlalchemy import Connection, create_engine, event

from hms.models import Base


def run() -> None:
    """Run the revisions that the command asked for."""
    engine = create_engine(context.config.attributes["url"])
    if engine.dialect.name == "sqlite":

        @event.listens_for(engine, "connect")
        def prepare(connection: Any, _record: object) -> None:
            # The driver commits before DDL otherwise; revisions must be whole or absent.
            connection.isolation_level = None
            connection.execute("PRAGMA journal_mode=WAL")

        @event.listens_for(engine, "begin")
        def start(connection: Connection) -> None:
            connection.exec_driver_sql("BEGIN IMMEDIATE")

    with engine.connect() as connection:
        context.configure(connection=connection, target_metadata=Base.metadata, transactional_ddl=True)
        with context.begin_transaction():
            context.run_migrations()
    engine.dispose()


run()
