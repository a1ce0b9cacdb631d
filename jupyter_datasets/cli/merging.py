"""Commands that make commits out of others: merge, revert, cherry-pick, compact."""

from __future__ import annotations

import argparse

from jupyter_datasets.cli.console import Answer, Console
from jupyter_datasets.cli.opening import open_store
from jupyter_datasets.cli.parser import CommandParser
from jupyter_datasets.client import display
from jupyter_datasets.client.merging import MergeConflicts
from jupyter_datasets.errors import ConflictError, ErrorKind
from jupyter_datasets.services.versions.models import Commit
from jupyter_datasets.values import MAIN

_Done = Commit | MergeConflicts | None


def define_merge(parser: CommandParser) -> None:
    """Arguments of ``merge``."""
    parser.add_argument("dataset")
    parser.add_argument("source", metavar="SOURCE", help="a branch, or any other version")
    parser.add_argument("--into", metavar="BRANCH", default=MAIN, help="the branch that takes it (%(default)s)")
    parser.add_argument("--take", choices=("ours", "theirs", "newest"), help="what settles every conflict")
    parser.add_argument("--squash", action="store_true", help="one commit, without the other side's history")
    parser.add_argument("-m", "--message", default="", help="what the commit says")
    parser.command(_merge, "merge flights fix", "merge flights fix --into main --take theirs -m 'Corrected delays'")


def _merge(args: argparse.Namespace, _: Console) -> Answer:
    with open_store(args) as repo:
        dataset = repo[args.dataset]
        done = dataset.merge(args.source, args.into, take=args.take, message=args.message, squash=args.squash)
        return _answer(done, f"{args.into} has all of {args.source} already.")


def define_revert(parser: CommandParser) -> None:
    """Arguments of ``revert``."""
    parser.add_argument("dataset")
    parser.add_argument("commit", metavar="COMMIT", help="the commit whose change is taken back")
    parser.add_argument("--branch", metavar="BRANCH", default=MAIN, help="where (%(default)s)")
    parser.add_argument("-m", "--message", default="", help="what the new commit says")
    parser.command(_revert, "revert flights main", "revert flights 3f2a9c --branch fix")


def _revert(args: argparse.Namespace, _: Console) -> Answer:
    with open_store(args) as repo:
        done = repo[args.dataset].revert(args.commit, branch=args.branch, message=args.message)
        return _answer(done, "That change is taken back already.")


def define_cherry_pick(parser: CommandParser) -> None:
    """Arguments of ``cherry-pick``."""
    parser.add_argument("dataset")
    parser.add_argument("commit", metavar="COMMIT", help="the commit whose change is made again")
    parser.add_argument("--onto", metavar="BRANCH", default=MAIN, help="where (%(default)s)")
    parser.add_argument("-m", "--message", default="", help="what the new commit says; by default what the other says")
    parser.command(_cherry_pick, "cherry-pick flights fix", "cherry-pick flights 3f2a9c --onto main")


def _cherry_pick(args: argparse.Namespace, _: Console) -> Answer:
    with open_store(args) as repo:
        done = repo[args.dataset].cherry_pick(args.commit, onto=args.onto, message=args.message)
        return _answer(done, "The branch has that change already.")


def define_compact(parser: CommandParser) -> None:
    """Arguments of ``compact``."""
    parser.add_argument("dataset")
    parser.add_argument("tables", nargs="*", metavar="TABLE", help="by default all")
    parser.add_argument("--branch", metavar="BRANCH", default=MAIN, help="where (%(default)s)")
    parser.command(_compact, "compact flights", "compact flights airports --branch fix")


def _compact(args: argparse.Namespace, _: Console) -> Answer:
    with open_store(args) as repo:
        return _answer(repo[args.dataset].compact(*args.tables, branch=args.branch), "Nothing is left to be done.")


def _answer(done: _Done, nothing: str) -> Answer:
    if isinstance(done, MergeConflicts):
        raise ConflictError(
            f"{display.count(len(done), 'conflict')}; nothing was changed.\n{done.table()}",
            kind=ErrorKind.MERGE_CONFLICT,
            next_step="Settle them all with --take ours|theirs, or one by one in Python: ds.merge(...).resolve(...).",
            details={"count": len(done), "conflicts": [c.model_dump(mode="json") for c in done.conflicts]},
        )
    if done is None:
        return Answer(data={"commit": None}, text=nothing)
    return Answer(data={"commit": done.model_dump(mode="json")}, text=repr(done))


DEFINE = {"merge": define_merge, "revert": define_revert, "cherry-pick": define_cherry_pick, "compact": define_compact}
