"""The commands ``fsck``, ``gc``, ``backup`` and ``rebuild``."""

from __future__ import annotations

import argparse
from pathlib import Path

from jupyter_datasets.cli.console import Answer, Console, Exit
from jupyter_datasets.cli.opening import open_store
from jupyter_datasets.cli.parser import CommandParser
from jupyter_datasets.cli.progress import byte_bar
from jupyter_datasets.services.housekeeping import backups, rebuilding
from jupyter_datasets.services.housekeeping.models import BIN_DAYS, GRACE_HOURS
from jupyter_datasets.settings import Settings
from jupyter_datasets.values import Actor


def define_fsck(parser: CommandParser) -> None:
    """Arguments of ``fsck``."""
    parser.description = (
        "Read all that versions need again: compare hashes, count rows, and name each version that damage touches.\n"
        "Exits with 1 if something is damaged."
    )
    parser.add_argument("dataset", nargs="?", help="only what its versions need; everything in the store without it")
    parser.add_argument(
        "--repair",
        action="store_true",
        help="move damaged files into the store's folder 'quarantine', so that importing the same rows mends them,"
        " and set the index right; deletes nothing",
    )
    parser.command(_fsck, "fsck", "fsck flights", "fsck --repair")


def _fsck(args: argparse.Namespace, _: Console) -> Answer:
    with open_store(args) as repo, byte_bar("Reading again") as show:
        report = repo.fsck(args.dataset, repair=args.repair, on_progress=show)
    code = Exit.DONE if report.ok else Exit.FAILED
    return Answer(data={"ok": report.ok, **report.model_dump(mode="json")}, text=str(report), code=code)


def define_gc(parser: CommandParser) -> None:
    """Arguments of ``gc``."""
    parser.description = (
        "Free the space of what no version needs, in two steps: the first run condemns it, and one after the grace\n"
        "deletes it. Branches and tags keep their history; so do the moves that can be undone, and the bin."
    )
    parser.add_argument("--dry-run", action="store_true", help="change nothing; show who keeps what, and what would go")
    parser.add_argument(
        "--grace", type=float, default=GRACE_HOURS, metavar="HOURS", help="how long each step waits (%(default)g)"
    )
    parser.add_argument(
        "--bin",
        nargs="?",
        type=float,
        const=BIN_DAYS,
        metavar="DAYS",
        help=f"first remove datasets for good that were deleted so long ago ({BIN_DAYS:g})",
    )
    parser.command(_gc, "gc --dry-run", "gc", "gc --bin", "gc --bin 7 --grace 1")


def _gc(args: argparse.Namespace, _: Console) -> Answer:
    with open_store(args) as repo:
        emptied = () if args.bin is None or args.dry_run else repo.empty_bin(args.bin)
        report = repo.gc(dry_run=args.dry_run, grace_hours=args.grace)
    said = [f"Removed from the bin: {', '.join(emptied)}"] if emptied else []
    data = {**report.model_dump(mode="json"), "bytes": report.bytes, "emptied": list(emptied)}
    return Answer(data=data, text="\n".join([*said, str(report)]))


def define_backup(parser: CommandParser) -> None:
    """Arguments of ``backup``."""
    parser.description = "Copy the store while it is in use, or make a store of such a copy."
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    about = "copy the store to a folder, or bring the copy there up to date"
    create = actions.add_parser("create", help=about, description=f"{about[:1].upper()}{about[1:]}.")
    create.add_argument("path", type=Path, help="an earlier backup, or a new folder; best on another disk")
    _add_copy(create)
    create.command(_create, "backup create /media/stick/flights")
    about = "make a store of a backup"
    restore = actions.add_parser("restore", help=about, description=f"{about[:1].upper()}{about[1:]}.")
    restore.add_argument("path", type=Path, help="the backup")
    restore.add_argument("--to", type=Path, required=True, metavar="FOLDER", help="the new store; it must not be there")
    restore.command(_restore, "backup restore /media/stick/flights --to flights")
    parser.command(_create, "backup create /media/stick/flights", "backup restore /media/stick/flights --to flights")


def _add_copy(parser: CommandParser) -> None:
    parser.add_argument(
        "--copy",
        action="store_true",
        help="copy the files even where further names of them would do: on the same disk, these protect against"
        " mistakes but not against damage",
    )


def _create(args: argparse.Namespace, _: Console) -> Answer:
    with open_store(args) as repo, byte_bar("Copying") as show:
        made = repo.backup(args.path, links=not args.copy, on_progress=show)
    return Answer(data=made.model_dump(mode="json"), text=str(made))


def _restore(args: argparse.Namespace, _: Console) -> Answer:
    with byte_bar("Copying") as show:
        made = backups.restore(args.path, args.to.absolute(), on_progress=show)
    text = f"{made}\nRestored to {args.to}. Check it: jupyter datasets --store {args.to} fsck"
    return Answer(data={**made.model_dump(mode="json"), "to": str(args.to)}, text=text)


def define_rebuild(parser: CommandParser) -> None:
    """Arguments of ``rebuild``."""
    parser.description = (
        "Make the catalog of a store anew that has lost it, of the newest copy in the store's folder 'backup' and of\n"
        "the notes that each commit left. Says what could not be brought back."
    )
    parser.command(_rebuild, "rebuild", "rebuild --store my-store")


def _rebuild(args: argparse.Namespace, _: Console) -> Answer:
    made = rebuilding.rebuild(Settings.load(args.store).store, Actor.local())
    return Answer(data=made.model_dump(mode="json"), text=str(made))


DEFINE = {"fsck": define_fsck, "gc": define_gc, "backup": define_backup, "rebuild": define_rebuild}
