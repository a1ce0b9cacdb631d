"""Commands about history: log, branch, tag, undo, redo."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Literal

from jupyter_datasets.cli.console import Answer, Console
from jupyter_datasets.cli.opening import no_commits, open_store
from jupyter_datasets.cli.parser import CommandParser, how_many
from jupyter_datasets.client import display
from jupyter_datasets.client.dataset import Dataset
from jupyter_datasets.errors import ConflictError, ErrorKind, InvalidInputError, NotFoundError
from jupyter_datasets.services.versions.models import RefInfo
from jupyter_datasets.values import MAIN, short

Kind = Literal["branch", "tag"]
_FILTERS = ("table", "path", "author", "since", "until")


def define_log(parser: CommandParser) -> None:
    """Arguments of ``log``."""
    parser.add_argument("dataset")
    parser.add_argument("ref", nargs="?", help="the version to start from; by default the branch main")
    parser.add_argument("-n", "--number", type=how_many, default=100, help="how many commits (%(default)s)")
    parser.add_argument("--graph", action="store_true", help="the commits of all branches and tags, as a graph")
    only = parser.add_argument_group("only commits")
    only.add_argument("--table", metavar="NAME", help="that changed, added, dropped or renamed this table")
    only.add_argument("--path", metavar="FILE", help="that attached, replaced or detached the file of this name")
    only.add_argument("--author", metavar="TEXT", help="whose author's name holds this text")
    only.add_argument("--since", metavar="TIME", help="made from then, as 2026-01-31 or 2026-01-31T12:00:00+01:00")
    only.add_argument("--until", metavar="TIME", help="made until then; a day alone counts whole")
    parser.command(
        _log,
        "log flights",
        "log flights v1.0 -n 5",
        "log flights --table airports --since 2026-01-31",
        "log flights --graph",
    )


def _log(args: argparse.Namespace, _: Console) -> Answer:
    number = max(args.number, 1)
    with open_store(args) as repo:
        dataset = repo[args.dataset]
        where = {name: getattr(args, name) for name in _FILTERS}
        filtered = any(value is not None for value in where.values())
        if args.graph and filtered:
            raise InvalidInputError("A graph shows all commits.", next_step="Leave --graph out, or what limits it.")
        found = dataset.graph(number) if args.graph else dataset.log(args.ref, number, **where)
        text = repr(found) if found or filtered else no_commits(dataset)
        return Answer(data=[c.model_dump(mode="json") for c in found], text=text)


def define_ref(kind: Kind, parser: CommandParser) -> None:
    """Arguments of ``branch`` and ``tag``."""
    example = {"branch": "fix", "tag": "v1.0"}[kind]
    parser.add_argument("dataset")
    parser.add_argument("name", nargs="?", help=f"the {kind} to make; without it, they are listed")
    parser.add_argument("at", nargs="?", metavar="REF", help="where to make it; by default the branch main")
    change = parser.add_mutually_exclusive_group()
    change.add_argument("--delete", metavar="NAME", help=f"delete the {kind}; undo brings it back")
    change.add_argument("--rename", metavar="NEW", help=f"call the {kind} otherwise; undo takes that back")
    examples = [kind, f"{kind} {example}", f"{kind} {example} main~2", f"{kind} {example} --rename new"]
    if kind == "branch":
        _define_protection(change)
        examples.append("branch main --protect")
    examples.append(f"{kind} --delete {example}")
    parser.command(partial(_ref, kind), *(each.replace(kind, f"{kind} flights", 1) for each in examples))


def _define_protection(change: argparse._MutuallyExclusiveGroup) -> None:
    change.add_argument(
        "--protect",
        action="store_true",
        help="let the branch take no direct changes, and keep it from being renamed and deleted",
    )
    change.add_argument("--unprotect", action="store_true", help="let it take changes again")


def _ref(kind: Kind, args: argparse.Namespace, _: Console) -> Answer:
    with open_store(args) as repo:
        dataset = repo[args.dataset]
        if args.delete is not None:
            return _deleted(dataset, kind, args.delete)
        if args.name is None and not _changes(args):
            return _listed(dataset, kind)
        if args.name is None or (args.at is not None and _changes(args)):
            raise InvalidInputError(f"Which {kind}?", next_step=f"Name the {kind}, and nothing else besides.")
        if args.rename is not None:
            return _renamed(dataset, kind, args.name, args.rename)
        if _changes(args):
            return _protected(dataset, args.name, args.protect)
        made = dataset.branch(args.name, args.at) if kind == "branch" else dataset.tag(args.name, args.at)
        return Answer(data=_to_json(made), text=f"Made {kind} {made.name!r} at {short(made.commit or '')}.")


def _changes(args: argparse.Namespace) -> bool:
    """Whether something is to be done to a reference that there is."""
    return args.rename is not None or getattr(args, "protect", False) or getattr(args, "unprotect", False)


def _listed(dataset: Dataset, kind: Kind) -> Answer:
    found = [ref for ref in dataset.refs() if ref.kind == kind]
    lines = [
        (ref.name, short(ref.commit) if ref.commit else "no commits yet", "protected" if ref.protected else "")
        for ref in found
    ]
    text = display.text_table((kind, "commit", ""), lines) if found else f"No {kind}s yet."
    return Answer(data=[_to_json(ref) for ref in found], text=text)


def _deleted(dataset: Dataset, kind: Kind, name: str) -> Answer:
    _check_kind(dataset, kind, name, f"--delete {name}")
    gone = dataset.delete_ref(name)
    back = f"jupyter datasets undo {dataset.name} {name}"
    return Answer(data=_to_json(gone), text=f"Deleted {kind} {name!r}. To take it back: {back}")


def _renamed(dataset: Dataset, kind: Kind, name: str, to: str) -> Answer:
    _check_kind(dataset, kind, name, f"{name} --rename {to}")
    ref = dataset.rename_ref(name, to)
    back = f"jupyter datasets undo {dataset.name} {ref.name}"
    return Answer(data=_to_json(ref), text=f"{name!r} is called {ref.name!r} now. To take that back: {back}")


def _protected(dataset: Dataset, name: str, protected: bool) -> Answer:
    if not protected:
        return Answer(data=_to_json(dataset.unprotect(name)), text=f"Branch {name!r} takes changes again.")
    text = f"Branch {name!r} takes no direct changes now. To lift that: jupyter datasets branch {dataset.name} {name}"
    return Answer(data=_to_json(dataset.protect(name)), text=f"{text} --unprotect")


def _check_kind(dataset: Dataset, kind: Kind, name: str, arguments: str) -> None:
    """Refuse what is of the other kind, and name the command for that."""
    other = dataset.refs().kind(name)
    if other not in (kind, None):
        raise NotFoundError(
            f"{name!r} is a {other}, not a {kind}.",
            kind=ErrorKind.REF_NOT_FOUND,
            next_step=f"jupyter datasets {other} {dataset.name} {arguments}",
            details={"ref": name},
        )


def define_step(action: Literal["undo", "redo"], parser: CommandParser) -> None:
    """Arguments of ``undo`` and ``redo``."""
    parser.add_argument("dataset")
    parser.add_argument("ref", nargs="?", default=MAIN, help="a branch or tag; by default main")
    parser.add_argument("--list", action="store_true", help="list its moves, newest first, and change nothing")
    parser.command(partial(_step, action), f"{action} flights", f"{action} flights fix", f"{action} flights --list")


def _step(action: Literal["undo", "redo"], args: argparse.Namespace, _: Console) -> Answer:
    back = "redo" if action == "undo" else "undo"
    with open_store(args) as repo:
        dataset = repo[args.dataset]
        if args.list:
            moves = dataset.moves(args.ref)
            return Answer(data=[move.model_dump(mode="json") for move in moves], text=repr(moves))
        reverse = f"jupyter datasets {back} {dataset.name} {args.ref}"
        with _told_how(dataset, back, reverse):
            moved = dataset.undo(args.ref) if action == "undo" else dataset.redo(args.ref)
        if moved.formerly is not None:
            reverse = f"jupyter datasets {back} {dataset.name} {moved.name}"
        text = f"{(moved.formerly or moved.name)!r} {_where(dataset, moved)}. To reverse that: {reverse}"
        return Answer(data=_to_json(moved), text=text)


@contextmanager
def _told_how(dataset: Dataset, back: str, reverse: str) -> Iterator[None]:
    """Where there is no step left in this direction, offer the other one."""
    try:
        yield
    except ConflictError as error:
        if error.kind is ErrorKind.NOTHING_TO_UNDO and dataset.has_history:
            error.next_step = f"To {back} the last step: {reverse}"
        raise


def _where(dataset: Dataset, ref: RefInfo) -> str:
    if ref.formerly is not None:
        return f"is called {ref.name!r} now"
    if ref.commit:
        return f"is at {short(ref.commit)} now"
    return "has no commit now" if any(other.name == ref.name for other in dataset.refs()) else "is gone now"


DEFINE = {
    "log": define_log,
    "branch": partial(define_ref, "branch"),
    "tag": partial(define_ref, "tag"),
    "undo": partial(define_step, "undo"),
    "redo": partial(define_step, "redo"),
}


def _to_json(ref: RefInfo) -> dict[str, object]:
    return ref.model_dump(mode="json")
