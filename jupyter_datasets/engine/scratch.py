"""Temporary folders that go with what they were made for."""

from __future__ import annotations

import os
import shutil
import tempfile
import weakref
from typing import Any


def new_folder() -> str:
    """A private folder."""
    return tempfile.mkdtemp(prefix="jupyter-datasets-")


def goes_with(owner: object, folder: str) -> weakref.finalize[[str, int], Any]:
    """Have a folder removed with its owner, at the latest when the process ends; calling the answer removes it now.

    A forked child has a copy of the owner, and leaves the folder alone.
    """
    return weakref.finalize(owner, _remove, folder, os.getpid())


def _remove(folder: str, process: int) -> None:
    if os.getpid() == process:
        shutil.rmtree(folder, ignore_errors=True)
