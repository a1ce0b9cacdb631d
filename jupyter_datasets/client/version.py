"""Versions, tables and files as users hold them. They are fixed: what a name means is decided when they are made."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, BinaryIO

import duckdb
import pyarrow as pa

from jupyter_datasets.client import display
from jupyter_datasets.client.durations import plain_durations, to_polars
from jupyter_datasets.client.history import Log
from jupyter_datasets.client.provenance import ATTRIBUTE, READS, Traced
from jupyter_datasets.client.schema import TableSchema
from jupyter_datasets.client.texts import TextPage
from jupyter_datasets.client.transport import Transport
from jupyter_datasets.engine.pool import Engine
from jupyter_datasets.engine.relations import Lasting
from jupyter_datasets.errors import ErrorKind, InvalidInputError, NotFoundError
from jupyter_datasets.services.versions.models import ColumnInfo, FileInfo, ScanPlan, TableInfo
from jupyter_datasets.services.versions.models import Commit as CommitModel
from jupyter_datasets.services.versions.models import Version as VersionModel
from jupyter_datasets.services.versions.provenance import InputVersion
from jupyter_datasets.services.versions.reading import span
from jupyter_datasets.services.versions.scans import pieces_of, scan_of
from jupyter_datasets.store.patches import Piece
from jupyter_datasets.store.reading import OrderedReader, check_segments
from jupyter_datasets.store.schemas import Schema
from jupyter_datasets.values import check_limit, check_offset, name_key, nearest, short

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl

_SHOWN = 10


class Version:
    """The content of a dataset at one commit; ``version["flights"]`` is a table of it."""

    def __init__(self, transport: Transport, engine: Engine, dataset_name: str, model: VersionModel) -> None:
        self._transport = transport
        self._engine = engine
        self._dataset_name = dataset_name
        self._model = model

    @property
    def commit(self) -> CommitModel:
        """The commit whose content this is."""
        return self._model.commit

    @property
    def tables(self) -> dict[str, Table]:
        """The tables by name."""
        return {info.name: self._table(info) for info in self._model.tables}

    @property
    def files(self) -> Files:
        """The attached files by name."""
        return Files(self._transport, self._model)

    def __getitem__(self, table: str) -> Table:
        if not isinstance(table, str):
            raise self._no_name(table)
        found = next((t for t in self._model.tables if name_key(t.name) == name_key(table)), None)
        if found is None:
            names = [t.name for t in self._model.tables]
            hints = nearest(table, names)
            raise NotFoundError(
                f"Dataset {self._dataset_name!r} has no table {table!r} at {short(self.commit.id)}.",
                kind=ErrorKind.TABLE_NOT_FOUND,
                next_step=f"Did you mean {hints[0]!r}?" if hints else f"Tables: {', '.join(names) or 'none'}.",
                details={"table": table, "suggestions": hints},
            )
        return self._table(found)

    def _no_name(self, value: object) -> InvalidInputError:
        return InvalidInputError(
            f"A table is named by text, and not by a value of type {type(value).__name__}.",
            kind=ErrorKind.INVALID_NAME,
            next_step=f"Tables: {', '.join(self) or 'none'}.",
        )

    def __contains__(self, table: object) -> bool:
        return isinstance(table, str) and any(name_key(t.name) == name_key(table) for t in self._model.tables)

    def __iter__(self) -> Iterator[str]:
        return iter(t.name for t in self._model.tables)

    def __len__(self) -> int:
        return len(self._model.tables)

    def _table(self, info: TableInfo) -> Table:
        return Table(self._transport, self._engine, f"{self._dataset_name}@{short(self.commit.id)}", self._model, info)

    def _rows(self) -> list[tuple[str, str, str, str]]:
        tables = [
            (t.name, display.count(t.rows, "row"), display.count(len(t.columns), "column"), display.size(t.bytes))
            for t in self._model.tables
        ]
        return tables + [(f.name, "file", f.media_type, display.size(f.bytes)) for f in self._model.files]

    def _title(self) -> str:
        return display.plain(f"{self._dataset_name}@{short(self.commit.id)}  {self.commit.message}")

    def __repr__(self) -> str:
        return f"{self._title()}\n{display.text_table(('name', 'rows', 'columns', 'size'), self._rows())}"

    def _repr_html_(self) -> str:
        return display.html_table(("name", "rows", "columns", "size"), self._rows(), self._title())


class Files(Mapping[str, "AttachedFile"]):
    """The files of a version by name."""

    def __init__(self, transport: Transport, model: VersionModel) -> None:
        self._transport = transport
        self._model = model
        self._files = {f.name: f for f in model.files}

    def __getitem__(self, name: str) -> AttachedFile:
        if name not in self._files:
            hints = nearest(name, self._files)
            raise NotFoundError(
                f"Version {short(self._model.commit.id)} has no file {name!r}.",
                kind=ErrorKind.FILE_NOT_FOUND,
                next_step=f"Did you mean {hints[0]!r}?" if hints else f"Files: {', '.join(self._files) or 'none'}.",
                details={"file": name, "suggestions": hints},
            )
        return AttachedFile(self._transport, self._model, self._files[name])

    def __iter__(self) -> Iterator[str]:
        return iter(self._files)

    def __len__(self) -> int:
        return len(self._files)

    def __repr__(self) -> str:
        rows = [(f.name, f.media_type, display.size(f.bytes)) for f in self._files.values()]
        return display.text_table(("name", "type", "size"), rows) if rows else "No files."


class AttachedFile:
    """A file that is kept in a version."""

    def __init__(self, transport: Transport, model: VersionModel, info: FileInfo) -> None:
        self._transport = transport
        self._model = model
        self.info = info

    def open(self) -> BinaryIO:
        """The content, as a binary file to read and close."""
        READS.add([_input(self._model)])
        return self._transport.open_file(self._model.dataset_id, self._model.commit.id, self.info.name)

    def read(self) -> bytes:
        """The whole content."""
        with self.open() as file:
            return file.read()

    def versions(self) -> Log:
        """The versions that hold this very content, under whatever name; the newest thousand of them."""
        model = self._model
        held = self._transport.holders(model.dataset_id, model.commit.id, self.info.name)
        return Log(self.info.name, held.commits, filtered=held.count > len(held.commits))

    def __repr__(self) -> str:
        return f"<AttachedFile {self.info.name!r}: {self.info.media_type}, {display.size(self.info.bytes)}>"


class Table(Traced):
    """A table at one version. Speaks Arrow: ``pa.table(t)``, ``pl.from_arrow(t)`` and DuckDB take it as it is."""

    def __init__(self, transport: Transport, engine: Engine, place: str, model: VersionModel, info: TableInfo) -> None:
        self._transport = transport
        self._engine = engine
        self._place = place
        self._model = model
        self.info = info
        self.inputs = (_input(model, info.name),)

    @property
    def name(self) -> str:
        """What the table is called in this version."""
        return self.info.name

    @property
    def columns(self) -> list[str]:
        """Column names in order."""
        return [c.name for c in self.info.columns]

    @cached_property
    def schema(self) -> TableSchema:
        """Names and types as :meth:`to_arrow` gives them, and what is declared of columns and rows."""
        return TableSchema(self.info, OrderedReader(self._fields).arrow_schema)

    @property
    def types(self) -> dict[str, str]:
        """The logical type of each column, in DuckDB's words."""
        return {c.name: c.type for c in self.info.columns}

    @property
    def num_rows(self) -> int:
        """How many rows there are."""
        return self.info.rows

    def __len__(self) -> int:
        return self.info.rows

    def digest(self) -> str:
        """What the rows add up to, whatever their order: 48 hex digits, equal for the same rows.

        Of two versions of a table, ``ds["v1"]["t"].digest() == ds["main"]["t"].digest()`` tells whether both hold the
        same rows, in whatever order and however they are stored, as long as its columns have the same ids and types;
        their names do not count. Most of it is noted beside the segments, and is not read for it.

        It is no protection from somebody who wants two tables to look alike: compare ``info.root`` for that, which
        tells rows in another order apart too.
        """
        return self._transport.digest(self._model.dataset_id, self._model.commit.id, self.name)

    def to_arrow(self, columns: Sequence[str] | None = None) -> pa.Table:
        """All rows in order, of all columns or those named."""
        READS.add(self.inputs)
        streamed = self._transport.stream(self._plan, columns)
        return OrderedReader(self._fields, columns).table(self._pieces) if streamed is None else streamed.read_all()

    def scan(self, columns: Sequence[str] | None = None) -> pa.RecordBatchReader:
        """All rows in order, as a stream that holds a few segments at a time."""
        READS.add(self.inputs)
        if (streamed := self._transport.stream(self._plan, columns)) is not None:
            return streamed
        reader = OrderedReader(self._fields, columns)
        return pa.RecordBatchReader.from_batches(reader.arrow_schema, reader.batches(self._pieces))

    def to_pandas(self, columns: Sequence[str] | None = None) -> pd.DataFrame:
        """All rows as a pandas DataFrame; intervals without months and days become timedeltas.

        ``attrs["jupyter_datasets"]["versions"]`` tells the version.
        """
        require("pandas")
        frame: pd.DataFrame = plain_durations(self.to_arrow(columns)).to_pandas()
        frame.attrs[ATTRIBUTE] = {"versions": {self._place.rpartition("@")[0]: self._model.commit.id}}
        return frame

    def to_polars(self, columns: Sequence[str] | None = None) -> pl.DataFrame:
        """All rows as a polars DataFrame; intervals without months and days become durations, others are refused."""
        return to_polars(require("polars"), self.to_arrow(columns))

    def relation(self) -> duckdb.DuckDBPyRelation:
        """A DuckDB relation over the table; its order of rows is not promised."""
        READS.add(self.inputs)
        scan = scan_of(self._here)
        check_segments(scan.paths)  # now, for what DuckDB says when it runs is its own
        connection = self._engine.cursor()
        return connection.sql(scan.bind(Lasting(connection), self.info.root))

    def head(self, rows: int = 5, columns: Sequence[str] | None = None) -> pa.Table:
        """The first rows, of all columns or those named."""
        READS.add(self.inputs)
        return self._head(rows, columns)

    def _head(self, rows: int, columns: Sequence[str] | None) -> pa.Table:
        if (streamed := self._transport.stream(self._plan, columns, limit=rows)) is not None:
            return streamed.read_all()
        reader = OrderedReader(self._fields, columns)
        taken, left = [reader.arrow_schema.empty_table()], rows
        for piece in self._pieces:
            if left <= 0:
                break
            taken.append(reader.piece(piece).slice(0, left))
            left -= piece.rows
        return pa.concat_tables(taken)

    def texts(
        self, offset: int, limit: int, columns: Sequence[str] | None = None, longest: int | None = None
    ) -> TextPage:
        """Some rows as exact texts, for people to look at; nothing is read before ``.read()``.

        Parameters
        ----------
        offset, limit
            How many rows to pass over, and how many to give at most.
        columns
            Names of the columns wanted, in the order wanted; all of them when None.
        longest
            Characters of a text; one that is longer is cut, and ends with "…". None for no limit.

        Raises
        ------
        InvalidInputError
            A negative offset, or not 1 to 10,000 rows.
        NotFoundError
            There is no such column.
        """
        segments, skip, wanted = span(self._plan, check_offset(offset), check_limit(limit))
        here = self._transport.fetch(self._plan.model_copy(update={"segments": segments}))
        names = [self._fields.field(name).name for name in columns] if columns is not None else self.columns
        return TextPage(self._engine, scan_of(here), names, skip, wanted, longest)

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        return self.scan().__arrow_c_stream__(requested_schema)

    @cached_property
    def _plan(self) -> ScanPlan:
        return self._transport.plan(self._model.dataset_id, self._model.commit.id, self.info.name)

    @cached_property
    def _here(self) -> ScanPlan:
        return self._transport.fetch(self._plan)

    @property
    def _pieces(self) -> list[Piece]:
        return pieces_of(self._here.segments)

    @cached_property
    def _fields(self) -> Schema:
        return Schema.from_json(self._plan.fields)

    def _title(self) -> str:
        return f"{self._place}.{self.name}: {display.count(self.num_rows, 'row')}, {display.size(self.info.bytes)}"

    def _shape(self) -> list[tuple[str, str, str]]:
        key = set(self.info.key)

        def words(c: ColumnInfo) -> Iterator[str]:
            yield "key" if c.name in key else ""
            yield "not null" if c.required else "" if c.nullable else "no nulls"
            yield c.unit

        return [(c.name, c.type, ", ".join(filter(None, words(c)))) for c in self.info.columns]

    def __repr__(self) -> str:
        shape = display.text_table(("column", "type", ""), self._shape())
        return f"{self._title()}\n{display.first_lines(shape, 1 + display.MOST_COLUMNS, 'more column')}"

    def _repr_html_(self) -> str:
        head = self._head(_SHOWN, self.columns[: display.MOST_COLUMNS])
        rows = zip(*(column.to_pylist() for column in head.columns), strict=True) if head.num_rows else []
        headers = [f"{c.name} ({c.type})" for c in self.info.columns]
        return display.html_table(headers, rows, self._title())


def _input(model: VersionModel, *tables: str) -> InputVersion:
    return InputVersion(dataset=model.dataset_id, commit=model.commit.id, tables=tables)


def require(package: str) -> Any:
    """Import a package that is not among ours, or say how to get it."""
    try:
        return importlib.import_module(package)
    except ImportError as error:
        raise InvalidInputError(
            f"This needs the package {package}, which is not installed.",
            kind=ErrorKind.MISSING_PACKAGE,
            next_step=f"pip install {package}",
        ) from error
