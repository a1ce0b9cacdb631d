"""Write rows as a CSV or Parquet file: streamed, and renamed into place only when it is whole."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Literal

import duckdb
import pyarrow as pa

from jupyter_datasets.errors import DatasetsError, ErrorKind, InvalidInputError, StorageError
from jupyter_datasets.sqltext import quote_text
from jupyter_datasets.store import segments
from jupyter_datasets.values import new_id

Format = Literal["csv", "tsv", "parquet"]
# Nulls are empty fields and empty texts are "", so that an import of the file gives the same rows.
_COPY: dict[str, str] = {
    "csv": "FORMAT csv, HEADER true, NULLSTR ''",
    "tsv": "FORMAT csv, HEADER true, NULLSTR '', DELIMITER '\t'",
    "parquet": "FORMAT parquet, PARQUET_VERSION v2, COMPRESSION zstd, ROW_GROUP_SIZE 122880",
}


def export(rows: pa.RecordBatchReader, target: Path, format: Format | None = None) -> Path:
    """Write rows in their order.

    Parameters
    ----------
    rows
        Read to the end.
    target
        The file; one that exists is replaced once the new one is whole.
    format
        By the ending of the name unless told.

    Raises
    ------
    InvalidInputError
        The format is not known.
    StorageError
        The file cannot be written; what was there before stays.
    DamagedObjectError
        The rows cannot be read.
    """
    chosen = _format_of(target) if format is None else _known(format)
    options = _COPY[chosen]
    if chosen == "parquet":
        _check_exact(rows.schema)
    if not target.parent.is_dir():
        raise StorageError(
            f"{target} cannot be written: there is no folder {target.parent}.", next_step="Make the folder first."
        )
    writing = target.with_name(f".{target.name}.{new_id()}")
    try:
        with segments.connect() as connection, _error_kept(rows) as exported:
            connection.register("exported", exported)
            connection.execute(f"COPY (SELECT * FROM exported) TO {quote_text(str(writing))} ({options})")
        writing.replace(target)
    except (duckdb.IOException, OSError) as error:
        raise StorageError(
            f"{target} cannot be written: {error}.",
            next_step="Check that the folder exists, may be written and has space.",
        ) from error
    finally:
        with suppress(OSError):
            writing.unlink()
    return target


@contextmanager
def _error_kept(rows: pa.RecordBatchReader) -> Iterator[pa.RecordBatchReader]:
    """The same rows; an error while they are read is raised as it is, where DuckDB would leave its text alone."""
    kept: list[DatasetsError] = []

    def read() -> Iterator[pa.RecordBatch]:
        try:
            yield from rows
        except DatasetsError as error:
            kept.append(error)
            raise

    try:
        yield pa.RecordBatchReader.from_batches(rows.schema, read())
    except duckdb.Error:
        if not kept:
            raise
    if kept:
        raise kept[0]


def _check_exact(schema: pa.Schema) -> None:
    """Refuse what Parquet would cut: its intervals have whole milliseconds."""
    if cut := [field.name for field in schema if "interval" in str(field.type)]:
        raise InvalidInputError(
            f"Column {cut[0]!r} holds intervals, of which a Parquet file keeps no microseconds.",
            kind=ErrorKind.UNSUPPORTED_TYPE,
            next_step="Write CSV, or convert the column to a number or text first.",
            details={"column": cut[0]},
        )


def _known(format: str) -> str:
    if format not in _COPY:
        raise InvalidInputError(f"{format!r} is no format to export to.", next_step=f"Use one of: {', '.join(_COPY)}.")
    return format


def _format_of(target: Path) -> str:
    ending = target.suffix.lower().lstrip(".")
    if ending not in _COPY:
        raise InvalidInputError(
            f"{target.name!r} has no ending that says what to write.",
            next_step="Use .csv, .tsv or .parquet, or give the format.",
            details={"file": str(target)},
        )
    return ending
