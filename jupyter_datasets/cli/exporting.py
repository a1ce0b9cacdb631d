"""The command ``export``."""

from __future__ import annotations

import argparse
from pathlib import Path

from jupyter_datasets.cli.console import Answer, Console
from jupyter_datasets.cli.opening import open_store, split_target
from jupyter_datasets.cli.parser import CommandParser
from jupyter_datasets.client import display
from jupyter_datasets.errors import AlreadyExistsError, ErrorKind


def define_export(parser: CommandParser) -> None:
    """Arguments of ``export``."""
    parser.add_argument("target", metavar="DATASET[.TABLE]", help="by default the table named like the dataset")
    parser.add_argument("file", help="where to; its ending says the format")
    parser.add_argument("--at", metavar="REF", help="the version; by default the branch main")
    parser.add_argument("--format", choices=("csv", "tsv", "parquet"), help="where the ending does not say it")
    parser.add_argument("-f", "--force", action="store_true", help="replace a file that exists")
    parser.command(_export, "export flights flights.parquet", "export flights.airports airports.csv --at v1.0")


def _export(args: argparse.Namespace, _: Console) -> Answer:
    name, table = split_target(args.target)
    target = Path(args.file).expanduser().absolute()
    if target.exists() and not args.force:
        raise AlreadyExistsError(
            f"{args.file} exists already.",
            kind=ErrorKind.FILE_EXISTS,
            next_step="Add --force to replace it.",
            details={"file": str(target)},
        )
    with open_store(args) as repo:
        dataset = repo[name]
        version = dataset[args.at or dataset.current]
        source = version[table or dataset.default_table(version)]
        # By the commit, so that what is written is what was looked at.
        dataset.export(source.name, target, at=version.commit.id, format=args.format)
        size = target.stat().st_size
        return Answer(
            data={"file": str(target), "bytes": size, "rows": len(source), "commit": version.commit.id},
            text=f"{args.file}: {display.count(len(source), 'row')}, {display.size(size)}",
        )


DEFINE = {"export": define_export}
