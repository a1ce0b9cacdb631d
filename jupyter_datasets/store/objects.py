"""Small objects (pages, roots, commits, patches), found through an index that the caller supplies, and cached."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from jupyter_datasets.errors import DamagedObjectError, ErrorKind
from jupyter_datasets.store import packs
from jupyter_datasets.store.backends import LocalBackend
from jupyter_datasets.store.canonical import decode
from jupyter_datasets.store.commits import CommitObject
from jupyter_datasets.store.roots import TableRoot
from jupyter_datasets.values import CommitId, ObjectHash, short

Locate = Callable[[Sequence[ObjectHash]], Mapping[ObjectHash, packs.Place]]
_CACHED = 2048


class Objects:
    """Reads small objects by hash. Safe to use from several threads.

    Parameters
    ----------
    backend
        Where the packs lie.
    locate
        Tells in which pack each hash is; an unknown one is left out.
    """

    def __init__(self, backend: LocalBackend, locate: Locate) -> None:
        self._backend = backend
        self._locate = locate
        self._cache: OrderedDict[ObjectHash, Any] = OrderedDict()
        self._lock = threading.Lock()

    def load(self, hashes: Sequence[ObjectHash]) -> dict[ObjectHash, Mapping[str, Any]]:
        """The values of these objects.

        Raises
        ------
        DamagedObjectError
            One is not indexed, its pack is missing, or its text has another hash.
        """
        return self._found(hashes)

    def commit(self, name: CommitId) -> CommitObject:
        """A commit by its id."""
        key = ObjectHash(name)
        return CommitObject.from_json(self.load([key])[key])

    def root(self, name: ObjectHash) -> TableRoot:
        """A table root by its hash."""
        return TableRoot.from_json(self.load([name])[name])

    def patches(self, hashes: Sequence[ObjectHash]) -> dict[ObjectHash, bytes]:
        """Patches by their hashes, as they were encoded. Fails as :meth:`load` does."""
        return self._found(hashes)

    def known(self, hashes: Iterable[ObjectHash]) -> set[ObjectHash]:
        """Those of the objects that are in memory, and so are in a pack."""
        with self._lock:
            return {name for name in hashes if name in self._cache}

    def remember(self, texts: Mapping[ObjectHash, bytes]) -> None:
        """Keep objects that were just written, so that the next change need not read them."""
        self._keep({name: _value(text) for name, text in texts.items()})

    def forget(self) -> None:
        """Drop what is in memory, because objects were deleted."""
        with self._lock:
            self._cache.clear()

    def _found(self, hashes: Sequence[ObjectHash]) -> dict[ObjectHash, Any]:
        found = self._cached(hashes)
        absent = [name for name in dict.fromkeys(hashes) if name not in found]
        if absent:
            found |= self._read(absent)
        return found

    def _cached(self, hashes: Sequence[ObjectHash]) -> dict[ObjectHash, Any]:
        with self._lock:
            found = {name: self._cache[name] for name in hashes if name in self._cache}
            for name in found:
                self._cache.move_to_end(name)
        return found

    def _keep(self, values: Mapping[ObjectHash, Any]) -> None:
        with self._lock:
            self._cache.update(values)
            while len(self._cache) > _CACHED:
                self._cache.popitem(last=False)

    def _read(self, names: Sequence[ObjectHash]) -> dict[ObjectHash, Any]:
        places = self._locate(names)
        values = {name: _value(self._text(name, places.get(name))) for name in names}
        self._keep(values)
        return dict(values)

    def _text(self, name: ObjectHash, place: packs.Place | None) -> bytes:
        if place is None:
            raise DamagedObjectError(
                f"Object {short(name)} is not in the index.",
                kind=ErrorKind.OBJECT_MISSING,
                next_step="Run 'jupyter datasets fsck', which names what is damaged, and restore that from a backup.",
                details={"object": name},
            )
        return packs.unframe(name, self._backend.read("packs", place.pack, place.offset, place.length))


def _value(text: bytes) -> Any:
    """What an object says; a patch, which is no JSON, as it is."""
    return decode(text) if text.startswith(b"{") else text
