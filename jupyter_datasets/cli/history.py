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
from jupyter_datasets.errors import ConflictError, ErrorKind, NotFoundError
from jupyter_datasets.services.versions.models import RefInfo
from jupyter_datasets.values import MAIN, short

Kind = Literal["branch", "tag"]


def define_log(parser: CommandParser) -> None:
    """Arguments of ``log``."""
    parser.add_argument("dataset")
    parser.add_argument("ref", nargs="?", help="the version to start from; by default the branch main")
    parser.add_argument("-n", "--number", type=how_many, default=100, help="how many commits (%(default)s)")
    parser.add_argument("--graph", action="store_true", help="the commits of all branches and tags, as a graph")
    parser.command(_log, "log flights", "log flights v1.0 -n 5", "log flights --graph")


def _log(args: argparse.Namespace, _: Console) -> Answer:
    number = max(args.number, 1)
    with open_store(args) as repo:
        dataset = repo[args.dataset]
        found = dataset.graph(number) if args.graph else dataset.log(args.ref, number)
        text = repr(found) if found else no_commits(dataset)
        return Answer(data=[c.model_dump(mode="json") for c in found], text=text)


def define_ref(kind: Kind, parser: CommandParser) -> None:
    """Arguments of ``branch`` and ``tag``."""
    example = {"branch": "fix", "tag": "v1.0"}[kind]
    parser.add_argument("dataset")
    parser.add_argument("name", nargs="?", help=f"the {kind} to make; without it, they are listed")
    parser.add_argument("at", nargs="?", metavar="REF", help="where to make it; by default the branch main")
    parser.add_argument("--delete", metavar="NAME", help=f"delete the {kind}; undo brings it back")
    parser.command(
        partial(_ref, kind),
        f"{kind} flights",
        f"{kind} flights {example}",
        f"{kind} flights {example} main~2",
        f"{kind} flights --delete {example}",
    )


def _ref(kind: Kind, args: argparse.Namespace, _: Console) -> Answer:
    with open_store(args) as repo:
        dataset = repo[args.dataset]
        if args.delete is not None:
            return _deleted(dataset, kind, args.delete)
        if args.name is None:
            return _listed(dataset, kind)
        made = dataset.branch(args.name, args.at) if kind == "branch" else dataset.tag(args.name, args.at)
        return Answer(data=_to_json(made), text=f"Made {kind} {made.name!r} at {short(made.commit or '')}.")


def _listed(dataset: Dataset, kind: Kind) -> Answer:
    found = [ref for ref in dataset.refs() if ref.kind == kind]
    lines = [(ref.name, short(ref.commit) if ref.commit else "no commits yet") for ref in found]
    text = display.text_table((kind, "commit"), lines) if found else f"No {kind}s yet."
    return Answer(data=[_to_json(ref) for ref in found], text=text)


def _deleted(dataset: Dataset, kind: Kind, name: str) -> Answer:
    if any(ref.name == name and ref.kind != kind for ref in dataset.refs()):
        other = "tag" if kind == "branch" else "branch"
        raise NotFoundError(
            f"{name!r} is a {other}, not a {kind}.",
            kind=ErrorKind.REF_NOT_FOUND,
            next_step=f"jupyter datasets {other} {dataset.name} --delete {name}",
            details={"ref": name},
        )
    gone = dataset.delete_ref(name)
    back = f"jupyter datasets undo {dataset.name} {name}"
    return Answer(data=_to_json(gone), text=f"Deleted {kind} {name!r}. To take it back: {back}")


def define_step(action: Literal["undo", "redo"], parser: CommandParser) -> None:
    """Arguments of ``undo`` and ``redo``."""
    parser.add_argument("dataset")
    parser.add_argument("ref", nargs="?", default=MAIN, help="a branch or tag; by default main")
    parser.command(partial(_step, action), f"{action} flights", f"{action} flights fix")


def _step(action: Literal["undo", "redo"], args: argparse.Namespace, _: Console) -> Answer:
    back = "redo" if action == "undo" else "undo"
    with open_store(args) as repo:
        dataset = repo[args.dataset]
        reverse = f"jupyter datasets {back} {dataset.name} {args.ref}"
        with _told_how(dataset, back, reverse):
            moved = dataset.undo(args.ref) if action == "undo" else dataset.redo(args.ref)
        text = f"{moved.name!r} {_where(dataset, moved)}. To reverse that: {reverse}"
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
