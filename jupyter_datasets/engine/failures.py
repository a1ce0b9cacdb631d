"""What is wrong with a file, as errors that name the place and the next step."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from jupyter_datasets.engine.line_ends import OtherEnd, first_other_end
from jupyter_datasets.errors import ErrorKind, FileContentError, InvalidInputError
from jupyter_datasets.values import nearest

LONGEST_LINE = 16 << 20  # bytes

_ENCODINGS = "Give its encoding, such as encoding='latin-1' or encoding='cp1252', or save it as UTF-8."
_LINE = re.compile(r"CSV Error on Line: ([0-9]+)|Row #([0-9]+):")
_FIELDS = re.compile(r"Expected (?:Number of Columns: )?([0-9]+)(?: columns)?,? (?:Found:|got) ([0-9]+)")
# DuckDB names no line when its parser is at a loss, but the text that it read, and how.
_READ = re.compile(r"^  file = (.+)\n  delimiter = (.).*\n  quote = (\(empty\)|.)", re.MULTILINE)
_BRIEF = 200
_FOREIGN = (duckdb.Error, pa.ArrowException, OSError)


def file_error(path: Path, what: str, kind: ErrorKind, next_step: str, **details: Any) -> FileContentError:
    """An error about a file's content: ``what`` goes on after the file's name."""
    return FileContentError(
        f"{path.name} {what}.", kind=kind, next_step=next_step, details={"file": str(path), **details}
    )


def value_error(path: Path, column: str, kind: str, row: int, value: str) -> FileContentError:
    """A value does not fit the type that the user declared for its column."""
    step = f"Mend the value, or declare another type for {column!r}, or none."
    return _misfit(path, column, kind, row, value, f"no {kind}", step)


def append_error(path: Path, column: str, kind: str, row: int, value: str) -> FileContentError:
    """A value does not fit the column of the table that it is appended to, whose rows stay as they are."""
    step = f"Mend the value, give types={{{column!r}: {kind!r}}} if it is one, or replace the whole table."
    return _misfit(path, column, kind, row, value, f"no {kind} as in the table", step)


def _misfit(path: Path, column: str, kind: str, row: int, value: str, what: str, next_step: str) -> FileContentError:
    shown = value if len(value) <= _BRIEF else value[:_BRIEF] + "..."
    return file_error(
        path,
        f"holds {shown!r} in row {row:,} of column {column!r}, which is {what}",
        ErrorKind.FILE_VALUE,
        next_step,
        row=row,
        column=column,
        value=shown,
        type=kind,
    )


def encoding_error(path: Path, line: int | None, what: str = "is not encoded as UTF-8") -> FileContentError:
    """The text cannot be decoded."""
    where = f" in line {line:,}" if line else ""
    return file_error(path, f"{what}{where}", ErrorKind.FILE_ENCODING, _ENCODINGS, row=line)


def unknown_column(path: Path, name: str, names: Sequence[str]) -> InvalidInputError:
    """A type was declared for a column that the file does not have."""
    close = nearest(name, names)
    return InvalidInputError(
        f"{path.name} has no column {name!r}, for which a type was given.",
        next_step=f"Perhaps you mean {', '.join(map(repr, close))}." if close else f"It has {', '.join(names[:20])}.",
        details={"file": str(path), "column": name, "suggestions": close},
    )


@contextmanager
def reading_text(path: Path) -> Iterator[None]:
    """Turn what DuckDB and PyArrow say about a text file into our errors."""
    try:
        yield
    except _FOREIGN as error:
        _reraise_if_not_content(error)
        raise _text_error(path, str(error)) from error


@contextmanager
def reading_parquet(path: Path) -> Iterator[None]:
    """Turn what DuckDB and PyArrow say about a Parquet file into our errors."""
    try:
        yield
    except _FOREIGN as error:
        _reraise_if_not_content(error)
        raise damaged_parquet(path, _brief(str(error))) from error


def _reraise_if_not_content(error: Exception) -> None:
    """Pass on what is the machine's fault and not the file's."""
    # An error inside a stream of DuckDB arrives as an OSError of PyArrow's, without a number and with DuckDB's text.
    if isinstance(error, OSError) and error.errno is not None:
        raise error
    if isinstance(error, pa.ArrowMemoryError | duckdb.OutOfMemoryException) or "Out of Memory Error" in str(error):
        raise MemoryError(_brief(str(error))) from error


def damaged_parquet(path: Path, why: str) -> FileContentError:
    """The file cannot be read as Parquet to its end."""
    return file_error(
        path, f"is damaged or cut short as a Parquet file: {why}", ErrorKind.FILE_FORMAT, "Get the file again."
    )


def _text_error(path: Path, message: str) -> FileContentError:
    place = _LINE.search(message)
    line = int(place[1] or place[2]) if place else None
    where = f"in line {line:,} " if line else ""
    if "unicode" in message or "UTF8" in message:
        return encoding_error(path, line)
    if fields := _FIELDS.search(message):
        return _ragged(path, line, int(fields[1]), int(fields[2]))
    if "invalid state" in message:
        return _cut_error(path, message)
    if "unterminated quote" in message:
        what, step = f"opens a quote {where}that is not closed", "Close or double the quote, or give quote=''."
    elif "Maximum line size" in message or "straddl" in message:
        what = f"has a line {where}of more than {LONGEST_LINE >> 20} MiB"
        step = "Split the line, or give the file as Parquet; a quote that is never closed has the same effect."
    else:
        what, step = f"cannot be read {where}as text: {_brief(message)}", "Give delimiter, quote and header."
    return file_error(path, what, ErrorKind.FILE_FORMAT, step, row=line)


def _cut_error(path: Path, message: str) -> FileContentError:
    """The parser did not know what to make of a line."""
    found = _other_end(message)
    if found is None:
        what, step = "ends its lines in different ways, or quotes badly", "Save it with one kind of line end."
        return file_error(path, what, ErrorKind.FILE_FORMAT, step)
    return file_error(
        path,
        f"ends its lines in different ways: line {found.line:,} by {found.end}, those before it by {found.usual}",
        ErrorKind.FILE_FORMAT,
        "Save it with one kind of line end.",
        row=found.line,
    )


def _other_end(message: str) -> OtherEnd | None:
    read = _READ.search(message)
    if read is None or not Path(read[1]).is_file():  # a name that spans lines
        return None
    return first_other_end(Path(read[1]), read[2].encode(), read[3].removeprefix("(empty)").encode())


def _ragged(path: Path, line: int | None, expected: int, found: int) -> FileContentError:
    return file_error(
        path,
        f"has {found} field{'s' if found != 1 else ''} in line {line or 0:,}, where {expected} are expected",
        ErrorKind.FILE_RAGGED,
        "Mend the line; if many are so, give the delimiter and the quote.",
        row=line,
        expected=expected,
        found=found,
    )


def _brief(message: str) -> str:
    text = " ".join(message.split())
    return text if len(text) <= _BRIEF else text[:_BRIEF] + "..."
