"""The command ``edit`` with its actions: drop, rename, attach, detach, and those that change a table's schema."""

from __future__ import annotations

import argparse
from pathlib import Path

from jupyter_datasets.cli import edit_schema
from jupyter_datasets.cli.editing import ActionParser, action, run
from jupyter_datasets.cli.parser import CommandParser
from jupyter_datasets.client.edit import Edit


def define_edit(parser: CommandParser) -> None:
    """Arguments of ``edit``."""
    actions: argparse._SubParsersAction[CommandParser] = parser.add_subparsers(
        title="actions", metavar="ACTION", required=True, parser_class=ActionParser
    )
    tables = (_define_drop, _define_rename, _define_attach, _define_detach)
    examples = [define(actions) for define in (*tables, *edit_schema.ACTIONS)]
    parser.command(run, *examples)


def _define_drop(actions: argparse._SubParsersAction[CommandParser]) -> str:
    example = "edit drop flights weather planes -m 'Not needed'"
    parser = action(actions, "drop", "remove tables from the next version; earlier ones keep them", _drop, example)
    parser.add_argument("tables", nargs="+", metavar="TABLE")
    return example


def _define_rename(actions: argparse._SubParsersAction[CommandParser]) -> str:
    example = "edit rename flights weather hourly_weather"
    parser = action(actions, "rename", "call a table otherwise from the next version on", _rename, example)
    parser.add_argument("table", help="its name now")
    parser.add_argument("name", help="its name from then on")
    return example


def _define_attach(actions: argparse._SubParsersAction[CommandParser]) -> str:
    example = "edit attach flights codebook.pdf"
    parser = action(actions, "attach", "keep a copy of a file with the dataset", _attach, example)
    parser.add_argument("file")
    parser.add_argument("--name", help="what to call it; by default its own name")
    return example


def _define_detach(actions: argparse._SubParsersAction[CommandParser]) -> str:
    example = "edit detach flights codebook.pdf"
    parser = action(actions, "detach", "remove files from the next version; earlier ones keep them", _detach, example)
    parser.add_argument("files", nargs="+", metavar="FILE", help="their names in the dataset")
    return example


def _drop(edit: Edit, args: argparse.Namespace) -> str:
    for table in args.tables:
        edit.drop(table)
    return f"Dropped {', '.join(args.tables)}."


def _rename(edit: Edit, args: argparse.Namespace) -> str:
    edit.rename(args.table, args.name)
    return f"Table {args.table!r} is called {args.name!r} now."


def _attach(edit: Edit, args: argparse.Namespace) -> str:
    edit.attach(args.file, args.name)
    return f"Attached {args.name or Path(args.file).name}."


def _detach(edit: Edit, args: argparse.Namespace) -> str:
    for name in args.files:
        edit.detach(name)
    return f"Detached {', '.join(args.files)}."


DEFINE = {"edit": define_edit}
