"""Parquet: names and types are the file's own; every page is read, for counting rows proves nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from jupyter_datasets.engine.failures import damaged_parquet, reading_parquet, value_error
from jupyter_datasets.engine.report import ColumnType, FileReport, declared_by_position, repair_names
from jupyter_datasets.engine.session import export_exactly, literal_path, open_session
from jupyter_datasets.sqltext import quote_name

_BATCH_ROWS = 65_536
_BATCH_CELLS = 8 << 20
_VECTOR_ROWS = 2_048


@dataclass(frozen=True, kw_only=True, slots=True)
class _Column:
    """A column: what DuckDB calls it, and its type in the file and as it is wanted."""

    label: str
    stored: str
    type: str

    @property
    def value(self) -> str:
        """SQL for its values; NULL where one does not fit."""
        label = quote_name(self.label)
        return label if self.type == self.stored else f"TRY_CAST({label} AS {self.type})"

    @property
    def lost(self) -> str:
        """SQL: whether the wanted type does not hold a value."""
        return f"CAST({self.value} AS {self.stored}) IS DISTINCT FROM {quote_name(self.label)}"


class ParquetSource:
    """A Parquet file; see :class:`~jupyter_datasets.engine.sources.Source`."""

    def __init__(
        self,
        path: Path,
        shown: Path,
        connection: duckdb.DuckDBPyConnection,
        types: Mapping[str, str],
        report: FileReport,
    ) -> None:
        self._path = path
        self._shown = shown
        self._connection = connection
        self._relation = f"read_parquet({literal_path(path)}, hive_partitioning = false)"
        with reading_parquet(shown):
            names, self._rows = self._footer()
            labels = self._labels()
        if len(labels) != len(names):
            raise damaged_parquet(shown, "its schema contradicts itself")
        repaired, report.renamed = repair_names(names)
        wanted = declared_by_position(shown, repaired, types)
        self._plan = [
            _Column(label=label, stored=stored, type=wanted.get(i, stored)) for i, (label, stored) in enumerate(labels)
        ]
        self.columns = tuple(ColumnType(name=n, type=c.type) for n, c in zip(repaired, self._plan, strict=True))
        export_exactly(connection, {column.type for column in self._plan})
        with reading_parquet(shown):
            self.arrow_schema = self._arrow_schema()
        self.size = shown.stat().st_size
        self.bytes_read = 0
        self.rows_read = 0
        self.report = report

    def batches(self) -> Iterator[pa.RecordBatch]:
        """See :meth:`Source.batches <jupyter_datasets.engine.sources.Source.batches>`."""
        lost = [column.lost for column in self._plan if column.type != column.stored]
        values = ", ".join(f"{column.value} AS c{i}" for i, column in enumerate(self._plan))
        query = f"SELECT {values}, CAST({' OR '.join(lost) or 'false'} AS TINYINT) AS bad FROM {self._relation}"
        with reading_parquet(self._shown), self._connection.cursor() as cursor:
            for batch in cursor.sql(query).to_arrow_reader(_batch_rows(len(self._plan))):
                if pc.max(batch.column("bad")).as_py():
                    raise self._misfit()
                self.rows_read += batch.num_rows
                self.bytes_read = self.size * self.rows_read // max(self._rows, 1)
                yield pa.RecordBatch.from_arrays(batch.columns[:-1], schema=self.arrow_schema)
        if self.rows_read != self._rows:
            raise damaged_parquet(self._shown, f"it promises {self._rows:,} rows and holds {self.rows_read:,}")
        self.bytes_read = self.size

    def _footer(self) -> tuple[list[str], int]:
        """The names of the columns as they are in the file, and the number of rows."""
        path = literal_path(self._path)
        with self._connection.cursor() as cursor:
            nodes = cursor.sql(f"SELECT name, num_children FROM parquet_schema({path})").fetchall()
            counted = cursor.execute(f"SELECT num_rows FROM parquet_file_metadata({path})").fetchone()
        return _top_level(nodes), int(counted[0]) if counted else 0

    def _labels(self) -> list[tuple[str, str]]:
        """What DuckDB calls the columns, and their types."""
        with self._connection.cursor() as cursor:
            found = cursor.sql(f"FROM {self._relation}")
            return [(label, str(kind)) for label, kind in zip(found.columns, found.types, strict=True)]

    def _arrow_schema(self) -> pa.Schema:
        values = ", ".join(f"{column.value} AS c{i}" for i, column in enumerate(self._plan))
        with self._connection.cursor() as cursor:
            found = cursor.sql(f"SELECT {values} FROM {self._relation} LIMIT 0").to_arrow_table().schema
        return pa.schema([field.with_name(c.name) for field, c in zip(found, self.columns, strict=True)])

    def _misfit(self) -> Exception:
        """The first value that the type declared for its column does not hold."""
        firsts = []
        for column, shown in zip(self._plan, self.columns, strict=True):
            if column.type == column.stored:
                continue
            text = f"CAST({quote_name(column.label)} AS VARCHAR)"
            query = f"SELECT file_row_number, {text} FROM {self._relation} WHERE {column.lost} ORDER BY 1 LIMIT 1"
            with self._connection.cursor() as cursor:
                if row := cursor.execute(query).fetchone():
                    firsts.append((int(row[0]), shown, str(row[1])))
        place, misfit, value = min(firsts, key=lambda first: first[0])
        return value_error(self._shown, misfit.name, misfit.type, place + 1, value)


def open_parquet(
    path: Path, shown: Path, types: Mapping[str, str], report: FileReport, *, memory_mib: int, threads: int
) -> ParquetSource:
    """Look at the footer of a Parquet file.

    Parameters
    ----------
    path
        The plain file.
    shown
        The file that the user knows, for errors and sizes.
    types
        Types that the user declared; each value must survive the way there and back.
    report
        Takes notes.
    memory_mib, threads
        What reading may use.
    """
    connection = open_session(path, memory_mib=memory_mib, threads=threads)
    return ParquetSource(path, shown, connection, types, report)


def _top_level(nodes: Sequence[tuple[str, int | None]]) -> list[str]:
    """The names of the root's children in a schema that is listed depth-first."""
    names, place = [], 1
    while place < len(nodes):
        names.append(nodes[place][0])
        open_children = 1
        while open_children and place < len(nodes):
            open_children += (nodes[place][1] or 0) - 1
            place += 1
    return names


def _batch_rows(columns: int) -> int:
    return max(_VECTOR_ROWS, min(_BATCH_ROWS, _BATCH_CELLS // columns))
