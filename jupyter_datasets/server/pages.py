"""A page of a table for people: cells as JSON that loses nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from jupyter_datasets.engine.pool import Engine
from jupyter_datasets.engine.relations import Session
from jupyter_datasets.services.versions.models import ScanPlan
from jupyter_datasets.services.versions.reading import span
from jupyter_datasets.services.versions.scans import scan_of
from jupyter_datasets.sqltext import quote_name
from jupyter_datasets.store import forms
from jupyter_datasets.store.schemas import Field

# What a number of JSON, which is a DOUBLE to most readers, holds exactly. All else travels as DuckDB's text for it.
_AS_IS = frozenset(
    ("BOOLEAN", "TINYINT", "SMALLINT", "INTEGER", "UTINYINT", "USMALLINT", "UINTEGER", "FLOAT", "DOUBLE", "VARCHAR")
)


class Pages:
    """Reads pages. Safe to use from many threads."""

    def __init__(self, threads: int) -> None:
        self._engine = Engine(threads, forms.configure)

    def cells(self, plan: ScanPlan, columns: Sequence[Field], offset: int, limit: int) -> list[tuple[Any, ...]]:
        """Some rows in their order, of these columns."""
        segments, skip, wanted = span(plan, offset, limit)
        if not segments:
            return []
        scan = scan_of(plan.model_copy(update={"segments": segments}))
        with self._engine.cursor() as cursor:
            rows = scan.page(Session(cursor), [column.name for column in columns], skip, wanted)
            return cursor.execute(f"SELECT {', '.join(map(_cell, columns))} FROM ({rows})").fetchall()

    def close(self) -> None:
        """Let go of DuckDB."""
        self._engine.close()


def _cell(column: Field) -> str:
    name = quote_name(column.name)
    return name if column.type in _AS_IS else f"CAST({name} AS VARCHAR)"
