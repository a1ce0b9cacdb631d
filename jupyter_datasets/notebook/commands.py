"""What ``%datasets`` does."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from jupyter_datasets.client.connect import connect
from jupyter_datasets.client.dataset import Dataset
from jupyter_datasets.errors import ErrorKind, InvalidInputError, NotFoundError
from jupyter_datasets.notebook import session
from jupyter_datasets.values import nearest, short

USAGE = MappingProxyType(
    {
        "list": "%datasets",
        "log": "%datasets log NAME [REF]",
        "diff": "%datasets diff NAME OLD [NEW]",
        "branch": "%datasets branch NAME [BRANCH [AT]]",
        "tag": "%datasets tag NAME [TAG [AT]]",
        "use": "%datasets use NAME@REF ...",
        "pin": "%datasets pin",
        "connect": "%datasets connect [STORE]",
        "sql": "%datasets sql on|off",
    }
)


def split(line: str) -> tuple[str, list[str]]:
    """The command of a line, ``list`` when there is none, and its arguments; quotes hold a name with blanks together.

    Raises
    ------
    InvalidInputError
        A quote is not closed, or there is no such command; the nearest is offered.
    """
    try:
        words = shlex.split(line)
    except ValueError as error:
        raise InvalidInputError(f"The line cannot be read: {error}.", next_step="Close the quote.") from error
    command, arguments = (words[0], words[1:]) if words else ("list", [])
    if command not in USAGE:
        hints = nearest(command, USAGE)
        step = f"Did you mean {USAGE[hints[0]]}?" if hints else f"There are: {', '.join(USAGE.values())}."
        raise InvalidInputError(f"There is no %datasets {command}.", next_step=step, details={"suggestions": hints})
    return command, arguments


def check_count(command: str, arguments: Sequence[str], least: int, most: float) -> None:
    """Refuse too few or too many arguments."""
    if not least <= len(arguments) <= most:
        raise InvalidInputError(
            f"%datasets {command} was given {len(arguments)} arguments.", next_step=f"Usage: {USAGE[command]}"
        )


def list_datasets(arguments: Sequence[str]) -> Any:
    """All datasets."""
    check_count("list", arguments, 0, 0)
    return session.current().datasets()


def log(arguments: Sequence[str]) -> Any:
    """Commits that led to a reference."""
    check_count("log", arguments, 1, 2)
    return session.current()[arguments[0]].log(arguments[1] if len(arguments) > 1 else None)


def diff(arguments: Sequence[str]) -> Any:
    """What differs between two versions."""
    check_count("diff", arguments, 2, 3)
    name, *refs = arguments
    return session.current()[name].diff(*refs)


def branch(arguments: Sequence[str]) -> Any:
    """The branches and tags, perhaps with a new branch."""
    check_count("branch", arguments, 1, 3)
    name, *new = arguments
    dataset = session.current()[name]
    if new:
        dataset.branch(*new)
    return dataset.refs()


def tag(arguments: Sequence[str]) -> Any:
    """The branches and tags, perhaps with a new tag."""
    check_count("tag", arguments, 1, 3)
    name, *new = arguments
    dataset = session.current()[name]
    if new:
        dataset.tag(*new)
    return dataset.refs()


def open_store(arguments: Sequence[str]) -> Any:
    """Choose the store that the magics use."""
    check_count("connect", arguments, 0, 1)
    session.use(connect(*arguments))
    return session.current()


def use(arguments: Sequence[str]) -> None:
    """Fix what names of datasets mean; nothing is changed unless all of them are known."""
    check_count("use", arguments, 1, float("inf"))
    wanted = [(session.current()[name], ref) for name, ref in map(_name_and_ref, arguments)]
    commits = [dataset[ref].commit for dataset, ref in wanted]
    for (dataset, ref), commit in zip(wanted, commits, strict=True):
        dataset.checkout(ref)
        print(f"{dataset.name} means {ref}, commit {commit.short}, from here on")  # noqa: T201  # for the reader


def pins(names: Iterable[str]) -> list[str]:
    """``NAME@COMMIT`` for what the names mean now; for all datasets that have a version when there are no names."""
    repository = session.current()
    datasets = [repository[name] for name in names] or repository.datasets()
    return [f"{dataset.name}@{commit}" for dataset in datasets if (commit := _commit(dataset))]


def use_line(pinned: Sequence[str]) -> str:
    """The line that pins."""
    return f"%datasets use {shlex.join(pinned)}"


def _commit(dataset: Dataset) -> str | None:
    try:
        return short(dataset[dataset.current].commit.id)
    except NotFoundError as error:
        if error.kind is ErrorKind.UNBORN_BRANCH:
            return None
        raise


def _name_and_ref(text: str) -> tuple[str, str]:
    name, sign, ref = text.partition("@")
    if name and sign and ref:
        return name, ref
    raise InvalidInputError(f"{text!r} is not NAME@REF.", next_step=f"Usage: {USAGE['use']}, as in flights@v1.0.")


COMMANDS: Mapping[str, Callable[[Sequence[str]], Any]] = MappingProxyType(
    {
        "list": list_datasets,
        "log": log,
        "diff": diff,
        "branch": branch,
        "tag": tag,
        "use": use,
        "connect": open_store,
    }
)
