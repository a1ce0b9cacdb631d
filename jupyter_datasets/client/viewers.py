"""What shows an object on its own in a notebook: the notebook says how, since the client knows no notebook."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from jupyter_datasets.errors import ErrorKind, InvalidInputError

Viewer = Callable[[Any], object]

_viewers: dict[str, Viewer] = {}


def register(what: str, viewer: Viewer) -> None:
    """Have ``viewer`` show what :func:`view` is asked to show; a later one takes the place of an earlier one."""
    _viewers[what] = viewer


def view(what: str, value: object) -> object:
    """What shows the value: a widget, for a cell to end with.

    Raises
    ------
    InvalidInputError
        There is no notebook.
    """
    viewer = _viewers.get(what)
    if viewer is None:
        raise InvalidInputError(
            "There is no notebook here that could show this.",
            kind=ErrorKind.MISSING_PACKAGE,
            next_step="In a notebook of Jupyter there is; elsewhere look at rows() and settle by resolve(...).",
        )
    return viewer(value)
