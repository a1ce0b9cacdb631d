"""The DuckDB connection that reads a user's file: it may open that one file, and nothing else."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import duckdb
import pyarrow as pa

from jupyter_datasets.sqltext import quote_text

_SMALLEST_MIB = 96

# Types whose plain Arrow form DuckDB reads back as the same type. BOOLEAN is one, which is why the lossless form is
# not used throughout: it turns BOOLEAN into an extension type.
_PLAIN = frozenset(
    {
        *("BOOLEAN", "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT"),
        *("FLOAT", "DOUBLE", "VARCHAR", "BLOB", "DATE", "TIME", "TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS"),
        *("TIMESTAMP_NS", "TIMESTAMP WITH TIME ZONE"),
    }
)


def open_session(path: Path, *, memory_mib: int, threads: int) -> duckdb.DuckDBPyConnection:
    """A private in-memory database whose only outside is the file.

    Parameters
    ----------
    path
        The file, absolute.
    memory_mib
        What the whole process may use, in MiB; DuckDB gets half.
    threads
        Threads for each query.
    """
    config: dict[str, str | bool | int | float | list[str]] = {
        "threads": str(threads),
        "memory_limit": f"{max(memory_mib // 2, _SMALLEST_MIB)}MiB",
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
        "allow_community_extensions": "false",
        "python_enable_replacements": "false",
        "temp_directory": "",
    }
    connection = duckdb.connect(":memory:", config=config)
    # DuckDB checks the pattern before it looks for files, and then the files it found.
    connection.execute(f"SET allowed_paths = [{quote_text(str(path))}, {literal_path(path)}]")
    connection.execute("SET enable_external_access = false")
    connection.execute("SET GLOBAL TimeZone = 'UTC'")
    # A long IN list would become a hash join, after which rows no longer come in the order of the file.
    connection.execute("SET GLOBAL disabled_optimizers = 'in_clause'")
    return connection


def export_types(connection: duckdb.DuckDBPyConnection, types: Iterable[str]) -> dict[str, pa.DataType]:
    """Let results of these types reach Arrow, and come back from it, as what they are.

    Returns
    -------
    dict
        The Arrow type for each of the types.
    """
    distinct = sorted(set(types))
    plain = all(kind in _PLAIN or (kind.startswith("DECIMAL(") and kind.endswith(")")) for kind in distinct)
    connection.execute(f"SET GLOBAL arrow_lossless_conversion = {'false' if plain else 'true'}")
    nulls = ", ".join(f"CAST(NULL AS {kind}) AS c{i}" for i, kind in enumerate(distinct))
    with connection.cursor() as cursor:
        schema = cursor.sql(f"SELECT {nulls} LIMIT 0").to_arrow_table().schema
    return dict(zip(distinct, schema.types, strict=True))


def literal_path(path: Path) -> str:
    """The path as an SQL literal that names this file alone, whatever characters it holds."""
    return quote_text("".join(f"[{char}]" if char in "*?[" else char for char in str(path)))
