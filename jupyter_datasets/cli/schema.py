"""The command ``schema``."""

from __future__ import annotations

import argparse

from jupyter_datasets.cli.console import Answer, Console
from jupyter_datasets.cli.opening import open_store, split_target
from jupyter_datasets.cli.parser import CommandParser
from jupyter_datasets.client import display
from jupyter_datasets.client.version import Table


def define_schema(parser: CommandParser) -> None:
    """Arguments of ``schema``."""
    parser.add_argument("target", metavar="DATASET[.TABLE]", help="by default all tables")
    parser.add_argument("table", nargs="?", help="the same, apart")
    parser.add_argument("--at", metavar="REF", help="a version; by default main as it is now")
    parser.command(_schema, "schema shop", "schema shop.prices", "schema shop prices --at v1.0 --json")


def _schema(args: argparse.Namespace, _: Console) -> Answer:
    name, table = split_target(args.target)
    with open_store(args) as repo:
        version = repo[name][args.at or repo[name].current]
        wanted = args.table or table
        found = [version[wanted]] if wanted else list(version.tables.values())
        return Answer(
            data=[each.info.model_dump(mode="json") for each in found],
            text="\n\n".join(map(_as_text, found)) or "No tables.",
        )


def _as_text(table: Table) -> str:
    return f"{display.plain(table.name)}: {display.count(table.num_rows, 'row')}\n{table.schema!r}"


DEFINE = {"schema": define_schema}
