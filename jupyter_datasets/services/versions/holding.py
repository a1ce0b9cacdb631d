"""Which versions of a dataset hold a segment or an attached file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

from jupyter_datasets.store import trees
from jupyter_datasets.store.commits import CommitObject
from jupyter_datasets.store.objects import Objects
from jupyter_datasets.store.trees import Pages
from jupyter_datasets.values import CommitId, ObjectHash

_AT_ONCE = 1000  # commits


def with_file(objects: Objects, ids: Iterable[CommitId], name: ObjectHash) -> list[CommitId]:
    """The commits that hold an attached file of this content, under whatever name."""
    return [id for id, commit in _commits(objects, ids) if any(f.hash == name for f in commit.content.files.values())]


def with_object(objects: Objects, ids: Iterable[CommitId], name: ObjectHash) -> list[CommitId]:
    """The commits that hold a segment or an attached file."""
    pages, holding = Pages(objects.load), dict[ObjectHash, bool]()

    def holds(commit: CommitObject) -> bool:
        for root in commit.content.tables.values():
            if root not in holding:
                holding[root] = any(item.hash == name for item in trees.segments(objects.root(root).tree, pages))
        files = commit.content.files.values()
        return any(holding[root] for root in commit.content.tables.values()) or any(f.hash == name for f in files)

    return [id for id, commit in _commits(objects, ids) if holds(commit)]


def _commits(objects: Objects, ids: Iterable[CommitId]) -> Iterator[tuple[CommitId, CommitObject]]:
    waiting = iter(ids)
    while batch := list(islice(waiting, _AT_ONCE)):
        found = objects.load([ObjectHash(id) for id in batch])
        yield from ((id, CommitObject.from_json(found[ObjectHash(id)])) for id in batch)
