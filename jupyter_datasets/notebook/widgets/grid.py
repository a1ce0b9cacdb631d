"""The rows of a table, as many as there are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import traitlets
from pydantic import Field

from jupyter_datasets.client.version import Table
from jupyter_datasets.errors import InvalidInputError
from jupyter_datasets.notebook.widgets.answering import Answer, Answering, Cancellation, Question
from jupyter_datasets.notebook.widgets.arrow import LONGEST, MOST_CELLS, MOST_ROWS, to_stream
from jupyter_datasets.notebook.widgets.base import StaticFallback, script


class _Page(Question):
    """Which cells; the limits keep an answer within what one message may hold."""

    offset: int = Field(ge=0, lt=1 << 53)
    limit: int = Field(ge=1, le=MOST_ROWS)
    first_column: int = Field(ge=0)
    column_count: int = Field(ge=1)


class DatasetGrid(StaticFallback):
    """A table to scroll through, select in and copy from.

    Parameters
    ----------
    table
        ``flights["main"]["flights"]``; what is shown is that version, whatever is committed later.
    """

    _esm = script("grid.js")
    label = traitlets.Unicode().tag(sync=True)
    columns = traitlets.List(traitlets.Dict()).tag(sync=True)
    rows = traitlets.Int().tag(sync=True)

    def __init__(self, table: Table) -> None:
        columns = [{"name": name, "type": kind} for name, kind in table.types.items()]
        super().__init__(table, label=f"Table {table.name}", columns=columns, rows=len(table))
        self._table = table
        answering = Answering(self.send, {"page": self._page, "copy": self._copy})
        self.on_msg(lambda _widget, content, _buffers: answering.receive(content))

    def _page(self, message: Mapping[str, Any], cancellation: Cancellation) -> Answer:
        return self._cells(_Page.model_validate(message), cancellation, LONGEST)

    def _copy(self, message: Mapping[str, Any], cancellation: Cancellation) -> Answer:
        return self._cells(_Page.model_validate(message), cancellation, None)

    def _cells(self, wanted: _Page, cancellation: Cancellation, longest: int | None) -> Answer:
        names = self._table.columns[wanted.first_column : wanted.first_column + wanted.column_count]
        if not names or wanted.limit * len(names) > MOST_CELLS:
            raise InvalidInputError(f"A page has 1 to {MOST_CELLS:,} cells of the table's {len(self.columns)} columns.")
        page = self._table.texts(wanted.offset, wanted.limit, names, longest)
        cancellation.stop_by(page.cancel)
        return Answer(buffers=(to_stream(page.read()),))
