"""A page of a table for people: cells as JSON that loses nothing."""

from __future__ import annotations

from typing import Any

from jupyter_datasets.client.version import scan_of
from jupyter_datasets.engine.pool import Engine
from jupyter_datasets.services.versions.models import ScanPlan
from jupyter_datasets.services.versions.reading import span
from jupyter_datasets.sqltext import quote_name
from jupyter_datasets.store import forms
from jupyter_datasets.store.schemas import Schema

# What a number of JSON, which is a DOUBLE to most readers, holds exactly. All else travels as DuckDB's text for it.
_AS_IS = frozenset(
    ("BOOLEAN", "TINYINT", "SMALLINT", "INTEGER", "UTINYINT", "USMALLINT", "UINTEGER", "FLOAT", "DOUBLE", "VARCHAR")
)


class Pages:
    """Reads pages. Safe to use from many threads."""

    def __init__(self, threads: int) -> None:
        self._engine = Engine(threads, forms.configure)

    def cells(self, plan: ScanPlan, columns: tuple[str, ...], offset: int, limit: int) -> list[tuple[Any, ...]]:
        """Some rows in their order, of the columns named."""
        segments, skip, wanted = span(plan, offset, limit)
        if not segments:
            return []
        scan = scan_of(plan.model_copy(update={"segments": segments}))
        types = {f.name: f.type for f in Schema.from_json(plan.fields).fields}
        select = ", ".join(_cell(name, types[name]) for name in columns)
        query = f"SELECT {select} FROM ({scan.sql('$files')}) LIMIT {wanted} OFFSET {skip}"
        with self._engine.cursor() as cursor:
            return cursor.execute(query, {"files": list(scan.files)}).fetchall()

    def close(self) -> None:
        """Let go of DuckDB."""
        self._engine.close()


def _cell(name: str, kind: str) -> str:
    return quote_name(name) if kind in _AS_IS else f"CAST({quote_name(name)} AS VARCHAR)"
