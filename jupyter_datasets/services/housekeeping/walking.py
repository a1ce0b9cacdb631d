"""From commits down to segments, patches and attached files; what several versions share is read once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import islice
from typing import Any

from jupyter_datasets.errors import DamagedObjectError, DatasetsError, ErrorKind
from jupyter_datasets.services.health.content import WRONG
from jupyter_datasets.store.backends import LocalBackend
from jupyter_datasets.store.objects import Locate, Objects
from jupyter_datasets.store.packs import Place
from jupyter_datasets.store.trees import Item, Tree
from jupyter_datasets.values import CommitId, ObjectHash, short

BATCH = 1000


class Walk:
    """Reads small objects from their packs, and not from memory, so that what it has seen is on the disk.

    Parameters
    ----------
    backend, locate
        As for :class:`Objects`.

    Attributes
    ----------
    parts
        What was read: commits, provenance, table roots and pages, each with the small objects that it names.
    files
        Segments and attached files, each with the objects that name it; in the order in which they were met.
    sizes
        Bytes of attached files.
    segments
        What the trees say of their segments, with the tables and pages that say it.
    rows
        Of tables and pages: how many rows the items have that they list.
    stated
        The same, as others or they themselves say it.
    digests
        Of tables and pages: what the digests of their items come to; empty where these do not tell it.
    stated_digests
        What tables, pages and segments are said to have as digest, with the objects that say it.
    patches
        Patches that segments have, or that are all there is of some rows; in the order in which they were met.
    packs
        Packs in which all these lie, likewise.
    broken
        What could not be read.
    """

    def __init__(self, backend: LocalBackend, locate: Locate) -> None:
        self.parts: dict[ObjectHash, tuple[ObjectHash, ...]] = {}
        self.files: defaultdict[ObjectHash, set[ObjectHash]] = defaultdict(set)
        self.sizes: dict[ObjectHash, int] = {}
        self.segments: defaultdict[Item, set[ObjectHash]] = defaultdict(set)
        self.rows: dict[ObjectHash, int] = {}
        self.stated: defaultdict[tuple[ObjectHash, int], set[ObjectHash]] = defaultdict(set)
        self.digests: dict[ObjectHash, str] = {}
        self.stated_digests: defaultdict[tuple[ObjectHash, str], set[ObjectHash]] = defaultdict(set)
        self.patches: dict[ObjectHash, None] = {}
        self.packs: dict[ObjectHash, None] = {}
        self.broken: dict[ObjectHash, DatasetsError] = {}
        self._locate = locate
        self._objects = Objects(backend, self._place)

    def visit(self, commits: Iterable[CommitId]) -> None:
        """Go down from these commits, as far as nobody has been there."""
        waiting = [ObjectHash(c) for c in commits]
        known = len(self.patches)
        while waiting:
            values = self._read([name for name in dict.fromkeys(waiting) if name not in self.parts])
            waiting = [below for name, value in values.items() for below in self._enter(name, value)]
        self._place_patches(list(islice(self.patches, known, None)))

    def patch(self, name: ObjectHash) -> bytes:
        """A patch, as it was encoded."""
        return self._objects.patches([name])[name]

    def touching(self, names: Iterable[ObjectHash]) -> set[ObjectHash]:
        """All objects that need some of these, up to the commits, themselves included. For when the walk is over."""
        found = set(names)
        waiting = list(found)
        while waiting:
            upper = self._above.get(waiting.pop(), set()) - found
            found |= upper
            waiting += upper
        return found

    @cached_property
    def _above(self) -> dict[ObjectHash, set[ObjectHash]]:
        above = defaultdict(set, {name: set(upper) for name, upper in self.files.items()})
        for name, parts in self.parts.items():
            for part in parts:
                above[part].add(name)
        return above

    def _read(self, names: Sequence[ObjectHash]) -> dict[ObjectHash, Mapping[str, Any]]:
        found: dict[ObjectHash, Mapping[str, Any]] = {}
        for some in batches(names):
            try:
                found |= self._objects.load(some)
            except WRONG:
                found |= self._read_singly(some)
        return found

    def _read_singly(self, names: Sequence[ObjectHash]) -> Iterator[tuple[ObjectHash, Mapping[str, Any]]]:
        for name in names:
            try:
                yield from self._objects.load([name]).items()
            except WRONG as error:
                self.broken[name] = error
                self.parts[name] = ()

    def _place_patches(self, names: Sequence[ObjectHash]) -> None:
        for some in batches(names):
            found = self._place(some)
            self.broken |= {name: _lost(name) for name in some if name not in found}

    def _place(self, names: Sequence[ObjectHash]) -> Mapping[ObjectHash, Place]:
        found = self._locate(names)
        self.packs |= dict.fromkeys(place.pack for place in found.values())
        return found

    def _enter(self, name: ObjectHash, value: Mapping[str, Any]) -> tuple[ObjectHash, ...]:
        """Note an object; those below it that are to be read are returned."""
        if value["kind"] == "commit":
            self._enter_files(name, value["files"])
            said = [value["provenance"]] if "provenance" in value else []
            self.parts[name] = tuple(ObjectHash(part) for part in (*value["tables"].values(), *said))
            return self.parts[name]
        if value["kind"] == "provenance":
            self.parts[name] = ()
            return ()
        if value["kind"] == "table":
            self.stated[name, value["rows"]].add(name)
            if digest := value.get("digest"):
                self.stated_digests[name, digest].add(name)
            value = value["tree"]
        return self._enter_tree(name, Tree.from_json(value))

    def _enter_tree(self, name: ObjectHash, tree: Tree) -> tuple[ObjectHash, ...]:
        """Note what a table or page lists; pages below it are returned."""
        self.rows[name], self.digests[name] = tree.rows, tree.digest
        for item in tree.items:
            if item.digest:
                self.stated_digests[item.hash, item.digest].add(name)
        if not tree.level:
            self._enter_segments(name, tree.items)
            return ()
        for item in tree.items:
            self.stated[item.hash, item.rows].add(name)
        self.parts[name] = tuple(item.hash for item in tree.items)
        return self.parts[name]

    def _enter_files(self, name: ObjectHash, files: Mapping[str, Sequence[Any]]) -> None:
        for file, size, _ in files.values():
            self.files[ObjectHash(file)].add(name)
            self.sizes[ObjectHash(file)] = size

    def _enter_segments(self, name: ObjectHash, items: Sequence[Item]) -> None:
        self.parts[name] = tuple(item.patch for item in items if item.patch)
        self.patches |= dict.fromkeys(self.parts[name])
        for item in items:
            self.segments[item].add(name)
            if not item.is_inline:
                self.files[item.hash].add(name)


def batches(names: Iterable[ObjectHash]) -> Iterator[list[ObjectHash]]:
    """Some at a time, as many as go into one question to the catalog."""
    rest = iter(names)
    while some := list(islice(rest, BATCH)):
        yield some


def _lost(name: ObjectHash) -> DamagedObjectError:
    return DamagedObjectError(
        f"Object {short(name)} is not in the index.", kind=ErrorKind.OBJECT_MISSING, details={"object": name}
    )
