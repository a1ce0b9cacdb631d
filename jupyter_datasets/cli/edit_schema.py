"""The actions of ``edit`` that change what a table is declared to be; none of them writes a row anew."""

from __future__ import annotations

import argparse

from jupyter_datasets.cli.editing import Change, action
from jupyter_datasets.cli.parser import CommandParser
from jupyter_datasets.client.edit import Edit

Actions = argparse._SubParsersAction  # it has no other name


def _define_add(actions: Actions[CommandParser]) -> str:
    example = "edit add-column shop prices currency VARCHAR --default EUR -m 'All are in euros'"
    parser = _on_table(actions, "add-column", "add a column; rows there are have its default", _add, example)
    parser.add_argument("column")
    parser.add_argument("type", help="such as BIGINT or DECIMAL(18,3)")
    parser.add_argument("--default", help="value of rows that do not say one; by default null")
    _define_notes(parser)
    return example


def _define_drop(actions: Actions[CommandParser]) -> str:
    example = "edit drop-column shop prices notes"
    parser = _on_table(actions, "drop-column", "leave columns out; earlier versions keep them", _drop, example)
    parser.add_argument("columns", nargs="+", metavar="COLUMN")
    return example


def _define_rename(actions: Actions[CommandParser]) -> str:
    example = "edit rename-column shop prices cost price"
    parser = _on_table(actions, "rename-column", "call a column otherwise", _rename, example)
    parser.add_argument("column", help="its name now")
    parser.add_argument("name", help="its name from then on")
    return example


def _define_widen(actions: Actions[CommandParser]) -> str:
    example = "edit widen shop prices item BIGINT"
    parser = _on_table(actions, "widen", "give a column a type that takes all its values exactly", _widen, example)
    parser.add_argument("column")
    parser.add_argument("type")
    return example


def _define_describe(actions: Actions[CommandParser]) -> str:
    example = "edit describe shop prices price --comment 'without tax' --unit EUR"
    parser = _on_table(actions, "describe", "say what a column means", _describe, example)
    parser.add_argument("column")
    _define_notes(parser)
    return example


def _define_require(actions: Actions[CommandParser]) -> str:
    example = "edit require shop prices price"
    parser = _on_table(actions, "require", "let columns hold no nulls", _require, example)
    parser.add_argument("columns", nargs="+", metavar="COLUMN")
    parser.add_argument("--drop", action="store_true", help="let them hold nulls again")
    return example


def _define_unique(actions: Actions[CommandParser]) -> str:
    example = "edit unique shop prices item currency"
    parser = _on_table(actions, "unique", "let no two rows have the same values in columns", _unique, example)
    parser.add_argument("columns", nargs="+", metavar="COLUMN")
    parser.add_argument("--drop", action="store_true", help="let them have the same values again")
    return example


def _define_check(actions: Actions[CommandParser]) -> str:
    example = "edit check shop prices 'price >= 0' --name positive"
    parser = _on_table(actions, "check", "let no row make an expression over its columns false", _check, example)
    parser.add_argument("expression", help="boolean, in SQL")
    parser.add_argument("--name", help="by default made of the first column's")
    return example


def _define_uncheck(actions: Actions[CommandParser]) -> str:
    example = "edit uncheck shop prices positive"
    parser = _on_table(actions, "uncheck", "hold rows to checks no more", _uncheck, example)
    parser.add_argument("checks", nargs="+", metavar="CHECK", help="their names")
    return example


def _on_table(actions: Actions[CommandParser], name: str, about: str, change: Change, example: str) -> CommandParser:
    parser = action(actions, name, about, change, example)
    parser.add_argument("table", help="also in one word with the dataset: DATASET.TABLE")
    parser.set_defaults(on_table=True)
    return parser


def _define_notes(parser: CommandParser) -> None:
    parser.add_argument("--comment", help="what it means")
    parser.add_argument("--unit", help="in what it is measured")


def _add(edit: Edit, args: argparse.Namespace) -> str:
    edit[args.table].add_column(args.column, args.type, args.default, comment=args.comment or "", unit=args.unit or "")
    return f"Added column {args.column!r}."


def _drop(edit: Edit, args: argparse.Namespace) -> str:
    for column in args.columns:
        edit[args.table].drop_column(column)
    return f"Dropped {', '.join(args.columns)}."


def _rename(edit: Edit, args: argparse.Namespace) -> str:
    edit[args.table].rename_column(args.column, args.name)
    return f"Column {args.column!r} is called {args.name!r} now."


def _widen(edit: Edit, args: argparse.Namespace) -> str:
    edit[args.table].widen(args.column, args.type)
    return f"Column {args.column!r} is {args.type} now."


def _describe(edit: Edit, args: argparse.Namespace) -> str:
    edit[args.table].describe(args.column, comment=args.comment, unit=args.unit)
    return f"Described {args.column!r}."


def _require(edit: Edit, args: argparse.Namespace) -> str:
    table = edit[args.table]
    (table.allow_nulls if args.drop else table.require)(*args.columns)
    return f"{', '.join(args.columns)}: nulls are {'allowed' if args.drop else 'refused'}."


def _unique(edit: Edit, args: argparse.Namespace) -> str:
    table = edit[args.table]
    (table.drop_unique if args.drop else table.add_unique)(*args.columns)
    return f"{', '.join(args.columns)}: equal values are {'allowed' if args.drop else 'refused'}."


def _check(edit: Edit, args: argparse.Namespace) -> str:
    edit[args.table].add_check(args.expression, args.name)
    return f"Rows are held to: {args.expression}."


def _uncheck(edit: Edit, args: argparse.Namespace) -> str:
    for check in args.checks:
        edit[args.table].drop_check(check)
    return f"Dropped {', '.join(args.checks)}."


ACTIONS = (
    *(_define_add, _define_drop, _define_rename, _define_widen, _define_describe),
    *(_define_require, _define_unique, _define_check, _define_uncheck),
)
