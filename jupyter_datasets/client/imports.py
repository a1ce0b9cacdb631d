"""Imports as users see them."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from jupyter_datasets.client import display, provenance
from jupyter_datasets.errors import InvalidInputError
from jupyter_datasets.services.imports.models import ImportRequest
from jupyter_datasets.services.versions.models import Commit
from jupyter_datasets.values import check_name, check_text, repair_name

_ENDINGS = {".csv", ".tsv", ".txt", ".parquet", ".gz", ".zst", ".zip"}


@dataclass(frozen=True, kw_only=True, slots=True, repr=False)
class ImportResult:
    """What an import did.

    Attributes
    ----------
    commit
        The new version; None when the file changed nothing.
    table
        The table that was made or changed.
    rows
        Rows of the file.
    warnings
        What was repaired, widened or taken for null.
    """

    commit: Commit | None
    table: str
    rows: int
    warnings: tuple[str, ...]

    def _lines(self) -> list[str]:
        into = f"commit {self.commit.short}" if self.commit else "nothing changed"
        return [f"{self.table}: {display.count(self.rows, 'row')}, {into}", *(f"- {w}" for w in self.warnings)]

    def __repr__(self) -> str:
        return "\n".join(self._lines())

    def _repr_html_(self) -> str:
        return display.html_lines(self._lines())


def new_request(*, path: str, **values: Any) -> ImportRequest:
    """The request of these values; one that cannot be is an error of ours."""
    check_text(path, "The path")
    try:
        return ImportRequest(path=path, **values)
    except ValidationError as error:
        wrong = error.errors()[0]
        name = ".".join(str(part) for part in wrong["loc"])
        raise InvalidInputError(f"The argument {name} cannot be {wrong['input']!r}: {wrong['msg']}.") from error


def file_request(
    path: str | os.PathLike[str], table: str | None, *, key: str | Iterable[str] = (), **values: Any
) -> ImportRequest:
    """The request for a file of this machine; see :meth:`Dataset.import_file` for the values."""
    file = Path(path).expanduser().absolute()
    name, renamed_from = table_for(file, table)
    columns = (key,) if isinstance(key, str) else tuple(key)
    return new_request(
        path=str(file), table=name, renamed_from=renamed_from, key=columns, claim=provenance.place(), **values
    )


def table_for(file: Path, name: str | None) -> tuple[str, str | None]:
    """The table's name, and the file's own when that had to be repaired."""
    if name is not None:
        return check_name(name, "table"), None
    stem = file.name
    while Path(stem).suffix.lower() in _ENDINGS:
        stem = Path(stem).stem
    repaired = repair_name(stem)
    return repaired, None if repaired == stem else stem
