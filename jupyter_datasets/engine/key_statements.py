"""Changes to rows that are named by a key, as queries like those of :mod:`~jupyter_datasets.engine.edit_statements`."""

from __future__ import annotations

from collections.abc import Sequence

from jupyter_datasets.engine.edit_statements import GONE, TARGET, Changes, Columns, any_differs, cells_of
from jupyter_datasets.engine.relations import PIECE, ROW
from jupyter_datasets.sqltext import quote_name

_PLACE = f"{quote_name(PIECE)}, {quote_name(ROW)}"


def upsert(columns: Columns, given: Sequence[str], key: Sequence[str], rows: str) -> Changes:
    """Rows by a key: known ones get the given values, others are new.

    Parameters
    ----------
    given
        The columns that the rows have, of types that the table's take exactly.
    rows
        SQL for the rows.
    """
    values = {name: columns[name].cast(f"s.{quote_name(name)}") for name in given}
    on = " AND ".join(f"t.{quote_name(name)} = {values[name]}" for name in key)
    target = quote_name(TARGET)
    cells = ", ".join(f"{values.get(name, f't.{quote_name(name)}')} AS {quote_name(name)}" for name in columns)
    new = ", ".join(f"s.{quote_name(name)}" for name in given)
    others = {name: values[name] for name in columns if name in given and name not in key}
    differs = any_differs(others, "t") if others else "false"
    return Changes(
        rows=f"SELECT {_PLACE}, false AS {quote_name(GONE)}, {cells} FROM {target} t JOIN {rows} s ON {on} "
        f"WHERE {differs}",
        inserts=f"SELECT {new} FROM {rows} s WHERE NOT EXISTS (SELECT 1 FROM {target} t WHERE {on})",
    )


def delete_keys(columns: Columns, key: Sequence[str], rows: str) -> Changes:
    """Rows that go because their key is among the rows."""
    on = " AND ".join(f"t.{quote_name(name)} = s.{quote_name(name)}" for name in key)
    gone = f"{_PLACE}, true AS {quote_name(GONE)}, {cells_of(columns, {})}"
    return Changes(rows=f"SELECT DISTINCT {gone} FROM {quote_name(TARGET)} t JOIN {rows} s ON {on}")
