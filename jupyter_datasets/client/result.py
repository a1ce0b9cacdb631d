"""What a query gives: rows that are read as far as somebody looks, once."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import duckdb
import pyarrow as pa

from jupyter_datasets.client import display
from jupyter_datasets.client.durations import plain_durations, to_polars
from jupyter_datasets.client.provenance import ATTRIBUTE, Traced
from jupyter_datasets.client.version import require
from jupyter_datasets.errors import DatasetsError, ErrorKind, InvalidInputError, StatementError
from jupyter_datasets.services.versions.provenance import InputVersion
from jupyter_datasets.sqltext import quote_name
from jupyter_datasets.store import forms
from jupyter_datasets.values import CommitId, short

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl

T = TypeVar("T")

_SHOWN = 10
_LOOKED_AT = 1000
_BATCH = 2048  # rows: the unit in which DuckDB works, so that the first ones show as soon as there are any


class Runner(Protocol):
    """Runs work that blocks on a query: Ctrl-C stops it, errors are told in terms of the statement."""

    def run(self, work: Callable[[], T]) -> T:
        """What the work gives."""

    def connect(self) -> duckdb.DuckDBPyConnection:
        """Another connection to the same database."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """A version of a dataset that a query read.

    Attributes
    ----------
    dataset
        Its name.
    ref
        The reference that named the version: ``"main"``, ``"v1.0"``.
    commit
        What the reference meant when the query was made.
    """

    dataset: str
    ref: str
    commit: CommitId

    def __str__(self) -> str:
        name = f"{self.dataset}@{short(self.commit)}"
        return name if self.commit.startswith(self.ref.lower()) else f"{name} ({self.ref})"


def exportable(relation: duckdb.DuckDBPyRelation, names: Sequence[str] | None = None) -> duckdb.DuckDBPyRelation:
    """The same rows with columns whose Arrow export is exact; the relation itself where nothing is to do.

    Parameters
    ----------
    relation
        Any relation.
    names
        What to call the columns; as they are called by default. Names may repeat.
    """
    wanted = relation.columns if names is None else list(names)
    columns = [(f"#{i}", forms.to_public(f"#{i}", str(kind))) for i, kind in enumerate(relation.types, 1)]
    if wanted == relation.columns and all(before == after for before, after in columns):
        return relation
    select = [f"{sql} AS {quote_name(name)}" for (_, sql), name in zip(columns, wanted, strict=True)]
    return relation.project(", ".join(select))


class _Rows:
    """The rows of a query that runs once: those read so far, and the way to the others.

    Reading everything at once is left to DuckDB, which does it with all its threads; reading some, and then the others,
    goes through a stream.
    """

    def __init__(self, runner: Runner, relation: duckdb.DuckDBPyRelation) -> None:
        self._lock = threading.RLock()
        self._query: tuple[Runner, duckdb.DuckDBPyRelation] | None = (runner, relation)
        self._reader: pa.RecordBatchReader | None = None
        self._batches: list[pa.RecordBatch] = []
        self._table: pa.Table | None = None
        self._failure: DatasetsError | None = None
        self.count = 0
        self.seconds = 0.0

    @property
    def ended(self) -> bool:
        """Whether all rows were read."""
        return self._table is not None

    def fill(self, rows: int) -> None:
        """Read until there are so many rows, or no more."""
        with self._lock:
            if not self.ended and self.count < rows:
                self._read(lambda relation: self._read_until(relation, rows))

    def table(self) -> pa.Table:
        """All rows."""
        with self._lock:
            if self._table is None:
                self._read(self._read_all)
            return self._table

    def head(self, rows: int) -> pa.Table:
        """At most so many rows of those read so far."""
        with self._lock:
            if self._table is not None:
                return self._table.slice(0, rows)
            return pa.Table.from_batches(self._batches).slice(0, rows)

    def batches(self) -> Iterator[pa.RecordBatch]:
        """All rows, read as they are asked for, and kept."""
        taken, rows = 0, 0
        while True:
            with self._lock:
                self.fill(rows + 1)
                if self.ended:
                    break
                batch = self._batches[taken]
            taken, rows = taken + 1, rows + batch.num_rows
            yield batch
        yield from self.table().slice(rows).to_batches()

    def _read(self, work: Callable[[duckdb.DuckDBPyRelation], None]) -> None:
        if self._failure is not None:
            raise self._failure
        assert self._query is not None, "a query is there until all rows are"
        runner, relation = self._query
        started = perf_counter()
        try:
            runner.run(lambda: work(relation))
        except KeyboardInterrupt:
            self._failure = _interrupted()
            raise
        except DatasetsError as error:
            self._failure = error
            raise
        finally:
            self.seconds += perf_counter() - started

    def _read_until(self, relation: duckdb.DuckDBPyRelation, rows: int) -> None:
        if self._reader is None:
            self._reader = relation.to_arrow_reader(_BATCH)
        while self.count < rows:
            batch = next(self._reader, None)
            if batch is None:
                self._end(pa.Table.from_batches(self._batches, self._reader.schema))
                return
            if batch.num_rows:
                self._batches.append(batch)
                self.count += batch.num_rows

    def _read_all(self, relation: duckdb.DuckDBPyRelation) -> None:
        if self._reader is None:
            self._end(relation.to_arrow_table())
        else:
            self._end(pa.Table.from_batches([*self._batches, *self._reader], self._reader.schema))

    def _end(self, table: pa.Table) -> None:
        self._table, self.count = table, table.num_rows
        # The connection goes with them, and the tables that were registered with it.
        self._batches, self._reader, self._query = [], None, None


def _interrupted() -> StatementError:
    return StatementError(
        "The query was interrupted before all its rows were read.",
        kind=ErrorKind.STATEMENT_INTERRUPTED,
        next_step="Run the statement again.",
    )


class Result(Traced):
    """The rows of a query. The query runs when they are first looked at, and only once.

    What the names in it mean was fixed when the result was made. Showing it reads 1,000 rows or to the end; ``len``,
    ``to_arrow`` and the like go on from there. Speaks Arrow: ``pa.table(r)``, ``pl.from_arrow(r)``, DuckDB and
    ``edit["t"].append(r)`` take it as it is.

    Attributes
    ----------
    columns
        Column names in order; they may repeat.
    sources
        The versions that were read.
    inputs
        The same for programs, with those from which DataFrames were made that the query read.
    """

    def __init__(
        self,
        runner: Runner,
        relation: duckdb.DuckDBPyRelation,
        *,
        kinds: Sequence[str],
        sources: Sequence[Source],
        inputs: Sequence[InputVersion],
        seconds: float,
    ) -> None:
        self.columns = relation.columns
        self.sources = tuple(sources)
        self.inputs = tuple(inputs)
        self._kinds = kinds
        self._connect = runner.connect
        self._seconds = seconds
        self._rows = _Rows(runner, relation)

    @property
    def types(self) -> dict[str, str]:
        """The logical type of each column, in DuckDB's words."""
        return dict(zip(self.columns, self._kinds, strict=True))

    @property
    def versions(self) -> dict[str, str]:
        """Commit ids by dataset; a dataset that was read at several versions is there as ``name@reference``."""
        uses = Counter(source.dataset for source in self.sources)
        return {
            source.dataset if uses[source.dataset] == 1 else f"{source.dataset}@{source.ref}": source.commit
            for source in self.sources
        }

    @property
    def elapsed(self) -> float:
        """Seconds spent on the query so far."""
        return self._seconds + self._rows.seconds

    def to_arrow(self) -> pa.Table:
        """All rows; the schema's metadata tell what they were made from."""
        known = json.dumps({"versions": self.versions})
        return self._rows.table().replace_schema_metadata({ATTRIBUTE: known})

    def to_pandas(self) -> pd.DataFrame:
        """All rows as a pandas DataFrame; ``attrs["jupyter_datasets"]["versions"]`` tells what they were made from.

        Columns of type HUGEINT, which sums of integers have, become 64 bit integers where all values fit, and
        intervals without months and days timedeltas.
        """
        require("pandas")
        frame: pd.DataFrame = plain_durations(self._with_plain_integers(self.to_arrow())).to_pandas()
        frame.attrs[ATTRIBUTE] = {"versions": self.versions}
        return frame

    def to_polars(self) -> pl.DataFrame:
        """All rows as a polars DataFrame; HUGEINTs and intervals as :meth:`to_pandas` gives them.

        Raises
        ------
        InvalidInputError
            Two columns have one name, or one holds intervals with months or days.
        """
        polars = require("polars")
        if repeated := [name for name, uses in Counter(self.columns).items() if uses > 1]:
            raise InvalidInputError(
                f"Several columns are called {repeated[0]!r}, which polars does not allow.",
                next_step="Give them names of their own with AS.",
            )
        return to_polars(polars, self._with_plain_integers(self.to_arrow()))

    def relation(self) -> duckdb.DuckDBPyRelation:
        """All rows as a DuckDB relation."""
        return self._connect().from_arrow(self.to_arrow())

    def fetchall(self) -> list[tuple[Any, ...]]:
        """All rows as tuples of Python values."""
        return _tuples(self._with_plain_integers(self._rows.table()))

    def fetchone(self) -> tuple[Any, ...] | None:
        """The first row as Python values, None when there is none."""
        return next(iter(_tuples(self._with_plain_integers(self.head(1)))), None)

    def head(self, rows: int = _SHOWN) -> pa.Table:
        """The first rows."""
        self._rows.fill(max(rows, _LOOKED_AT + 1))
        return self._rows.head(rows)

    def batches(self) -> Iterator[pa.RecordBatch]:
        """All rows in batches, each read when it is asked for."""
        return self._rows.batches()

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        return self.batches()

    def __len__(self) -> int:
        return int(self._rows.table().num_rows)

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        return self.to_arrow().__arrow_c_stream__(requested_schema)

    def summary(self) -> str:
        """How many rows there are as far as is known, the time they took, and the versions they come from."""
        return ", ".join([self._extent(), _duration(self.elapsed), *map(str, self.sources)])

    def _extent(self) -> str:
        count = self._rows.count
        if not self._rows.ended:
            return f"{_SHOWN} of more than {_LOOKED_AT:,} rows" if count > _LOOKED_AT else "not run yet"
        return display.count(count, "row") if count <= _SHOWN else f"{_SHOWN} of {count:,} rows"

    def _with_plain_integers(self, table: pa.Table) -> pa.Table:
        """Sums of integers as integers: what Arrow holds them in, decimals of 38 digits, few can reckon with."""
        for i, kind in enumerate(self._kinds):
            if kind == "HUGEINT":
                try:
                    table = table.set_column(i, self.columns[i], table.column(i).cast(pa.int64()))
                except pa.ArrowInvalid:
                    continue
        return table

    def _plan(self) -> str:
        """What EXPLAIN drew, empty for any other statement."""
        is_plan = self.columns == ["explain_key", "explain_value"]
        return "\n".join(row[1] for row in _tuples(self.head())) if is_plan else ""

    def _cells(self) -> list[list[object]]:
        return [["NULL" if cell is None else cell for cell in row] for row in _tuples(self.head())]

    def __repr__(self) -> str:
        try:
            shown = self._plan() or display.text_table(self.columns, self._cells())
            return f"{shown}\n{self.summary()}"
        except DatasetsError as error:  # what shows a value must not fail
            return f"{type(error).__name__}: {error}"

    def _repr_html_(self) -> str:
        try:
            plan = self._plan()
            shown = display.html_preformatted(plan) if plan else display.html_table(self.columns, self._cells())
            return shown + display.html_lines([self.summary()])
        except DatasetsError as error:
            return display.html_preformatted(f"{type(error).__name__}: {error}")


def _tuples(table: pa.Table) -> list[tuple[Any, ...]]:
    return list(zip(*(column.to_pylist() for column in table.columns), strict=True))


def _duration(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:,.1f} s"
