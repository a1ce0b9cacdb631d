"""Open the store that a command is about, and read what arguments name in it."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from jupyter_datasets.catalog.layout import is_store
from jupyter_datasets.client.connect import check_folder, connect
from jupyter_datasets.client.dataset import Dataset
from jupyter_datasets.client.discovery import URL
from jupyter_datasets.client.provenance import telling
from jupyter_datasets.client.repository import Repository
from jupyter_datasets.errors import ErrorKind, NotFoundError
from jupyter_datasets.services.versions.provenance import Claim
from jupyter_datasets.settings import Settings


def open_store(args: argparse.Namespace, *, make: bool = False) -> Repository:
    """The store that the arguments name.

    Parameters
    ----------
    make
        Whether a store that does not exist is made. Otherwise a mistyped folder is an error, not a new store.
    """
    if not make and (folder := missing_store(args)):
        raise NotFoundError(
            f"There is no store in {folder}.",
            kind=ErrorKind.STORE_NOT_FOUND,
            next_step="Make one: 'jupyter datasets import data.csv', or 'jupyter datasets quickstart' to try it out.",
            details={"store": str(folder)},
        )
    telling(lambda: Claim(kind="command"))
    return connect(args.store)


def missing_store(args: argparse.Namespace) -> Path | None:
    """The folder of the store, if there is none in it yet; None where a server is named instead."""
    if args.store is None and os.environ.get(URL):
        return None
    settings = Settings.load(args.store)
    check_folder(settings.store)
    return None if settings.catalog_url or is_store(settings.store) else settings.store


def split_target(text: str) -> tuple[str, str | None]:
    """Dataset and table of ``flights`` or ``flights.airports``; an owner before a slash may hold dots."""
    owner, slash, name = text.rpartition("/")
    dataset, _, table = name.partition(".")
    return f"{owner}{slash}{dataset}", table or None


def no_commits(dataset: Dataset) -> str:
    """What to say of a branch without commits: the first step, or the way back from an undo."""
    if dataset.has_history:
        return f"No commits now. What undo took back comes again by: jupyter datasets redo {dataset.name}"
    return f"No commits yet. Import a file: jupyter datasets import data.csv {dataset.name}"
