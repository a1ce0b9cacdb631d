"""Which types the columns of a text table hold: asked of a sample before reading, and of the whole file after a surprise."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa

from jupyter_datasets.engine.fitting import TEXT, TextForm, check_for
from jupyter_datasets.engine.tabular import Piece, Query
from jupyter_datasets.sqltext import quote_text


@dataclass(frozen=True, kw_only=True, slots=True)
class Candidates:
    """Types to ask about for one column.

    Attributes
    ----------
    types
        In the order of preference, without text.
    declared
        Whether the user declared the type.
    words
        What stands for null in it.
    """

    types: tuple[str, ...]
    declared: bool
    words: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Findings:
    """What one column holds.

    Attributes
    ----------
    values
        Number of its values that are not null and no word for it.
    fits
        Whether all of them fit; by candidate.
    row, text
        The first that does not fit the first candidate: rows before it, and its text. None if all fit.
    """

    values: int
    fits: Mapping[str, bool]
    row: int | None
    text: str | None

    def first_fitting(self) -> str:
        """The first candidate that all values fit; text when there is none, or nothing to judge by."""
        return next((kind for kind, fits in self.fits.items() if fits and self.values), TEXT)

    def joined(self, later: Findings) -> Findings:
        """These and the findings in rows further down."""
        place = self if self.row is not None else later
        fits = {kind: self.fits[kind] and later.fits[kind] for kind in self.fits}
        return Findings(values=self.values + later.values, fits=fits, row=place.row, text=place.text)


def survey_query(candidates: Mapping[int, Candidates], form: TextForm) -> Query:
    """SQL for the findings about some columns, in one row of four fields and more for each of them."""

    def query(columns: Sequence[int], relation: str, offset: int) -> str:
        texts, casts, answers = [f"row_number() OVER () + {offset - 1} AS n"], [], []
        for i in columns:
            asked = candidates[i]
            texts.append(f"{form.text(f't{i}')} AS x{i}")
            fits = []
            for k, kind in enumerate(asked.types):
                check, text = check_for(kind, declared=asked.declared), form.typed_text(f"x{i}", kind)
                casts.append(f"{check.value(text)} AS v{i}_{k}")
                fits.append(check.fits(text, f"v{i}_{k}", asked.words))
            answers += _answers(i, fits, asked.words)
        inner = f"SELECT {', '.join(texts)} FROM {relation}"
        return f"SELECT {', '.join(answers)} FROM (SELECT *, {', '.join(casts)} FROM ({inner}))"

    return query


def _answers(i: int, fits: Sequence[str], words: Sequence[str]) -> Iterator[str]:
    listed = ", ".join(map(quote_text, words))
    valued = f"x{i} NOT IN ({listed})" if words else f"x{i} IS NOT NULL"
    yield f"count(*) FILTER ({valued}) AS c{i}"
    yield f"min(n) FILTER (NOT {fits[0]}) AS r{i}"
    yield f"arg_min(x{i}, n) FILTER (NOT {fits[0]}) AS w{i}"
    for k, fit in enumerate(fits):
        yield f"coalesce(bool_and({fit}), true) AS f{i}_{k}"


def read_findings(pieces: Iterator[list[Piece]], candidates: Mapping[int, Candidates]) -> dict[int, Findings]:
    """The findings of all pieces, joined from the first row to the last."""
    found: dict[int, Findings] = {}
    for row_range in pieces:
        for piece in row_range:
            for i in piece.columns:
                one = _findings(piece.batch, i, candidates[i].types)
                found[i] = found[i].joined(one) if i in found else one
    return found


def _findings(batch: pa.RecordBatch, i: int, types: Sequence[str]) -> Findings:
    def field(name: str) -> object:
        return batch.column(f"{name}")[0].as_py()

    fits = {kind: bool(field(f"f{i}_{k}")) for k, kind in enumerate(types)}
    row, text = field(f"r{i}"), field(f"w{i}")
    return Findings(
        values=int(str(field(f"c{i}"))),
        fits=fits,
        row=None if row is None else int(str(row)),
        text=None if text is None else str(text),
    )
