"""Commands that make commits out of others: merge, revert, cherry-pick, compact."""

from __future__ import annotations

import argparse
import shlex
from typing import Any, get_args

from jupyter_datasets.cli.console import Answer, Console
from jupyter_datasets.cli.opening import open_store
from jupyter_datasets.cli.parser import CommandParser
from jupyter_datasets.client import display
from jupyter_datasets.client.answering import Steps
from jupyter_datasets.client.dataset import Dataset
from jupyter_datasets.client.merging import MergeConflicts, MergesInProgress
from jupyter_datasets.errors import ConflictError, ErrorKind, InvalidInputError
from jupyter_datasets.services.merges.models import Take
from jupyter_datasets.services.versions.models import Commit
from jupyter_datasets.values import MAIN

TAKES = get_args(Take)
_Done = Commit | MergeConflicts | None


def define_merge(parser: CommandParser) -> None:
    """Arguments of ``merge``."""
    parser.add_argument("dataset")
    parser.add_argument("source", metavar="SOURCE", nargs="?", help="a branch, or any other version")
    parser.add_argument("--into", metavar="BRANCH", help=f"the branch that takes it ({MAIN})")
    parser.add_argument("--take", choices=TAKES, help="what settles every conflict")
    parser.add_argument("--squash", action="store_true", help="one commit, without the other side's history")
    parser.add_argument("-m", "--message", default="", help="what the commit says")
    _define_progress(parser.add_argument_group("a merge, revert or cherry-pick in progress"))
    parser.command(
        _merge,
        "merge flights fix",
        "merge flights fix --into main --take theirs -m 'Corrected delays'",
        "merge flights --resolve theirs --column dep_delay",
        "merge flights --continue",
    )


def _define_progress(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--list", action="store_true", help="those that wait for answers to their conflicts")
    group.add_argument("--id", help="which one, where there are several; --into BRANCH may do as well")
    group.add_argument("--resolve", choices=TAKES, metavar="SIDE", help=f"settle conflicts: {', '.join(TAKES)}")
    group.add_argument("--table", help="only those of this table")
    group.add_argument("--column", help="only those of this column")
    group.add_argument(
        "--key", metavar="VALUE", action="append", help="only those of this row; a value for each column"
    )
    group.add_argument("--unresolve", action="store_true", help="take back the last answer")
    group.add_argument("--refresh", action="store_true", help="go on from where the branch is now")
    group.add_argument("--continue", dest="commit", action="store_true", help="make the commit")
    group.add_argument("--abort", action="store_true", help="forget it; nothing of it stays")


def _merge(args: argparse.Namespace, _: Console) -> Answer:
    with open_store(args) as repo:
        dataset = repo[args.dataset]
        if args.source is None:
            return _listed(dataset.merges()) if args.list else _go_on(dataset, args)
        if args.list or _steps(args) != Steps(branch=args.into, take=args.take):
            raise InvalidInputError(
                "A merge is begun by its SOURCE, and gone on with without.",
                next_step="Leave out the SOURCE, or the options for a merge in progress.",
            )
        done = dataset.merge(args.source, args.into or MAIN, take=args.take, message=args.message, squash=args.squash)
        return _answer(dataset, done, f"{args.into or MAIN} has all of {args.source} already.")


def _listed(merges: MergesInProgress) -> Answer:
    return Answer(data={"merges": [each.merge.model_dump(mode="json") for each in merges]}, text=repr(merges))


def _go_on(dataset: Dataset, args: argparse.Namespace) -> Answer:
    done = _steps(args).follow(dataset.merges())
    if isinstance(done, MergeConflicts):
        return Answer(data={"merge": done.merge.model_dump(mode="json"), **_conflicts(done)}, text=repr(done))
    gone = "Aborted; nothing of it stays." if args.abort else "The answers leave nothing to be done; the merge is over."
    return _answer(dataset, done, gone)


def _steps(args: argparse.Namespace) -> Steps:
    return Steps(
        id=args.id,
        branch=args.into,
        refresh=args.refresh,
        unresolve=args.unresolve,
        take=args.resolve or args.take,
        table=args.table,
        column=args.column,
        key=tuple(args.key) if args.key else None,
        commit=args.commit,
        abort=args.abort,
    )


def define_revert(parser: CommandParser) -> None:
    """Arguments of ``revert``."""
    parser.add_argument("dataset")
    parser.add_argument("commit", metavar="COMMIT", help="the commit whose change is taken back")
    parser.add_argument("--branch", metavar="BRANCH", default=MAIN, help="where (%(default)s)")
    parser.add_argument("-m", "--message", default="", help="what the new commit says")
    parser.command(_revert, "revert flights main", "revert flights 3f2a9c --branch fix")


def _revert(args: argparse.Namespace, _: Console) -> Answer:
    with open_store(args) as repo:
        dataset = repo[args.dataset]
        done = dataset.revert(args.commit, branch=args.branch, message=args.message)
        return _answer(dataset, done, "That change is taken back already.")


def define_cherry_pick(parser: CommandParser) -> None:
    """Arguments of ``cherry-pick``."""
    parser.add_argument("dataset")
    parser.add_argument("commit", metavar="COMMIT", help="the commit whose change is made again")
    parser.add_argument("--onto", metavar="BRANCH", default=MAIN, help="where (%(default)s)")
    parser.add_argument("-m", "--message", default="", help="what the new commit says; by default what the other says")
    parser.command(_cherry_pick, "cherry-pick flights fix", "cherry-pick flights 3f2a9c --onto main")


def _cherry_pick(args: argparse.Namespace, _: Console) -> Answer:
    with open_store(args) as repo:
        dataset = repo[args.dataset]
        done = dataset.cherry_pick(args.commit, onto=args.onto, message=args.message)
        return _answer(dataset, done, "The branch has that change already.")


def define_compact(parser: CommandParser) -> None:
    """Arguments of ``compact``."""
    parser.add_argument("dataset")
    parser.add_argument("tables", nargs="*", metavar="TABLE", help="by default all")
    parser.add_argument("--branch", metavar="BRANCH", default=MAIN, help="where (%(default)s)")
    parser.command(_compact, "compact flights", "compact flights airports --branch fix")


def _compact(args: argparse.Namespace, _: Console) -> Answer:
    with open_store(args) as repo:
        dataset = repo[args.dataset]
        return _answer(dataset, dataset.compact(*args.tables, branch=args.branch), "Nothing is left to be done.")


def _answer(dataset: Dataset, done: _Done, nothing: str) -> Answer:
    if isinstance(done, MergeConflicts):
        return _waiting(dataset, done)
    if done is None:
        return Answer(data={"commit": None}, text=nothing)
    text = display.plain(f"Commit {done.short} (#{done.seq}): {done.message}")
    return Answer(data={"commit": done.model_dump(mode="json")}, text=text)


def _waiting(dataset: Dataset, found: MergeConflicts) -> Answer:
    """A merge that was begun, or begun again with the answers that it has: these may settle all."""
    command = f"jupyter datasets merge {shlex.quote(dataset.name)}"
    if not len(found) and found.problems:
        raise found.problems[0].error()
    if not len(found):
        data = {"merge": found.merge.model_dump(mode="json"), **_conflicts(found)}
        return Answer(data=data, text=f"It is in progress, and its answers settle all. Commit it: {command} --continue")
    raise ConflictError(
        f"{display.count(len(found), 'conflict')}; nothing was changed.\n{found.table()}",
        kind=ErrorKind.MERGE_CONFLICT,
        next_step=f"Settle them: {command} --resolve ours|theirs, for all or one --table, --column or --key; then "
        f"{command} --continue. Or forget it: {command} --abort.",
        details={"merge": found.id, **_conflicts(found)},
    )


def _conflicts(found: MergeConflicts) -> dict[str, Any]:
    conflicts, stands = ([each.model_dump(mode="json") for each in kind] for kind in (found.conflicts, found.problems))
    return {"count": len(found), "conflicts": conflicts, "problems": stands}


DEFINE = {"merge": define_merge, "revert": define_revert, "cherry-pick": define_cherry_pick, "compact": define_compact}
