"""The command ``sql``."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa

from jupyter_datasets.cli import rows
from jupyter_datasets.cli.console import Answer, Console, safe
from jupyter_datasets.cli.opening import open_store
from jupyter_datasets.cli.parser import CommandParser, how_many
from jupyter_datasets.client import display, exporting
from jupyter_datasets.client.result import Result
from jupyter_datasets.client.sql import changes_data
from jupyter_datasets.errors import ErrorKind, InvalidInputError, NotFoundError
from jupyter_datasets.store.backends import translated_io

_PART = 1 << 16  # characters


def define_sql(parser: CommandParser) -> None:
    """Arguments of ``sql``."""
    parser.add_argument("query", nargs="?", help="the statement; without it and -f, standard input is read")
    parser.add_argument("-f", "--file", help="a file with the statement")
    parser.add_argument("--at", metavar="REF", help="the version of every dataset that has no AT of its own")
    parser.add_argument(
        "--param",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="binds $NAME; numbers, true, false and null are read as such, anything else is text; repeatable",
    )
    parser.add_argument("--branch", metavar="B", help="the branch that INSERT, UPDATE, DELETE or MERGE changes")
    parser.add_argument("-m", "--message", default="", help="what the commit of such a statement says")
    parser.add_argument("--format", choices=("table", "csv", "json"), default="table", help="(%(default)s)")
    parser.add_argument("-n", "--number", type=how_many, default=50, help="how many rows a table shows (%(default)s)")
    parser.command(
        _sql,
        "sql 'SELECT carrier, count(*) FROM flights GROUP BY ALL'",
        "sql --at v1.0 -f delays.sql --format csv",
        """sql "SELECT * FROM flights AT (VERSION => 'main~2') WHERE carrier = \\$c" --param c=B6""",
        "sql 'UPDATE flights SET dep_delay = 0 WHERE dep_delay < -60' --branch fix -m 'No such delays'",
    )


def _sql(args: argparse.Namespace, console: Console) -> Answer:
    query, params = _statement(args), dict(_pair(text) for text in args.param)
    with open_store(args) as repo:
        if changes_data(query):
            changed = repo.execute(query, params=params, branch=args.branch, message=args.message)
            commit = changed.commit and changed.commit.model_dump(mode="json")
            return Answer(data={"rows": changed.rows, "commit": commit}, text=repr(changed))
        result = repo.sql(query, params=params, at=args.at)
        table = result.to_arrow()
    if console.as_json:
        return Answer(data={"columns": table.column_names, "rows": rows.as_json(table), "versions": result.versions})
    if args.format == "json":
        return Answer(data=None, text=json.dumps(rows.as_json(table), indent=2))
    if args.format == "csv":
        _write_csv(table, console)
        return Answer(data=None)
    return Answer(data=None, text=_shown(result, table, max(args.number, 0)))


def _statement(args: argparse.Namespace) -> str:
    given = [source for source in (args.query, args.file) if source is not None]
    if len(given) > 1:
        raise InvalidInputError("There are two statements.", next_step="Give the text, or -f FILE, not both.")
    if args.query is not None:
        return str(args.query)
    if args.file is not None:
        return _read(Path(args.file).expanduser())
    if sys.stdin.isatty():
        raise InvalidInputError("There is no statement.", next_step="jupyter datasets sql 'SELECT * FROM flights'")
    return sys.stdin.read()


def _read(file: Path) -> str:
    if not file.is_file():
        raise NotFoundError(
            f"There is no file {str(file)!r}.", kind=ErrorKind.FILE_NOT_FOUND, details={"file": str(file)}
        )
    try:
        with translated_io(f"reading {file}"):
            return file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise InvalidInputError(
            f"{file} is not UTF-8: {error.reason} at byte {error.start}.",
            kind=ErrorKind.FILE_ENCODING,
            next_step="Save it as UTF-8.",
        ) from error


def _pair(text: str) -> tuple[str, Any]:
    name, sign, value = text.partition("=")
    if not (name and sign):
        raise InvalidInputError(f"--param {text!r} is not NAME=VALUE.", next_step="As in --param carrier=AA.")
    return name.removeprefix("$"), _value(value)


def _value(text: str) -> Any:
    try:
        value = json.loads(text)
    except ValueError:
        return text
    # A list or an object is text too: DuckDB has its own way to write them.
    return text if isinstance(value, list | dict) else value


def _shown(result: Result, table: pa.Table, number: int) -> str:
    counted = display.count(table.num_rows, "row")
    if table.num_rows > number:
        counted = f"{number:,} of {counted} (-n shows more)"
    return "\n".join((rows.as_text(table.slice(0, number)), "", ", ".join([counted, *map(str, result.sources)])))


def _write_csv(table: pa.Table, console: Console) -> None:
    """As an export writes it: nulls are empty fields and empty texts are ``""``."""
    shown = safe if sys.stdout.isatty() else str
    with tempfile.TemporaryDirectory(prefix="jupyter-datasets-") as folder:
        file = exporting.export(table.to_reader(), Path(folder) / "result.csv")
        with file.open(encoding="utf-8", newline="") as text:
            for part in iter(partial(text.read, _PART), ""):
                console.write(shown(part))


DEFINE = {"sql": define_sql}
