"""Runs migrations on the connection, and in the transaction, that :class:`Schema` put into the configuration."""

from __future__ import annotations

# Registers DuckDB with Alembic; without it Alembic knows no such dialect.
import duckdb_sqlalchemy.alembic_impl  # noqa: F401  # imported for its effect
from alembic import context

from jupyter_datasets.catalog.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
with context.begin_transaction():
    context.run_migrations()
