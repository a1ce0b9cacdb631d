"""The command ``checkout``: a version as files in a folder."""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

from jupyter_datasets.cli.console import Answer, Console
from jupyter_datasets.cli.opening import open_store
from jupyter_datasets.cli.parser import CommandParser
from jupyter_datasets.client import display, exporting
from jupyter_datasets.client.version import Version
from jupyter_datasets.errors import AlreadyExistsError, ErrorKind
from jupyter_datasets.store.backends import translated_io
from jupyter_datasets.values import new_id, short

FILES = "files"


def define_checkout(parser: CommandParser) -> None:
    """Arguments of ``checkout``."""
    parser.description = (
        "Write each table of a version as TABLE.parquet, and its attached files into files/. "
        "No branch moves; the folder is a copy."
    )
    parser.add_argument("dataset")
    parser.add_argument("ref", help="the version")
    parser.add_argument("--to", metavar="FOLDER", required=True, help="made when it does not exist")
    parser.add_argument(
        "-f",
        "--force",
        action="store_true",
        help="write into a folder that is not empty, replacing files of the same names",
    )
    parser.command(_checkout, "checkout flights v1.0 --to flights-v1.0")


def _checkout(args: argparse.Namespace, _: Console) -> Answer:
    folder = Path(args.to).expanduser().absolute()
    if not args.force:
        _require_empty(folder)
    with open_store(args) as repo:
        version = repo[args.dataset][args.ref]
        written = _write(version, folder)
    return Answer(
        data={"folder": str(folder), "commit": version.commit.id, "files": written},
        text=f"{args.to}: {display.count(len(written), 'file')} of version {short(version.commit.id)}",
    )


def _require_empty(folder: Path) -> None:
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise AlreadyExistsError(
            f"{folder} exists and is not an empty folder.",
            kind=ErrorKind.FILE_EXISTS,
            next_step="Name another folder, or add --force to replace files of the same names in it.",
            details={"folder": str(folder)},
        )


def _write(version: Version, folder: Path) -> list[str]:
    """Write everything beside the folder first, then move it in; the names of the files."""
    staging = folder.with_name(f".{folder.name}.{new_id()}")
    with translated_io(f"writing {folder}"):
        staging.mkdir(parents=True)
        try:
            _fill(version, staging)
            return _move(staging, folder)
        finally:
            shutil.rmtree(staging, ignore_errors=True)


def _fill(version: Version, staging: Path) -> None:
    for name, table in version.tables.items():
        exporting.export(table.scan(), staging / f"{name}.parquet", "parquet")
    for name, file in version.files.items():
        (staging / FILES).mkdir(exist_ok=True)
        with file.open() as source, (staging / FILES / name).open("wb") as target:
            shutil.copyfileobj(source, target)


def _move(staging: Path, folder: Path) -> list[str]:
    written = sorted(file.relative_to(staging).as_posix() for file in staging.rglob("*") if file.is_file())
    if not folder.exists() or not any(folder.iterdir()):
        staging.replace(folder)
        return written
    for name in written:
        (folder / name).parent.mkdir(exist_ok=True)
        (staging / name).replace(folder / name)
    return written


DEFINE = {"checkout": define_checkout}
