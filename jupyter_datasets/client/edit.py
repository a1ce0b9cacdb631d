"""Edits: changes to a dataset's tables and files that become one commit."""

from __future__ import annotations

import os
import warnings as python_warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import pyarrow as pa

from jupyter_datasets.client import display, provenance
from jupyter_datasets.client.declaring import TableDeclarations, names_of
from jupyter_datasets.client.row_edits import RowEdits
from jupyter_datasets.client.sql import Queries
from jupyter_datasets.client.streams import to_reader
from jupyter_datasets.client.transport import Mode, Transport
from jupyter_datasets.errors import ConflictError, ErrorKind, InvalidInputError, NotFoundError
from jupyter_datasets.services.datasets.models import Dataset
from jupyter_datasets.services.versions.models import Commit
from jupyter_datasets.services.versions.models import Edit as EditModel
from jupyter_datasets.services.versions.provenance import InputVersion
from jupyter_datasets.values import CommitId, name_key

T = TypeVar("T")
_TRIES = 5


class RepairWarning(UserWarning):
    """Something in the data was changed so that it could be kept: a column's name, an index."""


class Edit:
    """Changes on a branch, used as ``with ds.edit(...) as edit:``.

    Leaving the block makes one commit; an error inside it leaves everything as it was.

    Attributes
    ----------
    commit
        The commit once the block was left; None when nothing changed.
    """

    def __init__(
        self,
        transport: Transport,
        queries: Queries,
        dataset: Dataset,
        branch: str,
        message: str,
        *,
        retry: bool = False,
    ) -> None:
        self._transport = transport
        self._queries = queries
        self._dataset = dataset
        self._branch = branch
        self._message = message
        self._tries = _TRIES if retry else 1
        self._model: EditModel | None = None
        self._done: list[Callable[[], object]] = []
        self._used: list[InputVersion] = []
        self._notes: list[str] = []
        self.commit: Commit | None = None

    def __enter__(self) -> Self:
        self._model = self._transport.begin_edit(self._dataset.id, self._branch)
        self._done = []
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self._commit()
        else:
            self._transport.abort_edit(self._end())

    def __getitem__(self, table: str) -> TableEdit:
        return TableEdit(self, table)

    def sql(
        self, query: str, *, params: Mapping[str, Any] | None = None, tables: Mapping[str, Any] | None = None
    ) -> int:
        """Change a table by ``INSERT``, ``UPDATE``, ``DELETE`` or ``MERGE``; only segments with such rows are touched.

        The statement runs here, over the tables as this edit has them by now, so that DataFrames can take part.
        ``CREATE TABLE`` with columns makes a table, and ``ALTER TABLE`` changes its columns; see :class:`TableEdit`.

        Parameters
        ----------
        query
            One statement. The table is written alone or behind the dataset's name.
        params
            Values for ``$name`` in the statement.
        tables
            DataFrames and Arrow tables that it may name.

        Returns
        -------
        int
            How many rows were changed, removed and added.

        Raises
        ------
        StatementError
            The statement cannot run.
        InvalidInputError
            A row would be changed twice, or the result breaks the table's key.

        Examples
        --------
        >>> with flights.edit("fix", message="No negative delays") as edit:
        ...     edit.sql("UPDATE flights SET dep_delay = 0 WHERE dep_delay < -60")
        """
        done = self._do(lambda: self._rows.run(query, params or {}, tables or {}))
        _warn(self._noted(), stacklevel=3)
        return done

    def drop(self, table: str) -> None:
        """Remove a table from the next version; earlier ones keep it."""
        self._do(lambda: self._transport.drop_table(self._id, table))

    def rename(self, table: str, name: str) -> None:
        """Call a table otherwise from the next version on."""
        self._do(lambda: self._transport.rename_table(self._id, table, name))

    def compact(self, table: str) -> None:
        """Work small changes into the table's segments, so that it is read as fast as at first; no row changes."""
        self._do(lambda: self._transport.compact_table(self._id, table))

    def attach(self, path: str | os.PathLike[str], name: str | None = None, media_type: str = "") -> None:
        """Keep a copy of a file, under its own name or another."""
        file = Path(path).expanduser().absolute()
        self._do(lambda: self._transport.attach(self._id, name or file.name, file, media_type))

    def detach(self, name: str) -> None:
        """Remove a file from the next version; earlier ones keep it."""
        self._do(lambda: self._transport.detach(self._id, name))

    def _do(self, change: Callable[[], T]) -> T:
        """Make a change, and remember it in case that all are to be made again."""
        done = change()
        self._done.append(change)
        return done

    def _commit(self) -> None:
        for left in reversed(range(self._tries)):
            base = self._open.base
            try:
                self.commit = self._transport.commit_edit(self._end(), self._message, provenance.claim(self._used))
                if self.commit:
                    provenance.READS.forget(self._dataset.id)
                return
            except ConflictError:
                if not left:
                    raise
            self._again(base)

    def _again(self, before: CommitId | None) -> None:
        """Make all changes to the branch as it is now; ``before`` is where it was."""
        self._model = self._transport.begin_edit(self._dataset.id, self._branch)
        try:
            for change in self._done:
                change()
            self._check_none_returned(before)
        except BaseException:
            self._transport.abort_edit(self._end())
            raise

    def _check_none_returned(self, before: CommitId | None) -> None:
        """Refuse to make a table anew that was dropped or renamed meanwhile: it would lack its rows and rules."""
        gone = self._tables(before).keys() - self._tables(self._open.base).keys()
        returned = [name for key, name in self._tables(before).items() if key in gone and self._holds(name)]
        if returned:
            raise ConflictError(
                f"Table {returned[0]!r} was dropped or renamed on {self._branch!r} since the edit began.",
                next_step="Nothing was changed. Look at the new commits, then make the edit again.",
                details={"table": returned[0], "expected": before, "actual": self._open.base},
            )

    def _tables(self, commit: CommitId | None) -> dict[str, str]:
        """Names of the tables of a version, without regard to case."""
        found = () if commit is None else self._transport.version(self._dataset.id, commit).tables
        return {name_key(table.name): table.name for table in found}

    def _holds(self, table: str) -> bool:
        try:
            self._transport.edit_plan(self._id, table)
        except NotFoundError:
            return False
        return True

    def _end(self) -> str:
        edit, self._model = self._open.id, None
        return edit

    @property
    def _rows(self) -> RowEdits:
        return RowEdits(self._transport, self._queries, self._dataset, self._open, self._notes)

    def _noted(self) -> list[str]:
        """What changes of rows did besides, once."""
        noted, self._notes = self._notes, []
        return noted

    @property
    def _id(self) -> str:
        return self._open.id

    @property
    def _open(self) -> EditModel:
        if self._model is None:
            raise InvalidInputError(
                "This edit is not open.",
                kind=ErrorKind.EDIT_NOT_FOUND,
                next_step="Use it as 'with ds.edit(\"main\") as edit:', inside the block.",
            )
        return self._model


@dataclass(frozen=True, kw_only=True, slots=True)
class Changed:
    """What a statement that changes data did.

    Attributes
    ----------
    rows
        How many rows were changed, removed and added.
    target
        The table as the statement names it.
    commit
        None when nothing changed.
    """

    rows: int
    target: str
    branch: str
    commit: Commit | None

    def __repr__(self) -> str:
        if self.commit is None:
            return display.plain(f"{self.target}: nothing changed on {self.branch}")
        what = f"{display.count(self.rows, 'row')} changed" if self.rows else "changed"
        return display.plain(f"{self.target}: {what} on {self.branch} in {self.commit.short}")

    def _repr_html_(self) -> str:
        return display.html_lines([repr(self)])


class TableEdit(TableDeclarations):
    """One table in an edit. Rows may be anything that speaks Arrow: pandas, polars, pyarrow, a Table, a relation."""

    def __init__(self, edit: Edit, table: str) -> None:
        self._edit = edit
        self._table = table

    def append(self, rows: Any) -> None:
        """Put rows behind those of the table, which is made when there is none.

        Columns match by name; one that the rows lack becomes null, one that the table lacks is refused.
        A column of numbers may become one of wider numbers, but never text.
        """
        self._put(rows, "append")

    def replace(self, rows: Any, key: str | Iterable[str] = ()) -> None:
        """Make these rows the whole table. Fields match by name; the difference shows what changed.

        ``key`` names the columns that tell rows apart, when the table is made.
        """
        self._put(rows, "replace", names_of(key))

    def upsert(self, rows: Any, key: str | Iterable[str] = ()) -> int:
        """Give the rows that the table has by their key other values, and put the others behind them.

        Columns that the rows lack stay as they are.

        Parameters
        ----------
        rows
            With the key's columns, and any others of the table.
        key
            Columns that tell rows apart; by default the table's key.

        Returns
        -------
        int
            How many rows changed or came.
        """
        return self._by_key(RowEdits.upsert, rows, names_of(key))

    def delete(self, rows: Any, key: str | Iterable[str] = (), *, params: Mapping[str, Any] | None = None) -> int:
        """Remove rows: those for which a condition in SQL holds, or those with the given keys.

        Parameters
        ----------
        rows
            A condition, such as ``"dep_delay < -60"``, or a table that has the key's columns.
        key
            Columns that tell rows apart; by default the table's key.
        params
            Values for ``$name`` in the condition.

        Returns
        -------
        int
            How many rows went.
        """
        if isinstance(rows, str):
            edit, table = self._edit, self._table
            return edit._do(lambda: edit._rows.delete_where(table, rows, params or {}))
        return self._by_key(RowEdits.delete_keys, rows, names_of(key))

    def _by_key(
        self, change: Callable[[RowEdits, str, pa.Table, Sequence[str]], int], rows: Any, key: tuple[str, ...]
    ) -> int:
        edit = self._edit
        reader, notes = to_reader(rows)
        table = reader.read_all()
        edit._used += provenance.inputs_of(rows)
        done = edit._do(lambda: change(edit._rows, self._table, table, key))
        _warn((*notes, *edit._noted()))
        return done

    def _put(self, rows: Any, mode: Mode, key: tuple[str, ...] = ()) -> None:
        edit = self._edit
        edit._used += provenance.inputs_of(rows)

        def put() -> tuple[str, ...]:
            reader, notes = to_reader(rows)
            return notes + edit._transport.put(edit._id, self._table, mode, reader.schema, reader, key)

        _warn(edit._do(put))


def _warn(notes: Iterable[str], stacklevel: int = 4) -> None:
    for note in notes:
        python_warnings.warn(note, RepairWarning, stacklevel=stacklevel)
