"""A dataset at a glance, in a few statements whatever its size."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Connection

from jupyter_datasets.services.datasets.models import Dataset
from jupyter_datasets.services.versions import records, references
from jupyter_datasets.services.versions.history import named
from jupyter_datasets.services.versions.models import Commit, Counts, Overview, Version

_CHANGES = 10


def look(connection: Connection, dataset: Dataset, ref: str, version_of: Callable[[Commit], Version]) -> Overview:
    """Where a dataset's branches and tags are, what a version holds, and what happened last.

    Parameters
    ----------
    ref
        Names the version.
    version_of
        Reads its content.
    """
    refs = records.all_refs(connection, dataset.id)
    head = references.head(connection, dataset.id, ref, refs)
    version = None if head is None else version_of(named([head], refs)[0])
    tables, files = (version.tables, version.files) if version else ((), ())
    shown = tuple(references.with_main(refs))
    return Overview(
        dataset=dataset,
        refs=shown,
        heads=tuple(named(records.commits_of(connection, dataset.id, [r.commit for r in refs if r.commit]), refs)),
        version=version,
        counts=Counts(
            commits=records.count_commits(connection, dataset.id),
            branches=sum(r.kind == "branch" for r in shown),
            tags=sum(r.kind == "tag" for r in shown),
            tables=len(tables),
            files=len(files),
        ),
        bytes=sum(t.bytes for t in tables) + sum(f.bytes for f in files),
        changes=tuple(records.newest_moves(connection, dataset.id, _CHANGES)),
    )
