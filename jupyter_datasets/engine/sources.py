"""What a reader gives: a file as columns and a stream of Arrow batches."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

import pyarrow as pa

from jupyter_datasets.engine.report import ColumnType, FileReport


class Source(Protocol):
    """A file that was looked at and can now be read, once, from its start to its end.

    Attributes
    ----------
    columns
        Names, empty and doubled ones repaired, and types; in the order of the file.
    arrow_schema
        Schema of the batches.
    size
        Bytes of the file on disk.
    bytes_read
        About how many of them the batches so far stand for.
    rows_read
        Rows in the batches so far.
    report
        What was found out and repaired; complete when the last batch has come.
    """

    columns: tuple[ColumnType, ...]
    arrow_schema: pa.Schema
    size: int
    bytes_read: int
    rows_read: int
    report: FileReport

    def batches(self) -> Iterator[pa.RecordBatch]:
        """The rows in their order, up to 65,536 at a time; fewer when they are wide.

        Raises
        ------
        ReadAgain
            What came so far is void: a column that nobody declared does not hold its type, or the text needs the
            careful parser.
        FileContentError
            The file is damaged, ragged or badly encoded, or a value does not fit its declared type.
        """
        ...


class ReadAgain(Exception):
    """Reading must start again, in another way; as text, why, where people should know.

    Attributes
    ----------
    source
        The same file, to be read so.
    """

    def __init__(self, source: Source, why: str = "") -> None:
        super().__init__(why)
        self.source = source
