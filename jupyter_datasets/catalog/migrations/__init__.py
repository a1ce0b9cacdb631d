"""Alembic's scripts. They are run by :class:`~jupyter_datasets.catalog.schema.Schema`; there is no alembic.ini.

A migration names its tables itself, since ``catalog.tables`` moves on. After adding one, set ``schema.HEAD``. On DuckDB
drop the indexes of a table before a column of it is renamed, dropped, retyped or set NOT NULL.
"""

from __future__ import annotations

from jupyter_datasets.errors import ErrorKind, FormatError


def no_way_back(revision: str) -> FormatError:
    """What ``downgrade()`` of every migration raises."""
    return FormatError(
        f"The catalog cannot go back before revision {revision}.",
        kind=ErrorKind.CATALOG_TOO_NEW,
        next_step="Restore the copy that was made before the migration; it lies in the store's folder 'backup'.",
        details={"revision": revision},
    )
