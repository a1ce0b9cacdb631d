"""What differs between two versions, by comparing names: equal names are equal content.

What is said of rows is for people to look at: equal digests count as equal rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from jupyter_datasets.engine import checks
from jupyter_datasets.services.versions.models import (
    ColumnChange,
    FileDiff,
    RuleChange,
    TableDiff,
    TableInfo,
    Version,
    VersionDiff,
)
from jupyter_datasets.store import trees
from jupyter_datasets.store.roots import TableRoot
from jupyter_datasets.store.trees import Item, Pages
from jupyter_datasets.values import ObjectHash, name_key

Load = Callable[[ObjectHash], TableRoot]


def compare(old: Version, new: Version, load: Load) -> VersionDiff:
    """Tables, columns and files that differ; ``load`` gives table roots."""
    return VersionDiff(
        dataset_id=old.dataset_id,
        old=old.commit,
        new=new.commit,
        tables=tuple(_diff(kind, before, after, load) for kind, before, after in _tables(old, new)),
        files=tuple(_files(old, new)),
    )


def names_of(old: Version, new: Version, table: str) -> tuple[str | None, str | None]:
    """What a table that either version calls so is called in both; None in a version that lacks it."""
    for _, before, after in _tables(old, new):
        if name_key(table) in {name_key(side.name) for side in (before, after) if side}:
            return before.name if before else None, after.name if after else None
    return table, table


def differing_segments(old: TableRoot | None, new: TableRoot | None, pages: Pages) -> tuple[list[Item], list[Item]]:
    """The segments of each side that the other lacks; all of both where an equal segment may give other rows.

    There are none where the digests of both sides tell that they hold the same rows.
    """
    if old is not None and new is not None and same_rows(old, new):
        return [], []
    left, right = (trees.EMPTY if root is None else root.tree for root in (old, new))
    shared = _shared(old, new)
    if old is None or new is None or _reading(old, shared) == _reading(new, shared):
        return trees.differing(left, right, pages)
    return list(trees.segments(left, pages)), list(trees.segments(right, pages))


def same_rows(old: TableRoot, new: TableRoot) -> bool:
    """Whether two tables are known to hold the same rows, in whatever order, without reading any."""
    ids = {f.id for root in (old, new) for f in root.schema.fields}
    if _reading(old, ids) != _reading(new, ids):
        return False
    return old.tree == new.tree or "" != old.tree.digest == new.tree.digest


def _shared(old: TableRoot | None, new: TableRoot | None) -> set[int]:
    """Ids of the fields that both sides have; rows are compared by them alone."""
    left, right = ({f.id for f in root.schema.fields} if root else set[int]() for root in (old, new))
    return left & right


def _reading(root: TableRoot, ids: set[int]) -> list[tuple[object, ...]]:
    """What decides the values that a segment gives for some fields; names do not."""
    found = (f for f in root.schema.fields if f.id in ids)
    return sorted((f.id, f.birth, f.type, f.default is None, f.default or "", f.as_text) for f in found)


def _tables(old: Version, new: Version) -> Iterator[tuple[str, TableInfo | None, TableInfo | None]]:
    """The tables that differ, on both sides, and how."""
    left, right = ({name_key(t.name): t for t in version.tables} for version in (old, new))
    gone = [t for key, t in left.items() if key not in right]
    for key, table in right.items():
        if before := left.get(key):
            if table.root != before.root:
                yield "changed", before, table
            elif table.name != before.name:
                yield "renamed", before, table
        elif same := next((t for t in gone if t.root == table.root), None):
            gone.remove(same)
            yield "renamed", same, table
        else:
            yield "added", None, table
    for table in gone:
        yield "removed", table, None


def _diff(kind: str, old: TableInfo | None, new: TableInfo | None, load: Load) -> TableDiff:
    return TableDiff.model_validate(
        {
            "kind": kind,
            "old_name": old and old.name,
            "new_name": new and new.name,
            "old_rows": old.rows if old else 0,
            "new_rows": new.rows if new else 0,
            "columns": tuple(_columns(old, new)) if old and new else (),
            "rules": tuple(_rules(old, new)) if old and new else (),
            "same_rows": bool(old and new and (old.root == new.root or same_rows(load(old.root), load(new.root)))),
        }
    )


def _columns(old: TableInfo, new: TableInfo) -> Iterator[ColumnChange]:
    left, right = {c.id: c for c in old.columns}, {c.id: c for c in new.columns}
    for column in old.columns:
        if column.id not in right:
            yield ColumnChange(kind="removed", old=column)
        elif column != right[column.id]:
            yield ColumnChange(kind="changed", old=column, new=right[column.id])
    for column in new.columns:
        if column.id not in left:
            yield ColumnChange(kind="added", new=column)


def _rules(old: TableInfo, new: TableInfo) -> Iterator[RuleChange]:
    left, right = dict(_rules_of(old)), dict(_rules_of(new))
    for name in dict.fromkeys((*left, *right)):
        before, after = left.get(name), right.get(name)
        if before is None or after is None:
            yield RuleChange(kind="added" if after else "removed", old=before and before[1], new=after and after[1])
        elif before[0] != after[0]:
            yield RuleChange(kind="changed", old=before[1], new=after[1])


def _rules_of(table: TableInfo) -> Iterator[tuple[str, tuple[str, str]]]:
    """What rows are held to, by a name that stays: in words over the ids of columns, and over their names."""
    ids = {column.name: str(column.id) for column in table.columns}
    if table.key:
        yield "key", (str([ids[name] for name in table.key]), f"KEY ({', '.join(table.key)})")
    for group in table.unique:
        by_id = str(sorted(ids[name] for name in group))
        yield f"unique {by_id}", (by_id, f"UNIQUE ({', '.join(group)})")
    for check in table.checks:
        text = checks.read(check.expression).renamed(ids)
        yield f"check {check.name}", (text, f"CHECK {check.name} ({check.expression})")


def _files(old: Version, new: Version) -> Iterator[FileDiff]:
    left, right = {f.name: f.hash for f in old.files}, {f.name: f.hash for f in new.files}
    for name in sorted(left | right):
        if name not in left:
            yield FileDiff(kind="added", name=name)
        elif name not in right:
            yield FileDiff(kind="removed", name=name)
        elif left[name] != right[name]:
            yield FileDiff(kind="changed", name=name)
