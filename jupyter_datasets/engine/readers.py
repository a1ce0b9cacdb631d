"""Reading a user's file: the entry. It runs in a child process, and takes every file for hostile.

What a file means
-----------------
- **Format**: by its first bytes; a name that says otherwise gives a note, or an error if the content is unusable.
  Text and Parquet, plain or in ``.gz``, ``.zst`` or a ``.zip`` with one file in it. A text that begins like JSON or a
  page of the web is no table, unless the user says so.
- **Rows** are numbered as a spreadsheet shows them: the line with the names is row 1, a record with line breaks in its
  quotes counts once, blank lines do not count. (A Parquet file has no such line: its first row is row 1.)
- **Header**: the first record names the columns if it has a text above a column of another type, or if nothing in it
  looks typed; so a file of texts alone has one.
- **Nulls**: an empty field without quotes is null; ``""`` is an empty text. In columns of other types than text ``""``,
  ``NA``, ``N/A``, ``NULL``, ``null`` and ``NaN`` are null too, and counted; in a DOUBLE column ``NaN`` is NaN.
- **Types** are proposed from the first rows, or are those of the table there is. A value that does not fit a type that
  nobody declared widens the column; see :mod:`~jupyter_datasets.engine.fitting` for what fits. A column of a table that
  keeps its rows does not become text: the value is refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from jupyter_datasets.engine.delimited import open_delimited
from jupyter_datasets.engine.failures import file_error
from jupyter_datasets.engine.options import ReadOptions
from jupyter_datasets.engine.parquet import open_parquet
from jupyter_datasets.engine.recognition import (
    Content,
    check_readable,
    is_packed_by_name,
    promised,
    recognise,
    refuse_documents,
)
from jupyter_datasets.engine.report import ColumnType, FileReport, Widening
from jupyter_datasets.engine.sources import ReadAgain, Source
from jupyter_datasets.engine.unpacking import to_utf8, unpack
from jupyter_datasets.errors import ErrorKind, FileContentError

__all__ = ["ColumnType", "FileReport", "ReadAgain", "ReadOptions", "Source", "Widening", "check_file", "open_source"]

_NAMES = {Content.TEXT: "text", Content.PARQUET: "a Parquet file"}
_AS_CSV = "Give format='csv' if it is a table in text."


def open_source(
    path: Path,
    options: ReadOptions,
    *,
    present: Sequence[ColumnType] | None,
    appends: bool = False,
    scratch: Path,
    memory_mib: int,
    threads: int,
) -> Source:
    """Look at a file, and make ready to read it.

    Parameters
    ----------
    path
        The file.
    options
        What the user said about it.
    present
        Columns of the table that the file goes into, if there is one: their types are tried first.
    appends
        Whether the table keeps its rows: then none of its columns becomes text.
    scratch
        An existing private folder for what is unpacked; the caller removes it when the source is done with.
    memory_mib
        What this process may use in all, in MiB.
    threads
        Threads for parsing.

    Raises
    ------
    NotFoundError, InvalidInputError
        The file cannot be opened, or an option does not suit it.
    FileContentError
        The file is empty, damaged, or not what can be imported.
    """
    shown = path.absolute()
    report = FileReport()
    content, plain = check_file(shown, options), shown
    if content not in _NAMES:
        plain, content = _unpacked(shown, content, options, scratch, report)
    _check_format(plain, shown, content, options, report)
    table, limits = present or (), {"memory_mib": memory_mib, "threads": threads}
    if content is Content.PARQUET:
        return open_parquet(plain, shown, options.types, table, report, **limits)
    text = to_utf8(plain, options.encoding, scratch, shown)
    return open_delimited(text, shown, options, table, report, appends=appends, **limits)


def check_file(path: Path, options: ReadOptions) -> Content:
    """Refuse a file that cannot be imported, as far as its name and its first bytes tell.

    Returns
    -------
    Content
        What the file is; what lies in a compressed one is not looked at.

    Raises
    ------
    NotFoundError, InvalidInputError, FileContentError
        As :func:`open_source` does.
    """
    check_readable(path)
    _refuse_empty(path, path, "is empty")
    content = recognise(path, path, encoding=options.encoding)
    if content in _NAMES:
        _check_format(path, path, content, options, FileReport())
    return content


def _unpacked(
    shown: Path, content: Content, options: ReadOptions, scratch: Path, report: FileReport
) -> tuple[Path, Content]:
    """What lies in a compressed file, and what that is."""
    if not is_packed_by_name(shown):
        report.notes.append(f"{shown.name} is compressed ({content}), which its name does not say.")
    plain = unpack(shown, content, scratch)
    _refuse_empty(plain, shown, "is empty inside")
    inner = recognise(plain, shown, encoding=options.encoding)
    if inner not in _NAMES:
        raise file_error(shown, "holds an archive in an archive", ErrorKind.FILE_FORMAT, "Unpack it first.")
    return plain, inner


def _refuse_empty(plain: Path, shown: Path, what: str) -> None:
    if plain.stat().st_size == 0:
        raise file_error(shown, what, ErrorKind.FILE_EMPTY, "Check that it was written to its end.")


def _check_format(plain: Path, shown: Path, content: Content, options: ReadOptions, report: FileReport) -> None:
    if content is Content.TEXT and options.format is None:
        refuse_documents(plain, shown, encoding=options.encoding)
        if plain == shown and is_packed_by_name(shown):
            # Seldom the table: rather what a server had to say instead of it.
            raise file_error(shown, "is plain text, not an archive as its name says", ErrorKind.FILE_FORMAT, _AS_CSV)
    wanted = {"csv": Content.TEXT, "parquet": Content.PARQUET, None: promised(shown)}[options.format]
    if wanted is None or wanted is content:
        return
    if options.format is not None or content is Content.TEXT:
        raise _other_format(shown, content, wanted)
    report.notes.append(f"{shown.name} is {_NAMES[content]}, whatever its name says, and was read as one.")


def _other_format(shown: Path, content: Content, wanted: Content) -> FileContentError:
    step = _AS_CSV if content is Content.TEXT else "Leave the format out."
    return file_error(shown, f"is {_NAMES[content]}, not {_NAMES[wanted]}", ErrorKind.FILE_FORMAT, step)
