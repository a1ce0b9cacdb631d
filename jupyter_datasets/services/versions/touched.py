"""What a commit touches: the tables and files in which it differs from its first parent."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from jupyter_datasets.services.versions.models import LogFilter
from jupyter_datasets.store.commits import CommitObject, Content
from jupyter_datasets.values import CommitId, name_key

Load = Callable[[list[CommitId]], dict[CommitId, CommitObject]]


def text_of(old: Content, new: Content) -> str:
    """Names that mean something else in the second content than in the first, as the catalog keeps them."""
    return _text((*_tables(old, new), *_files(old, new)))


def wanted(where: LogFilter) -> list[str]:
    """Texts which the catalog's text of a commit holds if the commit touches what the filter names."""
    table = [] if where.table is None else [_table(where.table)]
    file = [] if where.path is None else [_file(where.path)]
    return [_text([mark]) for mark in table + file]


def look(ids: list[CommitId], load: Load) -> dict[CommitId, str]:
    """Read from the store what commits touch."""
    found = load(ids)
    before = load(list({c.parents[0] for c in found.values() if c.parents}))
    return {
        commit_id: text_of(before[commit.parents[0]].content if commit.parents else Content(), commit.content)
        for commit_id, commit in found.items()
    }


def _tables(old: Content, new: Content) -> Iterator[str]:
    for name in {**old.tables, **new.tables}:
        if old.tables.get(name) != new.tables.get(name):
            yield _table(name)


def _files(old: Content, new: Content) -> Iterator[str]:
    for name in {**old.files, **new.files}:
        if old.files.get(name) != new.files.get(name):
            yield _file(name)


def _table(name: str) -> str:
    return f"t{name_key(name)}"


def _file(name: str) -> str:
    return f"f{name}"


def _text(marks: Iterable[str]) -> str:
    """One line a mark, between line ends: no name holds one."""
    return "\n" + "".join(f"{mark}\n" for mark in sorted(set(marks)))
