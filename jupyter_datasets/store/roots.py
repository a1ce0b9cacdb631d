"""Table roots: schema, cut rule and tree of one table in one version."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from jupyter_datasets.store.canonical import FORMAT, encode
from jupyter_datasets.store.chunker import CHUNKER_ID
from jupyter_datasets.store.schemas import Schema
from jupyter_datasets.store.trees import EMPTY, Tree


@dataclass(frozen=True, kw_only=True, slots=True)
class Check:
    """A boolean expression that holds for each row, or is null.

    Attributes
    ----------
    expression
        SQL over the birth names of columns, which never change.
    """

    name: str
    expression: str


@dataclass(frozen=True, kw_only=True, slots=True)
class TableRoot:
    """What a table is in one version.

    Attributes
    ----------
    schema
        Its fields.
    cut
        Ids of the fields whose hash cuts segments, fixed when the table was made.
    key
        Ids of the key's fields; empty without a key.
    k
        Segments aim at 2^k rows; 0 while the table is too small to tell.
    writer
        Which writer made the newest segments.
    tree
        Its segments.
    chunker
        Which rule cut them.
    tails
        How many segments at the end hold appended rows that were not cut by rule yet.
    unique
        Ids of fields of which no two rows have the same values; rows with a null among them do not count.
    checks
        What holds for each row.
    """

    schema: Schema
    cut: tuple[int, ...]
    key: tuple[int, ...] = ()
    k: int = 0
    writer: str
    tree: Tree = EMPTY
    chunker: str = CHUNKER_ID
    tails: int = 0
    unique: tuple[tuple[int, ...], ...] = ()
    checks: tuple[Check, ...] = ()

    @property
    def rows(self) -> int:
        """Rows of the table."""
        return self.tree.rows

    def encode(self) -> bytes:
        """Canonical text; its hash is the root's name."""
        return encode(
            {
                "format": FORMAT,
                "kind": "table",
                "schema": self.schema.to_json(),
                "cut": list(self.cut),
                "key": list(self.key),
                "k": self.k,
                "writer": self.writer,
                "chunker": self.chunker,
                "tree": self.tree.to_json(),
                "rows": self.rows,
            }
            | ({"digest": digest} if (digest := self.tree.digest) else {})
            | ({"tails": self.tails} if self.tails else {})
            | ({"unique": [list(ids) for ids in self.unique]} if self.unique else {})
            | ({"checks": [[check.name, check.expression] for check in self.checks]} if self.checks else {})
        )

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """Read the value of a canonical text."""
        return cls(
            schema=Schema.from_json(value["schema"]),
            cut=tuple(value["cut"]),
            key=tuple(value["key"]),
            k=value["k"],
            writer=value["writer"],
            tree=Tree.from_json(value["tree"]),
            chunker=value["chunker"],
            tails=value.get("tails", 0),
            unique=tuple(map(tuple, value.get("unique", ()))),
            checks=tuple(Check(name=name, expression=text) for name, text in value.get("checks", ())),
        )
