"""The command ``diff``."""

from __future__ import annotations

import argparse

import pyarrow as pa

from jupyter_datasets.cli import rows
from jupyter_datasets.cli.console import Answer, Console
from jupyter_datasets.cli.opening import open_store, split_target
from jupyter_datasets.cli.parser import CommandParser, how_many
from jupyter_datasets.client import display
from jupyter_datasets.client.dataset import Dataset
from jupyter_datasets.client.diff import Diff


def define_diff(parser: CommandParser) -> None:
    """Arguments of ``diff``."""
    parser.add_argument("target", metavar="DATASET[.TABLE]", help="what to compare; by default all tables and files")
    parser.add_argument("old", metavar="A", help="a version")
    parser.add_argument(
        "new",
        metavar="B",
        nargs="?",
        help="another one; by default main, and if A is main, what its last commit changed",
    )
    parser.add_argument("--schema", action="store_true", help="also show columns that differ")
    parser.add_argument("--rows", action="store_true", help="also show rows that only one side has")
    parser.add_argument("-n", "--number", type=how_many, default=20, help="how many rows of a table (%(default)s)")
    parser.command(
        _diff,
        "diff flights main",
        "diff flights v1.0",
        "diff flights main fix --schema",
        "diff flights.flights main fix --rows -n 50",
    )


def _diff(args: argparse.Namespace, _: Console) -> Answer:
    name, table = split_target(args.target)
    with open_store(args) as repo:
        dataset = repo[name]
        diff = dataset.diff(args.old, args.new)
        if table is not None and _is_same(dataset, diff, table):
            return Answer(data=_commits(diff) | {"changes": []}, text=f"{table}: nothing differs.")
        parts = [_summary(diff, table)]
        if args.schema:
            parts.append(_schema(diff, table))
        if args.rows:
            parts.append(_rows(diff, table, max(args.number, 0)))
    data = {key: value for part in parts for key, value in part.data.items()}
    return Answer(data=data, text="\n\n".join(part.text for part in parts if part.text))


def _is_same(dataset: Dataset, diff: Diff, table: str) -> bool:
    """Whether both versions have the table, equal."""
    differing = {n.casefold() for t in diff.model.tables for n in (t.old_name, t.new_name) if n}
    return table.casefold() not in differing and table in dataset[diff.model.old.id]


def _commits(diff: Diff) -> dict[str, object]:
    return {"old": diff.model.old.model_dump(mode="json"), "new": diff.model.new.model_dump(mode="json")}


def _summary(diff: Diff, table: str | None) -> Answer:
    if table is None:
        return Answer(data=_commits(diff) | {"changes": rows.as_json(diff.summary())}, text=repr(diff))
    change = diff[table]
    line = {"name": table, "change": change.model.kind, **change.counts._asdict()}
    return Answer(data=_commits(diff) | {"changes": [line]}, text=repr(change))


def _schema(diff: Diff, table: str | None) -> Answer:
    schema = diff.schema() if table is None else diff[table].schema()
    told = table is None and (schema.num_rows or not len(diff))  # by the summary of all tables
    text = rows.as_text(schema) if schema.num_rows else "No column differs."
    return Answer(data={"schema": rows.as_json(schema)}, text="" if told else text)


def _rows(diff: Diff, table: str | None, number: int) -> Answer:
    found = {name: diff[name].rows() for name in ([table] if table else diff)}
    return Answer(
        data={"rows": {name: rows.as_json(changed.slice(0, number)) for name, changed in found.items()}},
        text="\n\n".join(_changed(name, changed, number) for name, changed in found.items() if changed.num_rows),
    )


def _changed(table: str, changed: pa.Table, number: int) -> str:
    left = changed.num_rows - number
    more = f"\n({display.count(left, 'more row')}; -n shows more)" if left > 0 else ""
    return f"{table}\n{rows.as_text(changed.slice(0, number))}{more}"


DEFINE = {"diff": define_diff}
