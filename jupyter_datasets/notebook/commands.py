"""What ``%datasets`` does."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from jupyter_datasets.client.answering import Steps
from jupyter_datasets.client.connect import connect
from jupyter_datasets.client.dataset import Dataset
from jupyter_datasets.client.display import count
from jupyter_datasets.client.merging import check_take
from jupyter_datasets.errors import ErrorKind, InvalidInputError, NotFoundError
from jupyter_datasets.notebook import session
from jupyter_datasets.services.merges.models import Take
from jupyter_datasets.services.versions.provenance import Direction
from jupyter_datasets.values import nearest, short

USAGE = MappingProxyType(
    {
        "list": "%datasets",
        "show": "%datasets show NAME [REF]",
        "log": "%datasets log NAME [REF] [--table T] [--path FILE] [--author TEXT] [--since TIME] [--until TIME]",
        "diff": "%datasets diff NAME OLD [NEW]",
        "branch": "%datasets branch NAME [BRANCH [AT | --rename NEW | --delete | --protect | --unprotect]]",
        "tag": "%datasets tag NAME [TAG [AT | --rename NEW | --delete]]",
        "merge": "%datasets merge NAME SOURCE [--into BRANCH] [--take SIDE] [--squash] [--message TEXT], then "
        "%datasets merge NAME [--id ID] --list|--resolve SIDE [--table T] [--column C] [--key K]|--unresolve|--refresh|"
        "--continue|--abort",
        "revert": "%datasets revert NAME COMMIT [--branch BRANCH] [--message TEXT]",
        "cherry-pick": "%datasets cherry-pick NAME COMMIT [--onto BRANCH] [--message TEXT]",
        "lineage": "%datasets lineage NAME [REF] [--up | --down]",
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
            f"%datasets {command} was given {count(len(arguments), 'argument')}.", next_step=f"Usage: {USAGE[command]}"
        )


def take_options(
    command: str, arguments: Sequence[str], valued: Sequence[str], flags: Sequence[str] = ()
) -> tuple[list[str], dict[str, str]]:
    """The arguments without ``--name value`` and ``--flag``, and those by name, with an empty text for a flag.

    Raises
    ------
    InvalidInputError
        There is no such option (the nearest is offered), its value is missing, or it is given twice.
    """
    words, given = list[str](), dict[str, str]()
    rest = iter(arguments)
    for word in rest:
        name = word.removeprefix("--")
        if name == word:
            words.append(word)
            continue
        value = next(rest, None) if name in valued else "" if name in flags else None
        if value is None or name in given:
            raise _bad_option(command, word, [*valued, *flags])
        given[name] = value
    return words, given


def _bad_option(command: str, word: str, known: Sequence[str]) -> InvalidInputError:
    hints = [f"--{name}" for name in nearest(word.removeprefix("--"), known)]
    wrong = "is given twice, or without a value" if word in hints else "is no option of it"
    meant = f"Did you mean {hints[0]}? " if hints and word not in hints else ""
    return InvalidInputError(f"%datasets {command}: {word} {wrong}.", next_step=f"{meant}Usage: {USAGE[command]}")


def list_datasets(arguments: Sequence[str]) -> Any:
    """All datasets."""
    check_count("list", arguments, 0, 0)
    return session.current().datasets()


def show(arguments: Sequence[str]) -> Any:
    """A dataset at a glance."""
    check_count("show", arguments, 1, 2)
    name, *ref = arguments
    return session.current()[name].overview(*ref)


def log(arguments: Sequence[str]) -> Any:
    """Commits that led to a reference, all or some of them."""
    words, where = take_options("log", arguments, ("table", "path", "author", "since", "until"))
    check_count("log", words, 1, 2)
    name, *ref = words
    return session.current()[name].log(*ref, **where)  # type: ignore[arg-type]  # no option is called limit


def diff(arguments: Sequence[str]) -> Any:
    """What differs between two versions."""
    check_count("diff", arguments, 2, 3)
    name, *refs = arguments
    return session.current()[name].diff(*refs)


def lineage(arguments: Sequence[str]) -> Any:
    """What a version was made from, and what was made from its dataset."""
    words, given = take_options("lineage", arguments, (), ("up", "down"))
    check_count("lineage", words, 1, 2)
    check_count("lineage", list(given), 0, 1)
    name, ref = words[0], words[1] if len(words) > 1 else None
    direction: Direction = "up" if "up" in given else "down" if given else "both"
    return session.current()[name].lineage(ref, direction)


def branch(arguments: Sequence[str]) -> Any:
    """The branches and tags, perhaps with a branch made or changed."""
    words, given = take_options("branch", arguments, ("rename",), ("delete", "protect", "unprotect"))
    return _refs("branch", words, given)


def tag(arguments: Sequence[str]) -> Any:
    """The branches and tags, perhaps with a tag made or changed."""
    words, given = take_options("tag", arguments, ("rename",), ("delete",))
    return _refs("tag", words, given)


def _refs(kind: str, words: Sequence[str], given: Mapping[str, str]) -> Any:
    check_count(kind, words, 2 if given else 1, 3)
    name, *new = words
    dataset = session.current()[name]
    if given:
        _change(dataset, kind, new, given)
    elif new:
        make = dataset.branch if kind == "branch" else dataset.tag
        make(*new)
    return dataset.refs()


def _change(dataset: Dataset, kind: str, words: Sequence[str], given: Mapping[str, str]) -> None:
    if len(words) != 1 or len(given) != 1:
        raise InvalidInputError(f"%datasets {kind} changes one thing of one {kind}.", next_step=f"Usage: {USAGE[kind]}")
    (name,), ((change, value),) = words, given.items()
    if dataset.refs().kind(name) not in (kind, None):
        raise InvalidInputError(
            f"{name!r} is no {kind}.", kind=ErrorKind.INVALID_REF, next_step=f"Usage: {USAGE[kind]}"
        )
    acts: Mapping[str, Callable[[], object]] = {
        "rename": lambda: dataset.rename_ref(name, value),
        "delete": lambda: dataset.delete_ref(name),
        "protect": lambda: dataset.protect(name),
        "unprotect": lambda: dataset.unprotect(name),
    }
    acts[change]()


def merge(arguments: Sequence[str]) -> Any:
    """Bring a version into a branch, or go on with a merge in progress."""
    valued = ("into", "take", "message", "resolve", "table", "column", "key", "id")
    words, given = take_options("merge", arguments, valued, ("squash", "list", *_STEPS))
    begins = len(words) == 2
    check_count("merge", words, 1, 2)
    wrong = given.keys() - _BEGINNING if begins else given.keys() & {"squash", "message"}
    if wrong:
        raise _bad_option("merge", f"--{min(wrong)}", [])
    dataset = session.current()[words[0]]
    side = given.get("resolve", given.get("take"))
    take = None if side is None else check_take(side)
    if begins:
        message, squash = given.get("message", ""), "squash" in given
        return dataset.merge(words[1], given.get("into"), take=take, message=message, squash=squash)
    return dataset.merges() if "list" in given else _steps(given, take).follow(dataset.merges())


_STEPS = ("unresolve", "refresh", "continue", "abort")
_BEGINNING = frozenset({"into", "take", "squash", "message"})


def _steps(given: Mapping[str, str], take: Take | None) -> Steps:
    return Steps(
        id=given.get("id"),
        branch=given.get("into"),
        refresh="refresh" in given,
        unresolve="unresolve" in given,
        take=take,
        table=given.get("table"),
        column=given.get("column"),
        key=(given["key"],) if "key" in given else None,
        commit="continue" in given,
        abort="abort" in given,
    )


def revert(arguments: Sequence[str]) -> Any:
    """Take back what a commit changed."""
    words, given = take_options("revert", arguments, ("branch", "message"))
    check_count("revert", words, 2, 2)
    name, commit = words
    return session.current()[name].revert(commit, branch=given.get("branch"), message=given.get("message", ""))


def cherry_pick(arguments: Sequence[str]) -> Any:
    """Do what a commit changed elsewhere."""
    words, given = take_options("cherry-pick", arguments, ("onto", "message"))
    check_count("cherry-pick", words, 2, 2)
    name, commit = words
    return session.current()[name].cherry_pick(commit, onto=given.get("onto"), message=given.get("message", ""))


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
        "show": show,
        "log": log,
        "diff": diff,
        "branch": branch,
        "tag": tag,
        "merge": merge,
        "revert": revert,
        "cherry-pick": cherry_pick,
        "lineage": lineage,
        "use": use,
        "connect": open_store,
    }
)
