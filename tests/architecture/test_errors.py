"""The errors that users see and programs rely on."""

from __future__ import annotations

import json
import pickle
import re
from pathlib import Path

import pytest

import jupyter_datasets
from jupyter_datasets import errors
from jupyter_datasets.errors import DatasetsError, ErrorKind, error_classes

CLASSES = sorted(error_classes())
BRANCH = re.compile(r"^ {4}(?P<indent>(?:[│ ] {3})*)(?:[├└]── )(?P<name>\w+)(?: +\(also a (?P<also>\w+)\))?")


def _drawn() -> dict[str, tuple[str, str | None]]:
    """Each class of the drawing with its parent, and the built-in that it also is."""
    path = ["DatasetsError"]
    found: dict[str, tuple[str, str | None]] = {}
    for line in (errors.__doc__ or "").splitlines():
        if match := BRANCH.match(line):
            depth = len(match["indent"]) // 4 + 1
            path = [*path[:depth], match["name"]]
            found[match["name"]] = path[depth - 1], match["also"]
    return found


def _built() -> dict[str, tuple[str, str | None]]:
    found: dict[str, tuple[str, str | None]] = {}
    for name, cls in error_classes().items():
        if cls is not DatasetsError:
            parent, *also = (base.__name__ for base in cls.__bases__)
            found[name] = parent, also[0] if also else None
    return found


def test_the_drawn_tree_is_the_real_one() -> None:
    """The tree at the top of errors.py shows every class under its parent, and the built-in that it also is."""
    assert _drawn() == _built()


def test_kinds_are_never_lost() -> None:
    """Codes are stable: error_kinds.txt holds every code there ever was; a new one is added to it."""
    listed = Path(__file__).with_name("error_kinds.txt").read_text("utf-8").split()
    assert [kind for kind in listed if kind not in set(ErrorKind)] == [], "renamed or removed"
    assert [kind.value for kind in ErrorKind if kind not in listed] == [], "to be added to error_kinds.txt"


@pytest.mark.parametrize("kind", ErrorKind)
def test_kinds_are_spelled_like_their_names(kind: ErrorKind) -> None:
    """``ErrorKind.REF_MOVED`` is "ref-moved"."""
    assert kind.value == kind.name.lower().replace("_", "-")


@pytest.mark.parametrize("name", CLASSES)
def test_every_error_is_on_the_menu(name: str) -> None:
    """What can be raised can be caught by a name of ``jupyter_datasets``."""
    assert getattr(jupyter_datasets, name) is error_classes()[name]
    assert name in jupyter_datasets.__all__


@pytest.mark.parametrize("name", CLASSES)
def test_errors_survive_processes(name: str) -> None:
    """An error that was pickled says and holds the same, and ``details`` are JSON."""
    error = error_classes()[name]("It broke.", kind=ErrorKind.INTERNAL, next_step="Mend it.", details={"row": 3})
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is type(error)
    assert str(again) == "It broke. Mend it."
    assert (again.kind, json.dumps(again.details)) == (ErrorKind.INTERNAL, '{"row": 3}')
