"""Commands about datasets as such: create, ls, show, rename, delete, restore."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from typing import Any

from jupyter_datasets.cli import rows
from jupyter_datasets.cli.console import Answer, Console
from jupyter_datasets.cli.opening import missing_store, no_commits, open_store, split_target
from jupyter_datasets.cli.parser import CommandParser, how_many
from jupyter_datasets.client import display
from jupyter_datasets.client.dataset import Dataset
from jupyter_datasets.client.overview import Overview
from jupyter_datasets.client.version import Table, Version
from jupyter_datasets.errors import ErrorKind, InvalidInputError, NotFoundError

_FIRST_STEP = "No datasets yet. Import a file: jupyter datasets import data.csv"


def define_create(parser: CommandParser) -> None:
    """Arguments of ``create``."""
    parser.add_argument("dataset", help="its name")
    parser.add_argument("-d", "--description", default="", help="what it is about")
    parser.add_argument("-l", "--label", action="append", default=[], help="a label; may be repeated")
    parser.command(_create, "create flights --description 'Departures of 2013' --label nyc")


def _create(args: argparse.Namespace, _: Console) -> Answer:
    with open_store(args, make=True) as repo:
        made = repo.create(args.dataset, description=args.description, labels=args.label)
        hint = f"Put data into it: jupyter datasets import data.csv {made.name}"
        return Answer(data=to_json(made), text=f"Created dataset {made.name!r}. {hint}")


def define_ls(parser: CommandParser) -> None:
    """Arguments of ``ls``."""
    parser.command(_ls, "ls", "ls --json")


def _ls(args: argparse.Namespace, _: Console) -> Answer:
    if args.store is None and missing_store(args):
        return Answer(data=[], text=_FIRST_STEP)
    with open_store(args) as repo:
        return _listed(repo.datasets(), _FIRST_STEP)


def define_show(parser: CommandParser) -> None:
    """Arguments of ``show``."""
    parser.add_argument("target", metavar="DATASET[.TABLE]", help="what to show")
    parser.add_argument("--at", metavar="REF", help="the version; by default the branch main")
    parser.add_argument("-n", "--rows", type=how_many, default=5, help="how many rows of a table (%(default)s)")
    parser.command(_show, "show flights", "show flights.airports --at v1.0", "show flights --at 'main@{2026-01-31}'")


def _show(args: argparse.Namespace, console: Console) -> Answer:
    name, table = split_target(args.target)
    with open_store(args) as repo:
        dataset = repo[name]
        if table is None:
            overview = dataset.overview(args.at)
            return Answer(data=to_json(dataset) | _content(overview), text=overview.text(no_commits(dataset)))
        version = _version(dataset, args.at)
        if version is None:
            raise NotFoundError(
                f"Dataset {dataset.name!r} has no table {table!r}.",
                kind=ErrorKind.TABLE_NOT_FOUND,
                next_step=no_commits(dataset),
            )
        return _shown_table(version[table], args.rows, whole=console.as_json)


def define_rename(parser: CommandParser) -> None:
    """Arguments of ``rename``."""
    parser.add_argument("dataset", help="its name now")
    parser.add_argument("name", help="its name from now on")
    parser.command(_rename, "rename flights nyc_flights")


def _rename(args: argparse.Namespace, _: Console) -> Answer:
    with open_store(args) as repo:
        dataset = repo[args.dataset]
        old = dataset.name
        dataset.rename(args.name)
        return Answer(data=to_json(dataset), text=f"{old!r} is called {dataset.name!r} now.")


def define_delete(parser: CommandParser) -> None:
    """Arguments of ``delete``, which asks nothing, because it can be taken back."""
    parser.add_argument("dataset", help="its name")
    parser.command(_delete, "delete flights")


def _delete(args: argparse.Namespace, _: Console) -> Answer:
    with open_store(args) as repo:
        dataset = repo[args.dataset]
        dataset.delete()
        back = f"jupyter datasets restore {dataset.id}"
        return Answer(
            data=to_json(dataset) | {"restore": back},
            text=f"Dataset {dataset.name!r} is in the bin for 30 days. To take it back: {back}",
        )


def define_restore(parser: CommandParser) -> None:
    """Arguments of ``restore``."""
    parser.add_argument("dataset", nargs="?", help="its name or id")
    parser.add_argument("--name", help="what to call it, if its own name is taken by now")
    parser.add_argument("--list", action="store_true", help="list what is in the bin")
    parser.command(_restore, "restore flights", "restore flights --name old_flights", "restore --list")


def _restore(args: argparse.Namespace, _: Console) -> Answer:
    with open_store(args) as repo:
        if args.list:
            return _listed(repo.bin(), "The bin is empty.", with_id=True)
        if args.dataset is None:
            raise InvalidInputError("Which dataset?", next_step="jupyter datasets restore --list shows the bin.")
        dataset = repo.restore(args.dataset, args.name)
        return Answer(data=to_json(dataset), text=f"Dataset {dataset.name!r} is back.")


DEFINE = {
    "create": define_create,
    "ls": define_ls,
    "show": define_show,
    "rename": define_rename,
    "delete": define_delete,
    "restore": define_restore,
}


def to_json(dataset: Dataset) -> dict[str, Any]:
    """A dataset as JSON."""
    return {
        "id": dataset.id,
        "name": dataset.name,
        "description": dataset.description,
        "labels": list(dataset.labels),
    }


def _listed(datasets: Iterable[Dataset], empty: str, *, with_id: bool = False) -> Answer:
    found = list(datasets)
    headers = ("name", "labels", "description", *(("id",) if with_id else ()))
    lines = [(d.name, ", ".join(d.labels), d.description, *((d.id,) if with_id else ())) for d in found]
    text = display.text_table(headers, lines, whole=1) if found else empty
    return Answer(data=[to_json(d) for d in found], text=text)


def _version(dataset: Dataset, ref: str | None) -> Version | None:
    try:
        return dataset[ref or dataset.current]
    except NotFoundError as error:
        if ref is None and error.kind is ErrorKind.UNBORN_BRANCH:
            return None
        raise


def _content(overview: Overview) -> dict[str, Any]:
    whole = overview.model.model_dump(mode="json", exclude={"dataset", "version"})
    version = overview.model.version
    if version is None:
        return {"commit": None, "tables": [], "files": []} | whole
    return version.model_dump(mode="json", exclude={"dataset_id"}) | whole


def _shown_table(table: Table, count: int, *, whole: bool) -> Answer:
    """Types and first rows; of a wide table people see the first columns alone, and the others are not read."""
    head = table.head(count, None if whole else table.columns[: display.MOST_COLUMNS])
    shown = f"first {count:,} of {display.count(table.num_rows, 'row')}:\n" if count < table.num_rows else ""
    text = f"{table!r}\n\n{shown}{rows.as_text(head, table.columns)}" if count else repr(table)
    return Answer(data={**table.info.model_dump(mode="json"), "head": rows.as_json(head)}, text=text)
