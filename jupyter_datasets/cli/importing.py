"""The command ``import``."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from jupyter_datasets.cli.console import Answer, Console
from jupyter_datasets.cli.opening import open_store, split_target
from jupyter_datasets.cli.parser import CommandParser
from jupyter_datasets.cli.progress import showing_progress
from jupyter_datasets.cli.spelling import READING, as_flags
from jupyter_datasets.client.dataset import Dataset
from jupyter_datasets.client.imports import ImportResult, table_for
from jupyter_datasets.client.jobs import Job
from jupyter_datasets.client.repository import Repository
from jupyter_datasets.engine.readers import ReadOptions, check_file
from jupyter_datasets.errors import DatasetsError, ErrorKind, InvalidInputError, NotFoundError


def define_import(parser: CommandParser) -> None:
    """Arguments of ``import``."""
    parser.add_argument("file", help="a .csv, .tsv, .txt (also .gz, .zst, .zip) or .parquet file")
    parser.add_argument(
        "target",
        nargs="?",
        metavar="DATASET[.TABLE]",
        help="where to; by default a dataset named after the file, which is made when it does not exist",
    )
    parser.add_argument("--create", action="store_true", help="make the dataset if it does not exist")
    parser.add_argument("--append", action="store_true", help="put the rows behind those of the table")
    parser.add_argument(
        "--schema",
        choices=("strict", "evolve"),
        help="the file has exactly the table's columns; or, with --append, it may bring columns and wider types",
    )
    parser.add_argument("--key", action="append", default=[], metavar="COLUMN", help="tells rows apart; repeatable")
    parser.add_argument("--branch", help="takes the commit; by default main")
    parser.add_argument("-m", "--message", default="", help="what the commit says")
    parser.add_argument("--keep-original", action="store_true", help="attach the file itself, too")
    _define_reading(parser)
    parser.command(
        _import,
        "import flights.csv",
        "import more.csv flights.flights --append --schema strict -m 'December'",
        "import prices.txt shop.prices --create --delimiter ';' --decimal , --type price='DECIMAL(10,2)'",
    )


def _define_reading(parser: CommandParser) -> None:
    group = parser.add_argument_group("how to read the file, where it is not found out rightly")
    group.add_argument("--format", choices=("csv", "parquet"), help="what it is; csv is any delimited text")
    group.add_argument("--type", action="append", default=[], metavar="COLUMN=TYPE", help="a column's type; repeatable")
    group.add_argument("--null", action="append", metavar="TEXT", help="stands for no value; repeatable")
    group.add_argument("--delimiter", metavar="CHARACTER", help="between the fields; \\t is a tab")
    group.add_argument("--quote", metavar="CHARACTER", help="around fields; '' for none")
    group.add_argument("--header", action=argparse.BooleanOptionalAction, help="the first line names the columns")
    group.add_argument("--encoding", help="such as utf-8, latin-1 or cp1252")
    group.add_argument("--decimal", metavar="MARK", help="before the fraction of a number: . or ,")


def _import(args: argparse.Namespace, _: Console) -> Answer:
    file, options = Path(args.file).expanduser(), _options(args)
    if not file.exists():
        raise _no_file(args.file)
    name, table = split_target(args.target) if args.target else (table_for(file, None)[0], None)
    with _told_in_flags(), showing_progress(), open_store(args, make=True) as repo:
        is_new = not _exists(repo, name, may_make=args.create or not args.target)
        if is_new:  # what can be told before a dataset is made is told before
            table_for(file, table)
            check_file(file.absolute(), ReadOptions.from_json(options))
        job = repo.import_file(
            file,
            name,
            table,
            mode="append" if args.append else "replace",
            schema=args.schema,
            key=args.key,
            branch=args.branch,
            message=args.message,
            keep_original=args.keep_original,
            **options,
        )
        with _told_of_the_bin(name, is_new):
            result = outcome(job)
        return _answer(repo[name], is_new, result)


def _exists(repo: Repository, name: str, *, may_make: bool) -> bool:
    """Whether there is a dataset of that name; if there is none, it must be one that may be made."""
    try:
        return bool(repo[name].id)
    except NotFoundError as error:
        if error.kind is not ErrorKind.DATASET_NOT_FOUND or error.details.get("dataset") != name:
            raise
        if not may_make:
            error.next_step = f"{error.next_step} Or make it: add --create.".strip()
            raise
    return False


@contextmanager
def _told_of_the_bin(name: str, is_new: bool) -> Iterator[None]:
    """The next steps of errors, and where the dataset is that was made for nothing."""
    try:
        yield
    except DatasetsError as error:
        if is_new:
            left = f"The empty dataset {name!r} that was made for it is in the bin."
            error.next_step = f"{error.next_step} {left}".strip()
        raise


@contextmanager
def _told_in_flags() -> Iterator[None]:
    """The next steps of errors as the command line spells them."""
    try:
        yield
    except DatasetsError as error:
        error.next_step = as_flags(error.next_step)
        raise


def outcome(job: Job[ImportResult]) -> ImportResult:
    """What the import made. Ctrl-C cancels it; if it was too late for that, the result is given all the same.

    Raises
    ------
    JobCancelledError
        It was cancelled, and nothing of the file was kept.
    """
    try:
        return job.result()
    except KeyboardInterrupt:
        return job.wait().result()


def _answer(dataset: Dataset, made: bool, result: ImportResult) -> Answer:
    result = replace(result, warnings=tuple(map(as_flags, result.warnings)))
    commit = result.commit.model_dump(mode="json") if result.commit else None
    return Answer(
        data={
            "dataset": dataset.name,
            "created": made,
            "table": result.table,
            "rows": result.rows,
            "commit": commit,
            "warnings": list(result.warnings),
        },
        text=(f"Created dataset {dataset.name!r}.\n" if made else "") + f"{dataset.name}.{result!r}",
    )


def _options(args: argparse.Namespace) -> dict[str, Any]:
    options = {name: value for name in READING if (value := getattr(args, name)) is not None}
    if options.get("delimiter") == r"\t":
        options["delimiter"] = "\t"
    if args.type:
        options["types"] = dict(_pair(text) for text in args.type)
    if args.null is not None:
        options["nulls"] = args.null
    return options


def _pair(text: str) -> tuple[str, str]:
    # The last sign, because types hold none and columns may.
    column, sign, kind = text.rpartition("=")
    if not (column and sign and kind):
        raise InvalidInputError(f"--type {text!r} is not COLUMN=TYPE.", next_step="As in --type price='DECIMAL(10,2)'.")
    return column, kind


def _no_file(path: str) -> NotFoundError:
    return NotFoundError(
        f"There is no file {path!r}.",
        kind=ErrorKind.FILE_NOT_FOUND,
        next_step="Check the path.",
        details={"file": path},
    )


DEFINE = {"import": define_import}
