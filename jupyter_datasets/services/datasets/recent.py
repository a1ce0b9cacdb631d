"""What was looked up lately: nearly every call begins with a dataset, and every screen with a list of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Generic, TypeVar

from jupyter_datasets.catalog.database import Database

T = TypeVar("T")


class Recent(Generic[T]):
    """Remembers what was found, as long as nobody but this process can change datasets, and it does not.

    Parameters
    ----------
    most
        How much is remembered at a time.
    """

    def __init__(self, database: Database, most: int) -> None:
        self._database = database
        self._most = most
        self._changes = 0
        self._found: dict[tuple[object, ...], T] = {}

    def get(self, key: tuple[object, ...], look_up: Callable[[], T]) -> T:
        """What was found under this key, or is now."""
        opening = self._database.opening
        if opening is None:
            return look_up()
        # What was looked up before a change is kept under the number from before, where nobody asks any more.
        place = (opening, self._changes, *key)
        found = self._found.get(place)
        if found is None:
            found = look_up()
            if len(self._found) >= self._most:
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
