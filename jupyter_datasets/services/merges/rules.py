"""What a table holds its rows to, merged three ways: what either side dropped goes, what either side added comes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from jupyter_datasets.services.merges.columns import Line
from jupyter_datasets.services.versions import constraints
from jupyter_datasets.store.roots import Check, TableRoot
from jupyter_datasets.store.schemas import Field, Schema

T = TypeVar("T")


def merged(
    base: TableRoot, ours: TableRoot, theirs: TableRoot, schema: Schema, lines: Sequence[Line]
) -> TableRoot | None:
    """Ours with the merged schema and rules; None when each side gave the table another key."""
    pairs = list(zip(lines, schema.fields, strict=True))
    from_base = {line.base.id: f for line, f in pairs if line.base}
    from_ours = {line.ours.id: f for line, f in pairs if line.ours}
    from_theirs = {line.theirs.id: f for line, f in pairs if line.theirs}
    was, own, other = _ids(base.key, from_base), _ids(ours.key, from_ours), _ids(theirs.key, from_theirs)
    if other not in (was, own) and own != was:
        return None
    unique = _three_way(
        [_ids(ids, from_base) for ids in base.unique],
        [_ids(ids, from_ours) for ids in ours.unique],
        [_ids(ids, from_theirs) for ids in theirs.unique],
    )
    return replace(
        ours,
        schema=schema,
        key=(own if other in (was, own) else other) or (),
        unique=tuple(ids for ids in unique if ids is not None),
        checks=_checks((base, from_base), (ours, from_ours), (theirs, from_theirs)),
    )


def new_use(base: TableRoot, side: TableRoot, known: Field) -> str | None:
    """What names a column of a side among the rules that the base lacks, for people; None when nothing does."""
    old = {_births(base, ids) for ids in base.unique}
    unique = tuple(ids for ids in side.unique if _births(side, ids) not in old)
    checks = tuple(check for check in side.checks if check not in base.checks)
    return constraints.uses_of(replace(side, key=(), unique=unique, checks=checks), frozenset({known.id}))


def _births(root: TableRoot, ids: Sequence[int]) -> frozenset[str]:
    return frozenset(f.birth for f in root.schema.fields if f.id in ids)


def _ids(ids: Sequence[int], known: Mapping[int, Field]) -> tuple[int, ...] | None:
    """The merged table's ids of some fields; None where it lacks one of them."""
    return tuple(known[i].id for i in ids) if all(i in known for i in ids) else None


def _three_way(base: Sequence[T], ours: Sequence[T], theirs: Sequence[T]) -> list[T]:
    kept = [each for each in ours if each in theirs or each not in base]
    return kept + [each for each in theirs if each not in ours and each not in base]


def _checks(*sides: tuple[TableRoot, Mapping[int, Field]]) -> tuple[Check, ...]:
    """The checks under names of their own: two that differ both count."""
    found: dict[str, Check] = {}
    for check in _three_way(*(_read(root, known) for root, known in sides)):
        name, number = check.name, 2
        while name.casefold() in found:
            name, number = f"{check.name}_{number}", number + 1
        found[name.casefold()] = replace(check, name=name)
    return tuple(found.values())


def _read(root: TableRoot, known: Mapping[int, Field]) -> list[Check]:
    """The checks of a side over the merged table's birth names, without those about columns that it lacks."""
    if not root.checks:
        return []
    from jupyter_datasets.engine.checks import read  # sqlglot, which most merges can do without

    births = {f.birth: known[f.id].birth for f in root.schema.fields if f.id in known}
    texts = [(check, read(check.expression)) for check in root.checks]
    return [
        replace(check, expression=text.renamed(births)) for check, text in texts if set(text.columns) <= births.keys()
    ]
