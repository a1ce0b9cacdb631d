"""The command ``lineage``."""

from __future__ import annotations

import argparse

from jupyter_datasets.cli.console import Answer, Console
from jupyter_datasets.cli.opening import no_commits, open_store
from jupyter_datasets.cli.parser import CommandParser, how_many
from jupyter_datasets.client import display
from jupyter_datasets.client.lineage import Lineage
from jupyter_datasets.errors import ErrorKind, NotFoundError
from jupyter_datasets.services.versions.provenance import Provenance


def define_lineage(parser: CommandParser) -> None:
    """Arguments of ``lineage``."""
    parser.add_argument("dataset")
    parser.add_argument("--at", metavar="REF", help="the version; by default the branch main")
    way = parser.add_mutually_exclusive_group()
    way.add_argument("--up", dest="way", action="store_const", const="up", help="only what it was made from")
    way.add_argument("--down", dest="way", action="store_const", const="down", help="only what was made from it")
    parser.add_argument("--depth", type=how_many, default=5, help="how many steps to go, up to 20 (%(default)s)")
    parser.set_defaults(way="both")
    parser.command(_lineage, "lineage flights", "lineage flights --at v1.0 --up", "lineage flights --json")


def _lineage(args: argparse.Namespace, _: Console) -> Answer:
    with open_store(args) as repo:
        dataset = repo[args.dataset]
        try:
            made_by = dataset.provenance(args.at)
        except NotFoundError as error:
            if error.kind is not ErrorKind.UNBORN_BRANCH:
                raise
            return Answer(data={"provenance": None, "nodes": [], "edges": [], "cut": False}, text=no_commits(dataset))
        return _answer(made_by, dataset.lineage(args.at, args.way, args.depth))


def _answer(made_by: Provenance | None, found: Lineage) -> Answer:
    told = None if made_by is None else made_by.model_dump(mode="json")
    first, *rest = repr(found).splitlines()
    origin = [] if made_by is None else [display.plain(f"made by {made_by}")]
    return Answer(
        data={"provenance": told, **found.model.model_dump(mode="json")}, text="\n".join([first, *origin, *rest])
    )


DEFINE = {"lineage": define_lineage}
