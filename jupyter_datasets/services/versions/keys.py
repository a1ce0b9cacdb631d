"""Keys: columns that tell a table's rows apart. They hold no null, and no combination of values twice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from jupyter_datasets.errors import ErrorKind, InvalidInputError
from jupyter_datasets.sqltext import quote_name
from jupyter_datasets.store import schemas, segments
from jupyter_datasets.store.roots import TableRoot
from jupyter_datasets.store.schemas import Field, Schema


@dataclass(frozen=True, kw_only=True, slots=True)
class Violation:
    """Why rows cannot have a key: ``reason`` completes a sentence, ``column`` is one to look at."""

    reason: str
    column: str


def key_fields(root: TableRoot) -> list[Field]:
    """The fields of a table's key that it still has, in the key's order."""
    known = {f.id: f for f in root.schema.fields}
    return [known[i] for i in root.key if i in known]


def violation(schema: Schema, key: Sequence[Field], nulls: frozenset[int], paths: Sequence[str]) -> Violation | None:
    """What in these segments breaks a key; ``nulls`` are the ids of the fields in which a null was met."""
    if empty := [f.name for f in key if f.id in nulls]:
        return Violation(reason=f"column {empty[0]!r} of the key has nulls", column=empty[0])
    double = _double(schema, key, paths) if key and paths else None
    if double is None:
        return None
    values = ", ".join(f"{f.name} = {value}" for f, value in zip(key, double, strict=True))
    return Violation(reason=f"two rows have the key {values}", column=key[0].name)


def check_same(root: TableRoot, key: Sequence[str]) -> None:
    """Refuse another key than the one that a table has since it was made."""
    present = key_fields(root)
    if key and [f.id for f in present] != [root.schema.field(name).id for name in key]:
        names = ", ".join(f.name for f in present)
        raise InvalidInputError(
            f"The table's key is {names}, and not {', '.join(key)}." if names else "The table was made without a key.",
            kind=ErrorKind.KEY_VIOLATION,
            next_step="Leave the key out; to have another one, put the rows into a new table.",
            details={"key": [f.name for f in present]},
        )


def _double(schema: Schema, key: Sequence[Field], paths: Sequence[str]) -> tuple[object, ...] | None:
    births = ", ".join(quote_name(f.birth) for f in key)
    query = (
        f"SELECT {births} FROM read_parquet(?, schema => {schemas.reader_map(schema)}) "
        f"GROUP BY {births} HAVING count(*) > 1 LIMIT 1"
    )
    with segments.connect() as connection:
        return connection.execute(query, [list(paths)]).fetchone()
