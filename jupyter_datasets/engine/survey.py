"""Which types columns of texts hold: asked of a sample first, of the whole file after a surprise."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import duckdb
import pyarrow as pa

from jupyter_datasets.engine.fitting import TEXT, TextForm, check_for
from jupyter_datasets.engine.tabular import query_stacked, stack
from jupyter_datasets.sqltext import quote_text


@dataclass(frozen=True, kw_only=True, slots=True)
class Candidates:
    """Types to ask about for a column.

    Attributes
    ----------
    types
        In the order of preference, without text.
    declared
        Whether the user declared the type.
    """

    types: tuple[str, ...]
    declared: bool = False


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

    @property
    def type(self) -> str:
        """The first candidate that all values fit; text when there is none, or nothing to judge by."""
        return next((kind for kind, fits in self.fits.items() if fits and self.values), TEXT)

    def joined(self, later: Findings) -> Findings:
        """These and the findings in rows further down, where no others than these candidates were asked about."""
        place = self if self.row is not None else later
        fits = {kind: fits and later.fits.get(kind, True) for kind, fits in self.fits.items()}
        return Findings(values=self.values + later.values, fits=fits, row=place.row, text=place.text)


def survey(
    connection: duckdb.DuckDBPyConnection,
    batches: Iterable[pa.RecordBatch],
    candidates: Mapping[int, Candidates],
    form: TextForm,
) -> dict[int, Findings]:
    """What some columns hold.

    Parameters
    ----------
    connection
        Runs the SQL.
    batches
        Texts in columns ``t0``, ``t1``, ...
    candidates
        The types to ask about, by number of the column.
    form
        How values are written.
    """
    groups: dict[Candidates, list[int]] = {}
    for i, asked in candidates.items():
        groups.setdefault(asked, []).append(i)
    found, offset = {i: _nothing(asked) for i, asked in candidates.items()}, 0
    for batch in batches:
        if not batch.num_rows:
            continue
        for asked, columns in groups.items():
            answer = query_stacked(connection, stack(batch, columns), _query(asked, form, batch.num_rows))
            for i, row in zip(columns, answer.to_pylist(), strict=True):
                found[i] = found[i].joined(_findings(asked, row, offset))
        offset += batch.num_rows
    return found


def _nothing(asked: Candidates) -> Findings:
    return Findings(values=0, fits=dict.fromkeys(asked.types, True), row=None, text=None)


def _findings(asked: Candidates, row: Mapping[str, int | str | bool | None], offset: int) -> Findings:
    fits = {kind: row[f"f{k}"] is not False for k, kind in enumerate(asked.types)}
    place, text = row["place"], row["text"]
    return Findings(
        values=int(row["valued"] or 0),
        fits=fits,
        row=None if place is None else int(place) + offset,
        text=None if text is None else str(text),
    )


def _query(asked: Candidates, form: TextForm, rows: int) -> str:
    """SQL over stacked columns of ``rows`` rows each, giving one row for each column."""
    words = ", ".join(map(quote_text, form.words))
    casts, fits, verdicts = [], [], []
    for k, kind in enumerate(asked.types):
        check, text = check_for(kind, declared=asked.declared), form.typed_text("x", kind)
        casts.append(f"{check.value(text)} AS v{k}")
        fits.append(f"{check.fits(text, f'v{k}', form.words)} AS f{k}")
        verdicts.append(f"bool_and(f{k}) AS f{k}")
    texts = "SELECT row_number() OVER () - 1 AS p, t AS x FROM stacked"
    values = f"SELECT p, x, {', '.join(casts)} FROM ({texts})"
    return (
        f"SELECT count(*) FILTER (x NOT IN ({words})) AS valued, min(p % {rows}) FILTER (NOT f0) AS place, "
        f"arg_min(x, p) FILTER (NOT f0) AS text, {', '.join(verdicts)} "
        f"FROM (SELECT p, x, {', '.join(fits)} FROM ({values})) GROUP BY p // {rows} ORDER BY p // {rows}"
    )
