"""What differs between two versions, table by table and row by row."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import pyarrow as pa
import traitlets
from pydantic import Field

from jupyter_datasets.client.changes import ChangedRows, ChangeKind, Outline
from jupyter_datasets.client.diff import Diff, TableChanges
from jupyter_datasets.errors import InvalidInputError
from jupyter_datasets.notebook.widgets.answering import Answer, Answering, Cancellation, Question
from jupyter_datasets.notebook.widgets.arrow import LONGEST, MOST_CELLS, MOST_ROWS, to_stream
from jupyter_datasets.notebook.widgets.base import StaticFallback, script
from jupyter_datasets.services.versions.models import ColumnChange, ColumnInfo, Commit, TableDiff

_KEPT = 4  # tables whose rows are kept, those looked at last


class _OfTable(Question):
    """Which table, counted from 0."""

    table: int = Field(ge=0)


class _Page(_OfTable):
    """Which lines and columns; the limits keep an answer within what one message may hold."""

    offset: int = Field(ge=0, lt=1 << 53)
    limit: int = Field(ge=1, le=MOST_ROWS)
    kinds: list[ChangeKind] = Field(min_length=1, max_length=3)
    columns: list[Annotated[int, Field(ge=0)]] = Field(min_length=1, max_length=MOST_CELLS)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Opened:
    """A table that is looked at."""

    rows: ChangedRows
    outline: Outline


class DiffView(StaticFallback):
    """The tables and files that differ, and the rows of one table: added, removed, and changed cell by cell.

    Parameters
    ----------
    diff
        What ``flights.diff("v1.0", "main")`` gave, or one table's part of it. Of a table the first 100,000 rows that
        differ are shown.
    """

    _esm = script("diff.js")
    diff = traitlets.Dict().tag(sync=True)

    def __init__(self, diff: Diff | TableChanges) -> None:
        self._tables = diff.tables if isinstance(diff, Diff) else (diff,)
        super().__init__(diff, diff=_state(diff, self._tables))
        self._lock = threading.Lock()
        self._opened: OrderedDict[int, _Opened] = OrderedDict()
        handlers = {
            "counts": self._counts,
            "open": self._open,
            "page": self._page,
            "step": self._page,
            "copy": self._copy,
        }
        answering = Answering(self.send, handlers)
        self.on_msg(lambda _widget, content, _buffers: answering.receive(content))

    def _counts(self, message: Mapping[str, Any], _: Cancellation) -> Answer:
        counts = self._table(_OfTable.model_validate(message)).counts
        return Answer(content={"counts": counts._asdict()})

    def _open(self, message: Mapping[str, Any], cancellation: Cancellation) -> Answer:
        outline = self._look_at(_OfTable.model_validate(message), cancellation).outline
        columns = [{"name": name, "type": kind} for name, kind in outline.columns]
        found = {"columns": columns, "key": outline.key, "changed": outline.changed, "counts": outline.counts}
        return Answer(content={**found, "cut": outline.is_cut})

    def _page(self, message: Mapping[str, Any], cancellation: Cancellation) -> Answer:
        return self._lines(_Page.model_validate(message), cancellation, LONGEST)

    def _copy(self, message: Mapping[str, Any], cancellation: Cancellation) -> Answer:
        return self._lines(_Page.model_validate(message), cancellation, None)

    def _lines(self, wanted: _Page, cancellation: Cancellation, longest: int | None) -> Answer:
        opened = self._look_at(wanted, cancellation)
        known = range(len(opened.outline.columns))
        if wanted.limit * len(wanted.columns) > MOST_CELLS or not all(place in known for place in wanted.columns):
            raise InvalidInputError(f"A page has 1 to {MOST_CELLS:,} cells of the table's {len(known)} columns.")
        page: pa.Table = opened.rows.page(wanted.offset, wanted.limit, wanted.kinds, wanted.columns, longest)
        return Answer(buffers=(to_stream(page),))

    def _table(self, wanted: _OfTable) -> TableChanges:
        if wanted.table >= len(self._tables):
            raise InvalidInputError(f"There are {len(self._tables)} tables that differ.")
        return self._tables[wanted.table]

    def _look_at(self, wanted: _OfTable, cancellation: Cancellation) -> _Opened:
        """The rows of a table, which are compared when it is looked at for the first time."""
        table = self._table(wanted)
        with self._lock:
            cancellation.check()
            opened = self._opened.get(wanted.table) or _compare(table, cancellation)
            self._opened[wanted.table] = opened
            self._opened.move_to_end(wanted.table)
            while len(self._opened) > _KEPT:
                self._opened.popitem(last=False)
        return opened


def _compare(table: TableChanges, cancellation: Cancellation) -> _Opened:
    rows = table.lines()
    cancellation.stop_by(rows.cancel)
    return _Opened(rows=rows, outline=rows.read())


def _state(diff: Diff | TableChanges, tables: tuple[TableChanges, ...]) -> dict[str, Any]:
    """What the browser is told at once: everything but rows and counts."""
    is_whole = isinstance(diff, Diff)
    versions = diff.model if isinstance(diff, Diff) else diff.versions
    return {
        "label": f"Changes of {diff.name}",
        "old": _version(versions.old),
        "new": _version(versions.new),
        "tables": [_table(each.model) for each in tables],
        "files": [{"name": file.name, "kind": file.kind} for file in versions.files] if is_whole else [],
    }


def _version(commit: Commit) -> dict[str, Any]:
    return commit.model_dump(mode="json", include={"id", "seq", "author", "time", "message", "refs"})


def _table(table: TableDiff) -> dict[str, Any]:
    names = {"name": table.new_name or table.old_name, "formerly": table.old_name}
    return {**names, "kind": table.kind, "columns": [_column(column) for column in table.columns]}


def _column(change: ColumnChange) -> dict[str, str]:
    old, new = _told(change.old), _told(change.new)
    return {"kind": change.kind, "old": old, "new": new}


def _told(column: ColumnInfo | None) -> str:
    return "" if column is None else f"{column.name} {column.type}{'' if column.nullable else ' no nulls'}"
