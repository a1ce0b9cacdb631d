"""A table at a version as SQL: one unordered scan over its segments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from jupyter_datasets.sqltext import quote_name


@dataclass(frozen=True, kw_only=True, slots=True)
class Scan:
    """What a query needs to know of a table.

    Attributes
    ----------
    files
        Paths of the segments.
    reader_map
        Value of ``read_parquet``'s ``schema`` option.
    select
        Select list from the segments' columns to the table's.
    columns
        Names and logical types of the table's columns.
    """

    files: tuple[str, ...]
    reader_map: str
    select: str
    columns: Sequence[tuple[str, str]]

    def sql(self, files: str) -> str:
        """The query, without order of rows.

        Parameters
        ----------
        files
            SQL for the list of paths: a parameter, or ``getvariable(...)`` inside a view. ``read_parquet`` takes no
            empty list, so a table without segments is an empty relation of the same types.
        """
        if not self.files:
            empty = ", ".join(f"CAST(NULL AS {kind}) AS {quote_name(name)}" for name, kind in self.columns)
            return f"SELECT {empty} WHERE false"
        return f"SELECT {self.select} FROM read_parquet({files}, schema => {self.reader_map})"

    @property
    def parameters(self) -> list[list[str]]:
        """What to bind when ``sql("?")`` was used."""
        return [list(self.files)] if self.files else []
