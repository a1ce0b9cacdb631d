"""Datasets that were looked up lately: nearly every call begins with one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from jupyter_datasets.catalog.database import Database
from jupyter_datasets.services.datasets.models import Dataset

_MOST = 1000


class Recent:
    """Remembers datasets as long as nobody but this process can change them, and it does not."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._changes = 0
        self._found: dict[tuple[object, ...], Dataset] = {}

    def get(self, key: tuple[str, str], look_up: Callable[[], Dataset]) -> Dataset:
        """The dataset that was found under this key, or is now."""
        opening = self._database.opening
        if opening is None:
            return look_up()
        # What was looked up before a change is kept under the number from before, where nobody asks any more.
        place = (opening, self._changes, *key)
        found = self._found.get(place)
        if found is None:
            found = look_up()
            if len(self._found) >= _MOST:
                self._found.clear()
            self._found[place] = found
        return found

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Forget them when the block ends, in whatever way."""
        try:
            yield
        finally:
            self._changes += 1
            self._found = {}
