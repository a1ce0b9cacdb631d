"""Errors of SQLAlchemy, DuckDB and psycopg turned into ours, with the cause chained."""

from __future__ import annotations

import errno
import re
from collections.abc import Iterator
from contextlib import contextmanager

import duckdb
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from jupyter_datasets.errors import (
    ConflictError,
    DamagedObjectError,
    DatasetsError,
    ErrorKind,
    FormatError,
    InternalError,
    StorageError,
    StoreBusyError,
)

_FULL = re.compile(r"No space left on device|Disk quota exceeded|File too large")
_CONFLICT = re.compile(
    r"TransactionContext Error: (Conflict|Catalog write-write conflict|Failed to commit: PRIMARY KEY or UNIQUE)"
    r"|Constraint Error: Duplicate key"
)
_LOCKED = re.compile(r"Could not set lock on file .*?(?:\(PID (\d+)\))", re.DOTALL)
_DAMAGED = re.compile(r"not a valid DuckDB database|Corrupt database|Could not read enough bytes|checksum")
_NEWER_FILE = re.compile(r"Trying to read a database file with (?:storage )?version number")
_INVALIDATED = "has been invalidated because"
_NOT_WRITTEN = re.compile(r"IO Error|TransactionContext Error: Failed to commit")
# PostgreSQL: serialization failure, deadlock, unique violation.
_PG_CONFLICT = frozenset({"40001", "40P01", "23505"})
_PG_FULL = frozenset({"53100"})
# Connection exceptions, operator intervention, insufficient resources, system errors, refused logins, no such database.
_PG_UNAVAILABLE = ("08", "57", "53", "58", "28", "3D", "25006", "55P03")


@contextmanager
def translated(place: str, also: type[Exception] | tuple[type[Exception], ...] = ()) -> Iterator[None]:
    """Turn the database's errors inside the block into ours.

    Parameters
    ----------
    place
        The catalog as a message names it; never with a password.
    also
        Further types that can only come from the catalog here, such as ``duckdb.Error`` or ``OSError``.
    """
    caught: tuple[type[Exception], ...] = (SQLAlchemyError, *(also if isinstance(also, tuple) else (also,)))
    try:
        yield
    except DatasetsError:
        raise
    except caught as error:
        raise translate(error, place) from error


def translate(error: Exception, place: str) -> DatasetsError:
    """The error of ours that says what happened to the catalog and what to do next."""
    cause = driver_error(error)
    if isinstance(cause, OSError):
        return _storage(cause.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG), place, cause.strerror or str(cause))
    if isinstance(cause, duckdb.Error):
        return _from_duckdb(cause, place)
    if isinstance(error, DBAPIError):
        return _from_postgres(error, place)
    return _mistake(place, str(error))


def driver_error(error: BaseException) -> BaseException:
    """What the driver raised, taken out of SQLAlchemy's wrapping."""
    return error.orig if isinstance(error, DBAPIError) and error.orig is not None else error


def is_outcome_unknown(error: Exception) -> bool:
    """Whether an error raised by COMMIT leaves open if the transaction was kept."""
    if isinstance(driver_error(error), duckdb.Error):
        return is_fatal(error)
    return isinstance(error, DBAPIError) and error.connection_invalidated


def is_fatal(error: BaseException) -> bool:
    """Whether DuckDB refuses all further work until the file is opened anew."""
    cause = driver_error(error)
    return isinstance(cause, duckdb.FatalException) or _INVALIDATED in str(cause)


def is_locked(error: BaseException) -> bool:
    """Whether DuckDB could not open the file because a process that ignores our lock has it open."""
    return isinstance(error, duckdb.IOException) and _LOCKED.search(str(error)) is not None


def _from_duckdb(cause: duckdb.Error, place: str) -> DatasetsError:
    text = str(cause)
    if _CONFLICT.match(text):
        return _conflict(place)
    if match := _LOCKED.search(text):
        return _locked(place, int(match[1]))
    if _NEWER_FILE.search(text):
        return _newer_file(place)
    if _DAMAGED.search(text) and not _FULL.search(text):
        return _damaged(place, text)
    if is_fatal(cause) or _FULL.search(text) or _NOT_WRITTEN.match(text):
        return _storage(bool(_FULL.search(text)), place, text)
    return _mistake(place, text)


def _from_postgres(error: DBAPIError, place: str) -> DatasetsError:
    state = getattr(error.orig, "sqlstate", None)
    if state in _PG_CONFLICT:
        return _conflict(place)
    if state in _PG_FULL:
        return _storage(True, place, str(error.orig))
    if state is None or state.startswith(_PG_UNAVAILABLE) or error.connection_invalidated:
        return _unavailable(place, str(error.orig))
    return _mistake(place, str(error.orig))


def _conflict(place: str) -> ConflictError:
    return ConflictError(
        f"Another transaction wrote the same rows of {place} first; nothing was changed.",
        kind=ErrorKind.WRITE_CONFLICT,
        next_step="Try again.",
        details={"catalog": place},
    )


def _storage(full: bool, place: str, reason: str) -> StorageError:
    if full:
        return StorageError(
            f"There is no space left for {place}: {reason}",
            kind=ErrorKind.STORAGE_FULL,
            next_step="Free some space and try again.",
            details={"catalog": place},
        )
    return StorageError(
        f"{place[:1].upper()}{place[1:]} could not be read or written: {reason}",
        next_step="Check the disk and the folder's permissions, then try again.",
        details={"catalog": place},
    )


def _unavailable(place: str, reason: str) -> StorageError:
    return StorageError(
        f"{place} does not answer: {reason.strip()}",
        next_step="Check that the server runs, and the catalog's URL in the settings (JUPYTER_DATASETS_CATALOG_URL).",
        details={"catalog": place},
    )


def _locked(place: str, pid: int) -> StoreBusyError:
    return StoreBusyError(
        f"Process {pid} has opened {place} directly.",
        next_step=f"Close process {pid}, then try again.",
        details={"pid": pid, "program": None},
    )


def _newer_file(place: str) -> FormatError:
    return FormatError(
        f"{place[:1].upper()}{place[1:]} was written by a newer DuckDB.",
        kind=ErrorKind.CATALOG_TOO_NEW,
        next_step="Install a newer duckdb (pip install --upgrade duckdb).",
        details={"needs": "duckdb"},
    )


def _damaged(place: str, reason: str) -> DamagedObjectError:
    return DamagedObjectError(
        f"{place[:1].upper()}{place[1:]} is damaged: {reason}",
        next_step="Restore it from a copy of the store. Copies made before migrations lie in its folder 'backup'.",
        details={"object": "catalog", "path": place},
    )


def _mistake(place: str, reason: str) -> InternalError:
    return InternalError(
        f"A statement failed on {place}: {reason}",
        next_step="Please report this with the text of the message.",
        details={"catalog": place},
    )
