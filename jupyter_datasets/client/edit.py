"""Edits: changes to a dataset's tables and files that become one commit."""

from __future__ import annotations

import os
import warnings as python_warnings
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from jupyter_datasets.client.streams import to_reader
from jupyter_datasets.client.transport import Mode, Transport
from jupyter_datasets.errors import ErrorKind, InvalidInputError
from jupyter_datasets.services.versions.models import Commit
from jupyter_datasets.services.versions.models import Edit as EditModel


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

    def __init__(self, transport: Transport, dataset_id: str, branch: str, message: str) -> None:
        self._transport = transport
        self._dataset_id = dataset_id
        self._branch = branch
        self._message = message
        self._model: EditModel | None = None
        self.commit: Commit | None = None

    def __enter__(self) -> Self:
        self._model = self._transport.begin_edit(self._dataset_id, self._branch)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        edit, self._model = self._id, None
        if kind is None:
            self.commit = self._transport.commit_edit(edit, self._message)
        else:
            self._transport.abort_edit(edit)

    def __getitem__(self, table: str) -> TableEdit:
        return TableEdit(self._transport, self._id, table)

    def drop(self, table: str) -> None:
        """Remove a table from the next version; earlier ones keep it."""
        self._transport.drop_table(self._id, table)

    def rename(self, table: str, name: str) -> None:
        """Call a table otherwise from the next version on."""
        self._transport.rename_table(self._id, table, name)

    def attach(self, path: str | os.PathLike[str], name: str | None = None, media_type: str = "") -> None:
        """Keep a copy of a file, under its own name or another."""
        file = Path(path).expanduser().absolute()
        self._transport.attach(self._id, name or file.name, file, media_type)

    def detach(self, name: str) -> None:
        """Remove a file from the next version; earlier ones keep it."""
        self._transport.detach(self._id, name)

    @property
    def _id(self) -> str:
        if self._model is None:
            raise InvalidInputError(
                "This edit is not open.",
                kind=ErrorKind.EDIT_NOT_FOUND,
                next_step="Use it as 'with ds.edit(\"main\") as edit:', inside the block.",
            )
        return self._model.id


class TableEdit:
    """One table in an edit. Rows may be anything that speaks Arrow: pandas, polars, pyarrow, a Table, a relation."""

    def __init__(self, transport: Transport, edit: str, table: str) -> None:
        self._transport = transport
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
        self._put(rows, "replace", (key,) if isinstance(key, str) else tuple(key))

    def _put(self, rows: Any, mode: Mode, key: tuple[str, ...] = ()) -> None:
        reader, notes = to_reader(rows)
        notes += self._transport.put(self._edit, self._table, mode, reader.schema, reader, key)
        for note in notes:
            python_warnings.warn(note, RepairWarning, stacklevel=3)
