"""What a file is, by its first bytes, whatever its name says."""

from __future__ import annotations

import codecs
import json
import os
import re
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
_SUPPORTED = "Only CSV and Parquet files can be imported."
# Beyond a few, which may part fields, no text holds them.
_CONTROLS = frozenset({*range(0x01, 0x09), *range(0x0E, 0x1A), *range(0x1C, 0x20)})
_FEW = 5
_UTF16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
# A table may begin with <DATE> and the like, so only what begins a document counts.
_MARKUP = re.compile(r"<(?:!doctype|html|head|body|\?xml|!--)", re.IGNORECASE)
_JSON_OBJECT = r'\{\s*(?:\}|"(?:[^"\\]|\\.)*"\s*:)'
_JSON = re.compile(rf"{_JSON_OBJECT}|\[\s*{_JSON_OBJECT}|\[\s*\[[^\[\]]*\]\s*,\s*\[")
_PACKED_NAMES = frozenset({".gz", ".zst", ".zip"})
_TEXT_NAMES = frozenset({".csv", ".tsv", ".txt", ".tab", ""})
_PARQUET_NAMES = frozenset({".parquet", ".pq"})


class Content(StrEnum):
    """What the first bytes of a file show."""

    TEXT = "text"
    PARQUET = "parquet"
    GZIP = "gzip"
    ZSTD = "zstd"
    ZIP = "zip"


_CONTENTS = {
    b"PAR1": Content.PARQUET,
    b"\x1f\x8b": Content.GZIP,
    b"\x28\xb5\x2f\xfd": Content.ZSTD,
    b"PK\x03\x04": Content.ZIP,
    b"PK\x05\x06": Content.ZIP,
}


def check_readable(path: Path) -> None:
    """Refuse what is no regular file that can be opened.

    Raises
    ------
    NotFoundError
        With ``kind`` FILE_NOT_FOUND.
    InvalidInputError
        With ``kind`` FILE_UNREADABLE: a folder, a device, a name that is not text, or no permission.
    """
    try:
        str(path).encode()
        mode = path.stat().st_mode
        if not stat.S_ISREG(mode):
            what = "is a folder" if stat.S_ISDIR(mode) else "is not a regular file"
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


def recognise(path: Path, shown: Path, *, encoding: str | None) -> Content:
    """What a file is.

    Parameters
    ----------
    path
        A readable file.
    shown
        The file that the user knows, for errors.
    encoding
        Of its text, if the user gave one: with it, NUL bytes may be part of a text.

    Raises
    ------
    FileContentError
        The file is binary, and of no kind that can be imported.
    """
    head = _head(path)
    if content := next((content for magic, content in _CONTENTS.items() if head.startswith(magic)), None):
        return content
    if what := next((what for magic, what in _MAGIC.items() if head.startswith(magic)), None):
        raise file_error(shown, f"is {what}", ErrorKind.FILE_FORMAT, _SUPPORTED)
    if encoding is None and not head.startswith(_UTF16_MARKS):
        _refuse_binary(head, shown)
    return Content.TEXT


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(_HEAD)


def _refuse_binary(head: bytes, shown: Path) -> None:
    if b"\0" in head:
        raise file_error(
            shown,
            "holds NUL bytes: it is a binary file, or UTF-16 without a mark at its start",
            ErrorKind.FILE_ENCODING,
            f"{_SUPPORTED} If it is text, give encoding='utf-16-le' or encoding='utf-16-be'.",
        )
    if len(_CONTROLS.intersection(head)) > _FEW:
        raise file_error(shown, "is a binary file of no known kind", ErrorKind.FILE_FORMAT, _SUPPORTED)


def refuse_documents(path: Path, shown: Path, *, encoding: str | None) -> None:
    """Refuse a text that begins like JSON or like a page of the web, before it is cut into fields that mean nothing.

    Parameters
    ----------
    path
        A text.
    shown
        The file that the user knows, for errors.
    encoding
        Of the text, if the user gave one.

    Raises
    ------
    FileContentError
        With ``kind`` FILE_FORMAT.
    """
    head = _head(path)
    text = head.decode(encoding or ("utf-16" if head.startswith(_UTF16_MARKS) else "utf-8"), errors="replace")
    text = text.removeprefix("\ufeff").lstrip()
    if _MARKUP.match(text):
        what, step = "is HTML or XML", "If it came from the web, get the data and not the page."
    elif _JSON.match(text) or (len(head) < _HEAD and _is_json_array(text)):
        what, step = "is JSON", "JSON comes in a later version; convert it to CSV or Parquet first."
    else:
        return
    raise file_error(
        shown, what, ErrorKind.FILE_FORMAT, f"{_SUPPORTED} {step} If it is a table all the same, give format='csv'."
    )


def _is_json_array(text: str) -> bool:
    """Whether the text is one array and nothing else; a first field may well begin with a bracket."""
    if not text.startswith("["):
        return False
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def is_packed_by_name(path: Path) -> bool:
    """Whether the file's name says that it is compressed."""
    return path.suffix.lower() in _PACKED_NAMES


def promised(path: Path) -> Content | None:
    """What a file's name says about its content, compression aside."""
    suffix = Path(path.stem).suffix if is_packed_by_name(path) else path.suffix
    if suffix.lower() in _PARQUET_NAMES:
        return Content.PARQUET
    return Content.TEXT if suffix.lower() in _TEXT_NAMES else None


def _unreadable(path: Path, what: str, next_step: str) -> InvalidInputError:
    return InvalidInputError(
        f"{path.name} {what}.", kind=ErrorKind.FILE_UNREADABLE, next_step=next_step, details={"file": str(path)}
    )
