"""What a file is, by its first bytes, whatever its name says."""

from __future__ import annotations

import os
import stat
from enum import StrEnum
from pathlib import Path

from jupyter_datasets.engine.failures import file_error
from jupyter_datasets.errors import ErrorKind, InvalidInputError, NotFoundError

_HEAD = 1 << 16
_MAGIC = {
    b"\x89PNG": "a PNG image",
    b"\xff\xd8\xff": "a JPEG image",
    b"GIF8": "a GIF image",
    b"%PDF-": "a PDF document",
    b"ARROW1": "an Arrow file",
    b"SQLite format 3": "an SQLite database",
    b"\xd0\xcf\x11\xe0": "an old Office document",
    b"\x89HDF": "an HDF5 file",
    b"BZh": "a bzip2 archive",
    b"\xfd7zXZ": "an xz archive",
    b"7z\xbc\xaf": "a 7z archive",
    b"Rar!": "a RAR archive",
    b"\x7fELF": "a program",
}
_TEXT_NAMES = frozenset({".csv", ".tsv", ".txt", ".tab", ""})
_PARQUET_NAMES = frozenset({".parquet", ".pq"})


class Content(StrEnum):
    """What the first bytes of a file show."""

    TEXT = "text"
    PARQUET = "parquet"
    GZIP = "gzip"
    ZSTD = "zstd"
    ZIP = "zip"


def check_readable(path: Path) -> int:
    """The size of a regular file that can be opened.

    Raises
    ------
    NotFoundError
        With ``kind`` FILE_NOT_FOUND.
    InvalidInputError
        With ``kind`` FILE_UNREADABLE: a folder, a device, a name that is not text, or no permission.
    FileContentError
        With ``kind`` FILE_EMPTY.
    """
    try:
        str(path).encode()
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):
            what = "is a folder" if stat.S_ISDIR(found.st_mode) else "is not a regular file"
            raise _unreadable(path, what, "Name the file itself.")
        with path.open("rb"):
            pass
    except FileNotFoundError as error:
        raise NotFoundError(
            f"There is no file {str(path)!r}.",
            kind=ErrorKind.FILE_NOT_FOUND,
            next_step="Check the path.",
            details={"file": str(path)},
        ) from error
    except UnicodeEncodeError as error:
        raise _unreadable(path, "has a name that is not UTF-8", "Rename it.") from error
    except OSError as error:
        raise _unreadable(
            path, f"cannot be opened: {os.strerror(error.errno or 0)}", "Check its permissions."
        ) from error
    if found.st_size == 0:
        raise file_error(path, "is empty", ErrorKind.FILE_EMPTY, "Check that it was written to its end.")
    return found.st_size


def recognise(path: Path, *, encoding: str | None) -> Content:
    """What a file is.

    Parameters
    ----------
    path
        A readable file.
    encoding
        Of its text, if the user gave one: with it, NUL bytes may be part of a text.

    Raises
    ------
    FileContentError
        The file is binary, and of no kind that can be imported.
    """
    with path.open("rb") as file:
        head = file.read(_HEAD)
    if head.startswith(b"PAR1"):
        return Content.PARQUET
    if head.startswith(b"\x1f\x8b"):
        return Content.GZIP
    if head.startswith(b"\x28\xb5\x2f\xfd"):
        return Content.ZSTD
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return Content.ZIP
    if known := next((what for magic, what in _MAGIC.items() if head.startswith(magic)), None):
        raise file_error(path, f"is {known}", ErrorKind.FILE_FORMAT, "Only CSV and Parquet files can be imported.")
    if b"\0" in head and encoding is None and not head.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise file_error(
            path,
            "holds NUL bytes: it is a binary file, or UTF-16 without a mark at its start",
            ErrorKind.FILE_ENCODING,
            "If it is text, give encoding='utf-16-le' or encoding='utf-16-be'.",
        )
    return Content.TEXT


def promised(path: Path) -> Content | None:
    """What a file's name says about its content, compression aside."""
    suffix = Path(path.stem).suffix if path.suffix.lower() in (".gz", ".zst", ".zip") else path.suffix
    if suffix.lower() in _PARQUET_NAMES:
        return Content.PARQUET
    return Content.TEXT if suffix.lower() in _TEXT_NAMES else None


def _unreadable(path: Path, what: str, next_step: str) -> InvalidInputError:
    return InvalidInputError(
        f"{path.name} {what}.", kind=ErrorKind.FILE_UNREADABLE, next_step=next_step, details={"file": str(path)}
    )
