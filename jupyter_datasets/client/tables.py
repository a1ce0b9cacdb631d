"""Which table the bare name of a dataset means."""

from __future__ import annotations

from collections.abc import Sequence

from jupyter_datasets.errors import ErrorKind, InvalidInputError
from jupyter_datasets.services.datasets.models import Dataset
from jupyter_datasets.values import name_key


def default_table(dataset: Dataset, tables: Sequence[str]) -> str:
    """The table that the dataset was called like when it was made, else the only one.

    Raises
    ------
    InvalidInputError
        There are several and none is called like it; they are listed.
    """
    found = [n for n in tables if name_key(n) == name_key(dataset.default_table)] or list(tables)
    if len(found) == 1:
        return found[0]
    names = list(tables)
    raise InvalidInputError(
        f"Dataset {dataset.name!r} has {len(names)} tables and none is called like it."
        if names
        else f"Dataset {dataset.name!r} has no tables there.",
        kind=ErrorKind.AMBIGUOUS_NAME,
        next_step=f"Say which: {', '.join(f'{dataset.name}.{n}' for n in names)}." if names else "",
        details={"candidates": names},
    )
