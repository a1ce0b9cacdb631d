"""The command ``doctor``."""

from __future__ import annotations

import argparse

from jupyter_datasets.cli.console import Answer, Console, Exit
from jupyter_datasets.cli.opening import missing_store, open_store
from jupyter_datasets.cli.parser import CommandParser
from jupyter_datasets.cli.progress import byte_bar
from jupyter_datasets.errors import DamagedObjectError, FormatError, InternalError, StorageError, StoreBusyError
from jupyter_datasets.services.health import environment
from jupyter_datasets.services.health.models import Check, Report
from jupyter_datasets.services.health.service import EVERYTHING
from jupyter_datasets.settings import Settings

# What keeps a store from being opened is a finding, not a failure of the command.
_FINDINGS = (StoreBusyError, FormatError, DamagedObjectError, StorageError, InternalError)


def define_doctor(parser: CommandParser) -> None:
    """Arguments of ``doctor``."""
    parser.description = (
        "Check the programs, the store and all that is in it. Changes nothing; exits with 1 if something fails."
    )
    parser.add_argument(
        "--rehash",
        nargs="?",
        const=EVERYTHING,
        metavar="DATASET",
        help="also read the files of a dataset at all its versions again, or of the whole store, and compare hashes",
    )
    parser.command(_doctor, "doctor", "doctor --rehash flights", "doctor --rehash all")


def _doctor(args: argparse.Namespace, _: Console) -> Answer:
    settings = Settings.load(args.store)
    outside = {check.name: check for check in environment.look(settings.store, embedded=not settings.catalog_url)}
    checks = list(outside.values())
    if not missing_store(args) and outside["store"].status != "fail":
        # What was seen before the store was opened says more: opening takes hold of it and removes leftovers.
        checks = [outside.get(check.name, check) for check in _inside(args)]
    report = Report(checks=tuple(checks))
    code = Exit.DONE if report.ok else Exit.FAILED
    return Answer(data={"ok": report.ok, **report.model_dump(mode="json")}, text=str(report), code=code)


def _inside(args: argparse.Namespace) -> list[Check]:
    try:
        with open_store(args) as repo, byte_bar("Reading again") as show:
            return list(repo.doctor(args.rehash, on_progress=show if args.rehash else None).checks)
    except _FINDINGS as error:
        settings = Settings.load(args.store)
        return [*environment.look(settings.store, embedded=not settings.catalog_url), Check.failed("catalog", error)]


DEFINE = {"doctor": define_doctor}
