"""fsck as a whole: what is checked, in which order, and the report."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from jupyter_datasets.catalog.database import Database
from jupyter_datasets.errors import DamagedObjectError, DatasetsError, ErrorKind
from jupyter_datasets.services.health.models import Check
from jupyter_datasets.services.health.records import names as dataset_names
from jupyter_datasets.services.housekeeping import checking, records
from jupyter_datasets.services.housekeeping.checking import Found, OnProgress, Progress, Touched
from jupyter_datasets.services.housekeeping.walking import Walk
from jupyter_datasets.store.backends import Kind, LocalBackend
from jupyter_datasets.store.packs import Place
from jupyter_datasets.values import CommitId, DatasetId, ObjectHash, short

Mend = Callable[[Found], Mapping[ObjectHash, str]]


class Fsck:
    """One look at the whole store, or at all that the versions of one dataset need.

    Parameters
    ----------
    only
        The dataset; None for everything.
    """

    def __init__(self, database: Database, backend: LocalBackend, walk: Walk, only: DatasetId | None) -> None:
        self._backend = backend
        self._walk = walk
        self._whole = only is None
        with database.read() as connection:
            self._names = {i: name for i, name in dataset_names(connection).items() if only in (None, i)}
            self._versions = {i: records.versions(connection, i) for i in self._names}
            self._heads = {i: records.heads(connection, i) for i in self._names}
            self._index: dict[ObjectHash, dict[ObjectHash, Place]] = records.index(connection)

    def run(self, on_progress: OnProgress | None, mend: Mend | None) -> list[Check]:
        """Check, mend when told to, and report."""
        found = self._look(on_progress)
        done = mend(found) if mend else {}
        return [*self._wrong(found, done), *self._well(found, repaired=mend is not None)]

    def _look(self, on_progress: OnProgress | None) -> Found:
        walk, found = self._walk, Found()
        walk.visit({commit for versions in self._versions.values() for commit in versions})
        objects, packs = set(walk.files), set(walk.packs)
        if self._whole:
            objects |= set(self._backend.names("objects"))
            packs |= {*self._backend.names("packs"), *self._index}
        files: list[tuple[Kind, ObjectHash]] = [("packs", name) for name in packs]
        files += [("objects", name) for name in objects]
        counted = [name for name, _ in walk.stated_digests if name not in walk.digests]
        bar = Progress(self._backend, [*files, *(("objects", name) for name in counted)], on_progress)
        checking.check_packs(found, self._backend, self._index, sorted(packs), bar)
        checking.check_objects(walk, found, self._backend, sorted(objects), bar)
        checking.check_digests(walk, found, self._backend, bar)
        checking.check_rows(walk, found, self._backend)
        found.small |= walk.broken
        return found

    # ---------------------------------------------------------------------------------------------------- the report

    def _wrong(self, found: Found, done: Mapping[ObjectHash, str]) -> Iterator[Check]:
        yield from self._lost_heads()
        explained: set[ObjectHash] = set()
        for pack in sorted(found.packs.keys() | found.astray.keys()):
            lost = found.astray.get(pack, [])
            explained.update(lost)
            error = found.packs.get(pack) or _misplaced(pack, lost)
            check = checking.to_check(f"pack {short(pack)}", error, self._touched(lost), done.get(pack, ""))
            yield check.model_copy(update={"details": {**check.details, "pack": pack, "objects": lost}})
        for name, error in sorted({**found.rows, **found.small, **found.objects}.items()):
            if name not in explained:
                touched = self._touched([name])
                check = checking.to_check(f"object {short(name)}", error, touched, done.get(name, ""))
                yield check.model_copy(update={"details": {"object": name, **check.details}})

    def _lost_heads(self) -> Iterator[Check]:
        for dataset, heads in self._heads.items():
            for commit in heads.keys() - self._versions[dataset].keys():
                error = _no_commit(self._names[dataset], heads[commit], commit)
                yield Check.failed(f"dataset {self._names[dataset]}", error)

    def _touched(self, names: Sequence[ObjectHash]) -> list[Touched]:
        touching = self._walk.touching(names)
        return [
            Touched(
                dataset=self._names[dataset],
                commit=commit,
                number=number,
                refs=tuple(self._heads[dataset].get(commit, ())),
            )
            for dataset, versions in self._versions.items()
            for commit, number in versions.items()
            if ObjectHash(commit) in touching
        ]

    def _well(self, found: Found, *, repaired: bool) -> Iterator[Check]:
        count = sum(len(versions) for versions in self._versions.values())
        rows = f"segments and patches counted again: {len(self._walk.segments):,}"
        yield _line("versions", f"versions walked: {count:,}; {rows}")
        whole = len(self._walk.files.keys() - found.objects.keys())
        yield _line("files", f"segments and attached files that versions need, read again and whole: {whole:,}")
        if self._whole:
            yield from self._collectable(found, repaired=repaired)

    def _collectable(self, found: Found, *, repaired: bool) -> Iterator[Check]:
        spare = {found.places[name].pack for name in found.spare}
        if spare:
            done = "; they are in the index now" if repaired else "; 'fsck --repair' puts them there"
            yield _line("index", f"packs on disk with objects that the index lacks: {len(spare):,}{done}")
        if self._walk.broken:  # what cannot be read may need anything
            return
        idle = set(self._backend.names("objects")) - self._walk.files.keys()
        unused = set(self._backend.names("packs")) - self._walk.packs.keys()
        size = sum(self._backend.size("objects", name) for name in idle)
        size += sum(self._backend.size("packs", name) for name in unused)
        yield Check(
            name="collectable",
            status="ok",
            message=f"named by no version: {len(idle):,} segments and files, {len(unused):,} packs, {size:,} bytes",
            details={"objects": len(idle), "packs": len(unused), "bytes": size},
        )


def _line(name: str, message: str) -> Check:
    return Check(name=name, status="ok", message=message)


def _misplaced(pack: ObjectHash, lost: Sequence[ObjectHash]) -> DatasetsError:
    return DamagedObjectError(
        f"The index says that pack {short(pack)} holds {len(lost):,} objects which are not there.",
        kind=ErrorKind.OBJECT_MISSING,
        next_step="'fsck --repair' sets the index right.",
    )


def _no_commit(dataset: str, refs: Sequence[str], commit: CommitId) -> DatasetsError:
    return DamagedObjectError(
        f"{', '.join(refs)} of {dataset} point at commit {short(commit)}, which the catalog does not know.",
        kind=ErrorKind.OBJECT_MISSING,
        next_step="Undo the last move there, or restore the catalog from a copy.",
        details={"commit": commit, "refs": list(refs)},
    )
