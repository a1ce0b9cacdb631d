"""Parquet: names and types are the file's own; every page is read, for counting rows proves nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from jupyter_datasets.engine.arrow_types import DURATION_LIMIT, MICROSECONDS, refuse_inexact
from jupyter_datasets.engine.failures import damaged_parquet, reading_parquet, value_error
from jupyter_datasets.engine.report import ColumnType, FileReport, declared_by_position, types_by_position
from jupyter_datasets.engine.session import export_types, literal_path, open_session
from jupyter_datasets.engine.tabular import NARROW, query_stacked
from jupyter_datasets.sqltext import quote_name
from jupyter_datasets.values import repair_columns

_BATCH_ROWS = 65_536
_BATCH_CELLS = 2 << 20
_NOTHING = '"NULL"'  # DuckDB's type of a column that can hold nulls alone


@dataclass(frozen=True, kw_only=True, slots=True)
class _Column:
    """A column: what DuckDB calls it, and its type in the file and as it is wanted.

    ``unit`` is that of a span of time, which DuckDB reads as a number.
    """

    label: str
    stored: str
    type: str
    unit: str | None = None

    @property
    def is_declared(self) -> bool:
        """Whether it is wanted as another type."""
        return self.type != self.stored

    def value(self, name: str) -> str:
        """SQL for its values; NULL where one does not fit."""
        if self.unit:
            micros = f"{name} // 1000" if self.unit == "ns" else f"{name} * {MICROSECONDS[self.unit]}"
            return f"CASE WHEN {self.lost(name)} THEN NULL ELSE to_microseconds({micros}) END"
        return f"TRY_CAST({name} AS {self.type})" if self.is_declared else name

    def lost(self, name: str) -> str:
        """SQL: whether the wanted type does not hold a value."""
        if self.stored == _NOTHING:
            return "false"
        if self.unit == "ns":
            return f"{name} % 1000 <> 0"
        if self.unit:
            limit = DURATION_LIMIT // MICROSECONDS[self.unit]
            return f"{name} NOT BETWEEN -{limit} AND {limit}"
        return f"CAST({self.value(name)} AS {self.stored}) IS DISTINCT FROM {name}"


class ParquetSource:
    """A Parquet file; see :class:`~jupyter_datasets.engine.sources.Source`."""

    def __init__(
        self,
        path: Path,
        shown: Path,
        connection: duckdb.DuckDBPyConnection,
        types: Mapping[str, str],
        present: Mapping[str, str],
        report: FileReport,
    ) -> None:
        self._path = path
        self._shown = shown
        self._connection = connection
        self._relation = f"read_parquet({literal_path(path)}, hive_partitioning = false)"
        with reading_parquet(shown):
            names, self._rows = self._footer()
            labels = self._labels()
            fields = list(pq.read_schema(path))
        if not len(labels) == len(names) == len(fields):
            raise damaged_parquet(shown, "its schema contradicts itself")
        repaired, report.renamed = repair_columns(names)
        wanted = declared_by_position(shown, repaired, types)
        refuse_inexact(shown, repaired, fields, wanted)
        empty = {i for i, (_, stored) in enumerate(labels) if stored == _NOTHING}
        before = types_by_position(repaired, present)
        wanted = {i: before.get(i, "VARCHAR") for i in empty} | wanted
        report.notes += [f"Column {repaired[i]!r} holds no values; it is {wanted[i]}." for i in sorted(empty)]
        self._plan = [_column(*labels[i], field.type, wanted.get(i)) for i, field in enumerate(fields)]
        self.columns = tuple(ColumnType(name=n, type=c.type) for n, c in zip(repaired, self._plan, strict=True))
        arrow = export_types(connection, (column.type for column in self._plan))
        self.arrow_schema = pa.schema([(column.name, arrow[column.type]) for column in self.columns])
        self.size = shown.stat().st_size
        self.bytes_read = 0
        self.rows_read = 0
        self.report = report

    def batches(self) -> Iterator[pa.RecordBatch]:
        """See :meth:`Source.batches <jupyter_datasets.engine.sources.Source.batches>`."""
        # As with texts, DuckDB's vectors of very many columns take too much memory.
        rows = self._by_sql() if len(self._plan) <= NARROW else self._by_arrow()
        with reading_parquet(self._shown):
            for arrays in rows:
                batch = pa.RecordBatch.from_arrays(arrays, schema=self.arrow_schema)
                self.rows_read += batch.num_rows
                self.bytes_read = self.size * self.rows_read // max(self._rows, 1)
                yield batch
        if self.rows_read != self._rows:
            raise damaged_parquet(self._shown, f"it promises {self._rows:,} rows and holds {self.rows_read:,}")
        self.bytes_read = self.size

    def _by_sql(self) -> Iterator[list[pa.Array]]:
        lost = [column.lost(quote_name(column.label)) for column in self._plan if column.is_declared]
        values = ", ".join(f"{c.value(quote_name(c.label))} AS c{i}" for i, c in enumerate(self._plan))
        query = f"SELECT {values}, CAST({' OR '.join(lost) or 'false'} AS TINYINT) AS bad FROM {self._relation}"
        with self._connection.cursor() as cursor:
            for batch in cursor.sql(query).to_arrow_reader(_BATCH_ROWS):
                if pc.max(batch.column("bad")).as_py():
                    raise self._misfit()
                yield batch.columns[:-1]

    def _by_arrow(self) -> Iterator[list[pa.Array]]:
        with pq.ParquetFile(self._path, pre_buffer=False) as file:
            for batch in file.iter_batches(max(1, _BATCH_CELLS // len(self._plan)), use_threads=False):
                yield [self._converted(i, array) for i, array in enumerate(batch.columns)]

    def _converted(self, i: int, array: pa.Array) -> pa.Array:
        column = self._plan[i]
        if pa.types.is_duration(array.type):
            array = array.cast(pa.int64())
        if not column.is_declared:
            return array.cast(self.arrow_schema.field(i).type)
        query = f"SELECT {column.value('t')} AS v, CAST({column.lost('t')} AS TINYINT) AS bad FROM stacked"
        answer = query_stacked(self._connection, array, query).combine_chunks()
        if pc.max(answer.column("bad")).as_py():
            raise self._misfit()
        return answer.column("v").chunk(0)

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

    def _misfit(self) -> Exception:
        """The first value that the type declared for its column does not hold."""
        firsts = []
        for column, shown in zip(self._plan, self.columns, strict=True):
            if not column.is_declared:
                continue
            name = quote_name(column.label)
            found = f"SELECT file_row_number, CAST({name} AS VARCHAR) FROM {self._relation}"
            query = f"{found} WHERE {column.lost(name)} ORDER BY 1 LIMIT 1"
            with self._connection.cursor() as cursor:
                if row := cursor.execute(query).fetchone():
                    firsts.append((int(row[0]), shown, str(row[1])))
        place, misfit, value = min(firsts, key=lambda first: first[0])
        return value_error(self._shown, misfit.name, misfit.type, place + 1, value)


def open_parquet(
    path: Path,
    shown: Path,
    types: Mapping[str, str],
    present: Sequence[ColumnType],
    report: FileReport,
    *,
    memory_mib: int,
    threads: int,
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
    present
        Columns of the table that the file goes into; a column without values takes their types.
    report
        Takes notes.
    memory_mib, threads
        What reading may use.
    """
    connection = open_session(path, memory_mib=memory_mib, threads=threads)
    before = {column.name: column.type for column in present}
    return ParquetSource(path, shown, connection, types, before, report)


def _column(label: str, stored: str, kind: pa.DataType, wanted: str | None) -> _Column:
    """A column as it is to be read."""
    if pa.types.is_duration(kind) and wanted in (None, "INTERVAL"):
        return _Column(label=label, stored=stored, type="INTERVAL", unit=kind.unit)
    return _Column(label=label, stored=stored, type=wanted or stored)


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
