"""What the command line shows: answers for people and for programs, errors, and the codes that it ends with."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from jupyter_datasets import wire
from jupyter_datasets.errors import (
    AlreadyExistsError,
    ConflictError,
    DatasetsError,
    ErrorKind,
    InternalError,
    JobCancelledError,
    NotFoundError,
    StatementError,
    StoreBusyError,
)

DEBUG = "JUPYTER_DATASETS_DEBUG"
# Controls that move the cursor or turn the direction of text; names and cells are anybody's.
_UNSAFE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


class Exit(IntEnum):
    """What the program's exit code means."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    NOT_FOUND = 3
    CONFLICT = 4
    BUSY = 5
    INTERRUPTED = 130
    PIPE_CLOSED = 141


EXIT_CODES = """\
exit codes:
  0    done
  1    refused or failed; the message says why and what to do
  2    the command line cannot be read
  3    not found: a dataset, table, version, file, job or store, or a name in a statement
  4    conflict: the name is taken, or somebody else moved it first
  5    the store is busy: another program holds it
  130  interrupted; nothing half done is kept
  141  the reader of the output went away"""

_CODES: Sequence[tuple[tuple[type[DatasetsError], ...], Exit]] = (
    ((NotFoundError,), Exit.NOT_FOUND),
    ((AlreadyExistsError, ConflictError), Exit.CONFLICT),
    ((StoreBusyError,), Exit.BUSY),
    ((JobCancelledError,), Exit.INTERRUPTED),
)
# What a statement may name in vain. Its errors are of one class, whatever it is.
_NAMED_IN_VAIN = frozenset(
    {
        ErrorKind.STATEMENT_NAME,
        ErrorKind.DATASET_NOT_FOUND,
        ErrorKind.TABLE_NOT_FOUND,
        ErrorKind.REF_NOT_FOUND,
        ErrorKind.COMMIT_NOT_FOUND,
        ErrorKind.UNBORN_BRANCH,
        ErrorKind.NO_VERSION_AT_TIME,
    }
)


class UsageError(Exception):
    """The command line cannot be read; ``usage`` shows how it goes."""

    def __init__(self, message: str, usage: str) -> None:
        super().__init__(message)
        self.usage = usage


class OutputError(Exception):
    """Standard output takes no more, and not because its reader went away."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What a command has to say.

    Attributes
    ----------
    data
        JSON value for programs.
    text
        The same for people; nothing is printed when it is empty.
    code
        What to exit with.
    """

    data: Any
    text: str = ""
    code: Exit = Exit.DONE


class Console:
    """Standard output and standard error.

    Parameters
    ----------
    as_json
        Whether a program reads: then the answer, and nothing else, goes out as JSON.
    """

    def __init__(self, as_json: bool) -> None:
        self.as_json = as_json
        for stream in (sys.stdout, sys.stderr):
            if hasattr(stream, "reconfigure"):
                stream.reconfigure(errors="backslashreplace")

    def answer(self, answer: Answer) -> Exit:
        """Show what a command has to say."""
        if self.as_json:
            # ASCII, so that no control character of a name reaches a terminal.
            self.write(json.dumps(answer.data, indent=2) + "\n")
        elif answer.text:
            self.write(safe(answer.text) + "\n")
        return answer.code

    def write(self, text: str) -> None:
        """Put a text out as it is.

        Raises
        ------
        OutputError
            It cannot be written; nothing else can, then.
        """
        with _writing():
            sys.stdout.write(text)

    def flush(self) -> None:
        """Put out what waits; raises as :meth:`write` does."""
        with _writing():
            sys.stdout.flush()

    def give_up(self, error: OutputError) -> Exit:
        """Say that the output cannot be written, on the other way out."""
        with suppress(OSError):
            sys.stderr.write(f"Error: The output cannot be written: {error}.\n")
        return Exit.FAILED

    def say(self, text: str) -> None:
        """Show people a line while a command is at work."""
        if not self.as_json:
            self.write(safe(text) + "\n")
            self.flush()

    def error(self, error: DatasetsError) -> Exit:
        """Show what went wrong and what to do."""
        if self.as_json:
            self.write(json.dumps({"error": wire.error_to_json(error)}, indent=2) + "\n")
        else:
            sys.stderr.write(safe("\n".join(filter(None, (f"Error: {error.message}", error.next_step)))) + "\n")
        _trace()
        return _code(error)

    def usage(self, error: UsageError) -> Exit:
        """Show how the command goes."""
        if self.as_json:
            value = {"class": "UsageError", "kind": "usage", "message": str(error), "next_step": error.usage}
            self.write(json.dumps({"error": {**value, "details": {}}}, indent=2) + "\n")
        else:
            sys.stderr.write(safe(f"{error.usage}\nError: {error}") + "\n")
        return Exit.USAGE

    def unexpected(self, error: Exception) -> Exit:
        """Show a mistake of ours."""
        step = f"Please report it with this text. {DEBUG}=1 shows where it happened."
        return self.error(InternalError(f"Something unexpected: {type(error).__name__}: {error}.", next_step=step))


def safe(text: str) -> str:
    """The text with its control characters written out."""
    return _UNSAFE.sub(lambda match: match[0].encode("unicode_escape", "surrogatepass").decode("ascii"), text)


def width() -> int | None:
    """Columns of the terminal that is written to; None where it is no terminal."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def _code(error: DatasetsError) -> Exit:
    if isinstance(error, StatementError) and (error.kind in _NAMED_IN_VAIN or "missing" in error.details):
        return Exit.NOT_FOUND
    return next((code for types, code in _CODES if isinstance(error, types)), Exit.FAILED)


@contextmanager
def _writing() -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise OutputError(error.strerror or str(error)) from error


def _trace() -> None:
    if os.environ.get(DEBUG):
        traceback.print_exc(file=sys.stderr)
