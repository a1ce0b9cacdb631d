"""fsck: read all that versions need again, from the commits down, and the packs whole."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.parquet as pq

from jupyter_datasets.errors import DamagedObjectError, DatasetsError, ErrorKind
from jupyter_datasets.services.health.content import WRONG
from jupyter_datasets.services.health.models import Check
from jupyter_datasets.services.housekeeping.walking import Walk
from jupyter_datasets.store import packs
from jupyter_datasets.store.backends import Kind, LocalBackend
from jupyter_datasets.store.canonical import hash_bytes
from jupyter_datasets.store.digests import Digest
from jupyter_datasets.store.packs import Place
from jupyter_datasets.store.patches import Patch
from jupyter_datasets.store.recounting import of_file
from jupyter_datasets.store.trees import Item
from jupyter_datasets.values import CommitId, ObjectHash, short

OnProgress = Callable[[int, int], object]
Index = Mapping[ObjectHash, Mapping[ObjectHash, Place]]
"""What the catalog says to be in each pack."""
_SHOWN = 5


@dataclass(frozen=True, kw_only=True, slots=True)
class Touched:
    """A version that something wrong touches, as people and programs name it."""

    dataset: str
    commit: CommitId
    number: int
    refs: tuple[str, ...]

    def __str__(self) -> str:
        at = f", {', '.join(self.refs)}" if self.refs else ""
        return f"{self.dataset} #{self.number} ({short(self.commit)}{at})"

    def to_json(self) -> dict[str, object]:
        """For a check's details."""
        return {"dataset": self.dataset, "commit": self.commit, "number": self.number, "refs": list(self.refs)}


@dataclass(kw_only=True, slots=True)
class Found:
    """What is wrong with a store.

    Attributes
    ----------
    objects, packs
        Segments, attached files and packs that are missing or damaged.
    small
        Commits, table roots, pages and patches that cannot be read.
    rows
        Tables and pages that list segments with other rows, or another digest of them, than these hold.
    places
        Where the packs hold each object that can be read.
    spare
        Those that the index does not know.
    astray
        What the index says of packs and is not so, by pack.
    """

    objects: dict[ObjectHash, DatasetsError] = field(default_factory=dict)
    packs: dict[ObjectHash, DatasetsError] = field(default_factory=dict)
    small: dict[ObjectHash, DatasetsError] = field(default_factory=dict)
    rows: dict[ObjectHash, DatasetsError] = field(default_factory=dict)
    places: dict[ObjectHash, Place] = field(default_factory=dict)
    spare: set[ObjectHash] = field(default_factory=set)
    astray: dict[ObjectHash, list[ObjectHash]] = field(default_factory=dict)


class Progress:
    """Counts the bytes that were read.

    Parameters
    ----------
    backend
        Where the files are.
    files
        All that will be read.
    on_progress
        Called with the bytes done and the bytes in all.
    """

    def __init__(
        self, backend: LocalBackend, files: Iterable[tuple[Kind, ObjectHash]], on_progress: OnProgress | None
    ) -> None:
        self._backend = backend
        self._tell = on_progress
        self._done, self._total = 0, sum(backend.size(kind, name) for kind, name in files)

    def add(self, kind: Kind, name: ObjectHash) -> None:
        """One file more was read."""
        self._done += self._backend.size(kind, name)
        if self._tell:
            self._tell(self._done, self._total)


def check_objects(walk: Walk, found: Found, backend: LocalBackend, names: Iterable[ObjectHash], bar: Progress) -> None:
    """Hash segments and attached files."""
    for name in names:
        try:
            backend.rehash("objects", name)
            if walk.sizes.get(name, size := backend.size("objects", name)) != size:
                found.rows[name] = _other_rows(name, walk.sizes[name], size, "bytes")
        except WRONG as error:
            found.objects[name] = error
        bar.add("objects", name)


def check_rows(walk: Walk, found: Found, backend: LocalBackend) -> None:
    """Count the rows of segments and patches, and add up those of pages; who says otherwise is wrong."""
    for (name, rows), stating in walk.stated.items():
        if walk.rows.get(name, rows) != rows:
            found.rows |= dict.fromkeys(stating, _other_rows(name, rows, walk.rows[name]))
    for item, stating in walk.segments.items():
        if item.patch in walk.broken or item.hash in found.objects:
            continue
        try:
            rows = _rows(item, walk, backend)
        except (*WRONG, pa.ArrowException, OSError) as error:
            found.rows |= dict.fromkeys(stating, _unreadable(item.hash, error))
        else:
            if rows != item.rows:
                found.rows |= dict.fromkeys(stating, _other_rows(item.hash, item.rows, rows))


def _rows(item: Item, walk: Walk, backend: LocalBackend) -> int:
    patch = Patch.decode(walk.patch(item.patch)) if item.patch else None
    if item.is_inline and patch:
        return patch.live.num_rows  # type: ignore[no-any-return]  # PyArrow gives no types
    rows = pq.read_metadata(backend.path("objects", item.hash)).num_rows
    return rows - (patch.lost if patch else 0)  # type: ignore[no-any-return]  # as above


def check_digests(walk: Walk, found: Found, backend: LocalBackend, bar: Progress) -> None:
    """Add up the digests of pages, and count those of segments from their rows; who says otherwise is wrong."""
    for (name, stated), stating in walk.stated_digests.items():
        if name not in walk.digests:
            bar.add("objects", name)
        if name in found.objects or name in walk.broken:
            continue
        try:
            counted = walk.digests[name] if name in walk.digests else _recounted(name, stated, backend)
        except WRONG as error:
            found.rows |= dict.fromkeys(stating, _unreadable(name, error))
        else:
            if counted != stated:
                found.rows |= dict.fromkeys(stating, _other_digest(name, stated, counted))


def _recounted(name: ObjectHash, stated: str, backend: LocalBackend) -> str:
    """The digest of a segment's rows; what is stated where its writer hashed values by another rule."""
    counted = of_file(str(backend.path("objects", name)))
    return str(counted) if counted.layout == Digest.parse(stated).layout else stated


def check_packs(found: Found, backend: LocalBackend, index: Index, names: Iterable[ObjectHash], bar: Progress) -> None:
    """Read packs whole: their hash, every object in them, and whether the index says the same."""
    indexed = {name for places in index.values() for name in places}
    for pack in names:
        said = index.get(pack, {})
        places = _check_pack(found, backend, pack, said)
        found.places |= places
        found.spare |= places.keys() - indexed
        if astray := [name for name, place in said.items() if places.get(name) != place]:
            found.astray[pack] = astray
        bar.add("packs", pack)


def _check_pack(
    found: Found, backend: LocalBackend, pack: ObjectHash, said: Mapping[ObjectHash, Place]
) -> dict[ObjectHash, Place]:
    """The objects of a pack that can be read: of a damaged one, those that the index knows."""
    try:
        data = backend.read("packs", pack)
        if hash_bytes(data) == pack:
            said, _ = packs.read_end(data)
        else:
            found.packs[pack] = _damaged_pack(pack, str(backend.path("packs", pack)))
    except WRONG as error:
        found.packs[pack] = error
        return {}
    return {name: place for name, place in said.items() if is_readable(name, place, data)}


def is_readable(name: ObjectHash, place: Place, data: bytes) -> bool:
    """Whether the bytes of a pack hold an object at a place."""
    try:
        packs.unframe(name, data[place.offset : place.offset + place.length])
    except DamagedObjectError:
        return False
    return True


# ---------------------------------------------------------------------------------------------------------- the report


def to_check(name: str, error: DatasetsError, touched: Sequence[Touched], mended: str = "") -> Check:
    """A line of the report for something that is wrong.

    Parameters
    ----------
    name
        What is wrong, in a word or two.
    mended
        What was done about it, as a sentence.
    """
    shown = ", ".join(map(str, touched[:_SHOWN]))
    more = f" and {len(touched) - _SHOWN:,} more" if len(touched) > _SHOWN else ""
    needed = f"Needed by {shown}{more}." if touched else "No version needs it."
    return Check(
        name=name,
        status="fail" if touched else "warn",
        message=" ".join(filter(None, [error.message, needed, mended])),
        next_step=_AGAIN if mended and touched else error.next_step,
        details={**error.details, "versions": [each.to_json() for each in touched]},
    )


_AGAIN = "Import the same rows again, or restore the file from a copy of the store."
_MISTAKE = "Please report this: it is no damage of the disk, but a mistake of the program that wrote it."


def _other_rows(name: ObjectHash, stated: int, found: int, what: str = "rows") -> DamagedObjectError:
    return DamagedObjectError(
        f"Object {short(name)} holds {found:,} {what} where {stated:,} are stated.",
        next_step=_MISTAKE,
        details={"object": name, "stated": stated, "found": found},
    )


def _other_digest(name: ObjectHash, stated: str, found: str) -> DamagedObjectError:
    return DamagedObjectError(
        f"Object {short(name)} holds other rows than its digest states.",
        next_step=_MISTAKE,
        details={"object": name, "stated": stated, "found": found},
    )


def _unreadable(name: ObjectHash, error: Exception) -> DamagedObjectError:
    return DamagedObjectError(
        f"Segment {short(name)} cannot be read: {error}.",
        kind=ErrorKind.OBJECT_DAMAGED,
        next_step="Restore it from a copy of the store.",
        details={"object": name},
    )


def _damaged_pack(name: ObjectHash, path: str) -> DamagedObjectError:
    return DamagedObjectError(
        f"Pack {short(name)} is damaged: its content has another hash ({path}).",
        next_step="Restore it from a copy of the store; 'fsck --repair' saves what can be read of it.",
        details={"object": name, "path": path},
    )
