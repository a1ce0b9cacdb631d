"""The exception tree of jupyter_datasets.

Every error derives from :class:`DatasetsError` and belongs to the category that tells a caller what to do about it.
``kind`` is a stable code for the precise failure, ``next_step`` is a sentence for the person who reads it.

The tree::

    DatasetsError
    ├── NotFoundError              (also a KeyError)   look for another name
    ├── AlreadyExistsError                             choose another name
    ├── ConflictError                                  look at what moved, then try again
    ├── InvalidInputError          (also a ValueError) mend the input
    │   ├── FileContentError                           mend the file: row and column are in ``details``
    │   └── StatementError                             mend the SQL: line and column are in ``details``
    ├── PermissionDeniedError                          ask for the role
    ├── StoreBusyError                                 wait, or close the program that holds the store
    ├── StorageError                                   mend the machine: disk full, no access
    ├── DamagedObjectError                             restore from a copy
    ├── FormatError                                    install the version that can read it
    ├── JobFailedError                                 read the job's messages
    ├── JobCancelledError
    └── InternalError                                  report it: this is our mistake
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, ClassVar


class ErrorKind(StrEnum):
    """Stable codes for ``DatasetsError.kind``. Codes are added, never renamed or removed."""

    # not found
    DATASET_NOT_FOUND = "dataset-not-found"
    TABLE_NOT_FOUND = "table-not-found"
    COLUMN_NOT_FOUND = "column-not-found"
    FILE_NOT_FOUND = "file-not-found"
    REF_NOT_FOUND = "ref-not-found"
    COMMIT_NOT_FOUND = "commit-not-found"
    JOB_NOT_FOUND = "job-not-found"
    EDIT_NOT_FOUND = "edit-not-found"
    MERGE_NOT_FOUND = "merge-not-found"
    STORE_NOT_FOUND = "store-not-found"
    CONSTRAINT_NOT_FOUND = "constraint-not-found"
    ROUTE_NOT_FOUND = "route-not-found"
    UNBORN_BRANCH = "unborn-branch"
    NO_VERSION_AT_TIME = "no-version-at-time"
    # already exists
    DATASET_EXISTS = "dataset-exists"
    REF_EXISTS = "ref-exists"
    TABLE_EXISTS = "table-exists"
    FILE_EXISTS = "file-exists"
    COLUMN_EXISTS = "column-exists"
    CONSTRAINT_EXISTS = "constraint-exists"
    # conflict
    REF_MOVED = "ref-moved"
    NOTHING_TO_UNDO = "nothing-to-undo"
    WRITE_CONFLICT = "write-conflict"
    MERGE_CONFLICT = "merge-conflict"
    JOB_NOT_RETRYABLE = "job-not-retryable"
    # invalid input
    INVALID_ARGUMENT = "invalid-argument"
    INVALID_NAME = "invalid-name"
    INVALID_REF = "invalid-ref"
    AMBIGUOUS_NAME = "ambiguous-name"
    AMBIGUOUS_REF = "ambiguous-ref"
    INVALID_SETTING = "invalid-setting"
    NOT_A_BRANCH = "not-a-branch"
    BRANCH_PROTECTED = "branch-protected"
    UNSUPPORTED_TYPE = "unsupported-type"
    SCHEMA_MISMATCH = "schema-mismatch"
    FILE_UNREADABLE = "file-unreadable"
    FILE_EMPTY = "file-empty"
    FILE_FORMAT = "file-format"
    FILE_ENCODING = "file-encoding"
    FILE_RAGGED = "file-ragged"
    FILE_VALUE = "file-value"
    KEY_VIOLATION = "key-violation"
    UNIQUE_VIOLATION = "unique-violation"
    NOT_NULL_VIOLATION = "not-null-violation"
    CHECK_VIOLATION = "check-violation"
    INVALID_CHECK = "invalid-check"
    COLUMN_IN_USE = "column-in-use"
    STATEMENT_SYNTAX = "statement-syntax"
    STATEMENT_NAME = "statement-name"
    STATEMENT_REFUSED = "statement-refused"
    STATEMENT_FAILED = "statement-failed"
    STATEMENT_INTERRUPTED = "statement-interrupted"
    # the rest, one to a category unless a caller can tell them apart
    PERMISSION_DENIED = "permission-denied"
    STORE_BUSY = "store-busy"
    STORAGE_FULL = "storage-full"
    STORAGE_IO = "storage-io"
    COMMIT_UNKNOWN = "commit-unknown"
    SERVER_UNREACHABLE = "server-unreachable"
    OBJECT_DAMAGED = "object-damaged"
    OBJECT_MISSING = "object-missing"
    STORE_TOO_NEW = "store-too-new"
    CATALOG_TOO_NEW = "catalog-too-new"
    MISSING_PACKAGE = "missing-package"
    JOB_FAILED = "job-failed"
    JOB_LOST = "job-lost"
    JOB_CANCELLED = "job-cancelled"
    MEMORY_EXCEEDED = "memory-exceeded"
    INTERNAL = "internal"


class DatasetsError(Exception):
    """Base of all errors of jupyter_datasets.

    Parameters
    ----------
    message
        What happened, and where.
    kind
        Stable code; the category's own code when left out.
    next_step
        What the reader can do now; empty when there is nothing to say.
    details
        Values that a program may want: names, commits, row, column. JSON values only.
    """

    default_kind: ClassVar[ErrorKind] = ErrorKind.INTERNAL

    def __init__(
        self,
        message: str,
        *,
        kind: ErrorKind | None = None,
        next_step: str = "",
        details: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.kind = kind or self.default_kind
        self.next_step = next_step
        self.details: dict[str, Any] = dict(details or {})

    def __str__(self) -> str:
        return f"{self.message} {self.next_step}".strip()

    def __reduce__(self) -> tuple[Any, ...]:
        return (_rebuild, (type(self), self.message, self.kind, self.next_step, self.details))


def _rebuild(
    cls: type[DatasetsError], message: str, kind: ErrorKind, next_step: str, details: dict[str, Any]
) -> DatasetsError:
    return cls(message, kind=kind, next_step=next_step, details=details)


class NotFoundError(DatasetsError, KeyError):
    """Something that was asked for does not exist, or may not be seen. Also a ``KeyError``."""

    default_kind = ErrorKind.DATASET_NOT_FOUND


class AlreadyExistsError(DatasetsError):
    """The name is taken."""

    default_kind = ErrorKind.DATASET_EXISTS


class ConflictError(DatasetsError):
    """Somebody else moved it first; ``details`` holds both commits (``expected``, ``actual``)."""

    default_kind = ErrorKind.REF_MOVED


class InvalidInputError(DatasetsError, ValueError):
    """An argument, a name or a file cannot be used as it is. Also a ``ValueError``."""

    default_kind = ErrorKind.INVALID_ARGUMENT


class FileContentError(InvalidInputError):
    """A file that was to be imported is not what it should be; ``details``: ``file``, ``row``, ``column``."""

    default_kind = ErrorKind.FILE_FORMAT


class StatementError(InvalidInputError):
    """An SQL statement cannot be run; ``details``: ``line``, ``column``, ``suggestions``."""

    default_kind = ErrorKind.STATEMENT_SYNTAX


class PermissionDeniedError(DatasetsError):
    """The actor may see the dataset but not do this with it."""

    default_kind = ErrorKind.PERMISSION_DENIED


class StoreBusyError(DatasetsError):
    """Another process holds the store; ``details``: ``pid``, ``program``."""

    default_kind = ErrorKind.STORE_BUSY


class StorageError(DatasetsError):
    """The disk or the database refused: full, read-only, unreachable. Nothing was changed."""

    default_kind = ErrorKind.STORAGE_IO


class DamagedObjectError(DatasetsError):
    """An object of the store is missing or altered; ``details``: ``object``, ``path``, ``versions``."""

    default_kind = ErrorKind.OBJECT_DAMAGED


class FormatError(DatasetsError):
    """The store or catalog was written by a newer program; ``details``: ``needs``."""

    default_kind = ErrorKind.STORE_TOO_NEW


class JobFailedError(DatasetsError):
    """A job ended without a result for a reason that has no better category."""

    default_kind = ErrorKind.JOB_FAILED


class JobCancelledError(DatasetsError):
    """The job was cancelled; nothing of it was kept."""

    default_kind = ErrorKind.JOB_CANCELLED


class InternalError(DatasetsError):
    """A mistake of ours. Please report it with the text of the message."""

    default_kind = ErrorKind.INTERNAL


def error_classes() -> dict[str, type[DatasetsError]]:
    """Every class of the tree by its name, the base included."""
    found: dict[str, type[DatasetsError]] = {}
    waiting: list[type[DatasetsError]] = [DatasetsError]
    while waiting:
        cls = waiting.pop()
        found[cls.__name__] = cls
        waiting.extend(cls.__subclasses__())
    return found
