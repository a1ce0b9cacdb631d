"""The two sides of a difference: what of a table one version has and the other lacks, with the columns both have."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

import duckdb

from jupyter_datasets.engine.comparing import Comparison
from jupyter_datasets.engine.relations import Scan, Session
from jupyter_datasets.errors import InvalidInputError
from jupyter_datasets.services.versions.models import RowDiffPlan, ScanPlan
from jupyter_datasets.services.versions.scans import narrowed, pieces_of, scan
from jupyter_datasets.sqltext import quote_name
from jupyter_datasets.store import forms, logical
from jupyter_datasets.store.patches import Piece
from jupyter_datasets.store.schemas import Field, Schema


@dataclass(frozen=True, kw_only=True, slots=True)
class Sides:
    """Both sides with the fields that they share, matched by id, under the newer names.

    Attributes
    ----------
    columns
        Names of the shared fields.
    key
        Those that tell rows apart on both sides; none where the two have other keys.
    are_few
        Whether no segment has to be read whole.
    """

    old: Scan
    new: Scan
    columns: tuple[str, ...]
    key: tuple[str, ...]
    are_few: bool

    @classmethod
    def of(cls, plan: RowDiffPlan) -> Self:
        """The sides of a plan; a version that lacks the table has no rows.

        Raises
        ------
        InvalidInputError
            The two share no column.
        """
        left, right = plan.old or plan.new, plan.new or plan.old
        assert left is not None, "one version has the table"
        assert right is not None, "and so it stands for both"
        old, new = Schema.from_json(left.fields), Schema.from_json(right.fields)
        earlier = {f.id: f for f in old.fields}
        shared = [f for f in new.fields if f.id in earlier]
        if not shared:
            raise InvalidInputError("The two versions of the table share no column; compare their schemas instead.")
        pieces = (_pieces(plan.old), _pieces(plan.new))
        if all(earlier[f.id].default == f.default for f in shared):  # else one segment may give other rows
            pieces = narrowed(*pieces)
        names = {f.id: f.name for f in shared}
        columns = [(f.name, _common(earlier[f.id].type, f.type)) for f in shared]
        same_key = left.key == right.key and all(i in names for i in right.key)
        return cls(
            old=_side(old, pieces[0], [earlier[f.id] for f in shared], columns),
            new=_side(new, pieces[1], shared, columns),
            columns=tuple(names.values()),
            key=tuple(names[i] for i in right.key) if same_key else (),
            are_few=all(piece.path is None or piece.only is not None for side in pieces for piece in side),
        )

    def comparison(self, connection: duckdb.DuckDBPyConnection, name: str = "") -> Comparison:
        """What compares them on this connection, where paths and patches are given under that name."""
        given = Session(connection)
        return Comparison(
            old=self.old.bind(given, f"{name} old"),
            new=self.new.bind(given, f"{name} new"),
            columns=self.columns,
            key=self.key,
            are_few=self.are_few,
        )


def _pieces(plan: ScanPlan | None) -> list[Piece]:
    return [] if plan is None else pieces_of(plan.segments)


def _side(schema: Schema, pieces: list[Piece], fields: list[Field], columns: list[tuple[str, str]]) -> Scan:
    """The fields of one side under the names and with the types that both sides have."""
    select = ", ".join(
        f"{_public(field, kind)} AS {quote_name(name)}" for field, (name, kind) in zip(fields, columns, strict=True)
    )
    return replace(scan(schema, pieces, select), columns=columns)


def _common(old: str, new: str) -> str:
    return new if old == new else logical.widen(old, new) or "VARCHAR"


def _public(field: Field, kind: str) -> str:
    value = forms.from_storage(quote_name(field.birth), field.type, as_text=field.as_text)
    public = forms.to_public(value, field.type, as_text=field.as_text)
    return public if field.type == kind else f"CAST({public} AS {kind})"
