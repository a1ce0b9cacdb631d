"""CSV and its relatives: types proposed from a sample, then one checked pass over the text."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

import duckdb
import pyarrow as pa

from jupyter_datasets.engine.conversion import Converter, PlannedColumn
from jupyter_datasets.engine.dialect import Dialect, find_dialect, looks_like_names
from jupyter_datasets.engine.failures import append_error, value_error
from jupyter_datasets.engine.fitting import PROPOSALS, TEXT, TextForm, wider_types
from jupyter_datasets.engine.hints import text_hints
from jupyter_datasets.engine.options import ReadOptions
from jupyter_datasets.engine.orderly import Disorderly
from jupyter_datasets.engine.report import (
    ColumnType,
    FileReport,
    Widening,
    declared_by_position,
    types_by_position,
)
from jupyter_datasets.engine.session import export_types, open_session
from jupyter_datasets.engine.sources import ReadAgain
from jupyter_datasets.engine.survey import Candidates, Findings, survey
from jupyter_datasets.engine.tabular import TextFile, read_texts, text_bytes
from jupyter_datasets.errors import FileContentError, InternalError
from jupyter_datasets.values import repair_columns

T = TypeVar("T")

_SAMPLE_ROWS = 20_480
_SAMPLE_BYTES = 16 << 20
_FIRST_ROWS = 32


@dataclass(frozen=True, kw_only=True, slots=True)
class _Sample:
    """The first rows of a file as texts ``t0``, ``t1``, ...; ``whole`` when there are no others."""

    rows: pa.RecordBatch
    whole: bool


class DelimitedSource:
    """A delimited text file; see :class:`~jupyter_datasets.engine.sources.Source`."""

    def __init__(
        self,
        file: TextFile,
        connection: duckdb.DuckDBPyConnection,
        form: TextForm,
        plan: Sequence[PlannedColumn],
        report: FileReport,
    ) -> None:
        self._file = file
        self._connection = connection
        self._form = form
        self._plan = tuple(plan)
        self._text_size = file.path.stat().st_size
        self._text_read = 0
        arrow = export_types(connection, (column.type for column in plan))
        self.columns = tuple(ColumnType(name=column.name, type=column.type) for column in plan)
        self.arrow_schema = pa.schema([(column.name, arrow[column.type]) for column in plan])
        self.size = file.shown.stat().st_size
        self.bytes_read = 0
        self.rows_read = 0
        self.report = report

    def batches(self) -> Iterator[pa.RecordBatch]:
        """See :meth:`Source.batches <jupyter_datasets.engine.sources.Source.batches>`."""
        try:
            yield from self._converted()
        except Disorderly as error:
            file, report = self._file.distrusted(), self.report.restarted()
            raise ReadAgain(DelimitedSource(file, self._connection, self._form, self._plan, report)) from error

    def _converted(self) -> Iterator[pa.RecordBatch]:
        converter = Converter(self._connection, self._plan, self.arrow_schema, self._form)
        for texts in read_texts(self._file, self._connection, range(len(self._plan))):
            rows = converter.convert(texts)
            if rows.batch is None:
                raise self._surprise()
            for column, word, times in rows.words:
                self.report.nulls[column, word] += times
            self._advance(texts)
            yield rows.batch
        self.bytes_read = self.size

    def _advance(self, texts: pa.RecordBatch) -> None:
        self.rows_read += texts.num_rows
        self._text_read += text_bytes(texts)
        self.bytes_read = min(self.size, int(self.size * self._text_read / self._text_size))

    def _surprise(self) -> Exception:
        """Look at the whole file, and say what is to be done about the values that do not fit."""
        candidates = {i: _candidates(column) for i, column in enumerate(self._plan) if column.type != TEXT}
        findings = _survey_file(self._file, self._connection, candidates, self._form)
        unfit = {i: found for i, found in findings.items() if found.row is not None}
        if not unfit:
            return InternalError("A value was refused that fits its column.", details={"file": str(self._file.shown)})
        if declared := {i: found for i, found in unfit.items() if self._plan[i].declared}:
            return self._refusal(declared, value_error)
        if kept := {i: found for i, found in unfit.items() if self._plan[i].kept and _wider(found) == TEXT}:
            return self._refusal(kept, append_error)
        wider = self._widened(unfit)
        return ReadAgain(wider, " ".join(wider.report.widenings()))

    def _refusal(
        self, unfit: Mapping[int, Findings], error: Callable[[Path, str, str, int, str], FileContentError]
    ) -> FileContentError:
        """The error for the first of the values that do not fit."""
        first = min(unfit, key=lambda i: unfit[i].row or 0)
        column, found = self._plan[first], unfit[first]
        return error(self._file.shown, column.name, column.type, self._row(found), found.text or "")

    def _row(self, found: Findings) -> int:
        return (found.row or 0) + 1 + self._file.header

    def _widened(self, unfit: Mapping[int, Findings]) -> DelimitedSource:
        report, plan = self.report.restarted(), list(self._plan)
        for i, found in unfit.items():
            before, after = self._plan[i].type, _wider(found)
            report.widened[self._plan[i].name] = Widening(
                before=before, after=after, row=self._row(found), value=(found.text or "")[:200]
            )
            plan[i] = replace(self._plan[i], type=after)
        return DelimitedSource(self._file, self._connection, self._form, plan, report)


def open_delimited(
    text: Path,
    shown: Path,
    options: ReadOptions,
    present: Sequence[ColumnType],
    report: FileReport,
    *,
    appends: bool,
    memory_mib: int,
    threads: int,
) -> DelimitedSource:
    """Look at a UTF-8 text and make the plan for reading it.

    Parameters
    ----------
    text
        The plain text.
    shown
        The file that the user knows, for errors and sizes.
    options
        What the user said.
    present
        Columns of the table that the file goes into; their types are tried first.
    report
        Takes notes.
    appends
        Whether the table keeps its rows, so that none of its columns may become text.
    memory_mib, threads
        What reading may use.
    """
    dialect = find_dialect(text, options, shown)
    connection = open_session(text, memory_mib=memory_mib, threads=threads)
    form = TextForm(nulls=options.nulls, decimal=options.decimal)
    # A first record of values is missing in the sample then, which changes no type that is checked against all rows.
    file = TextFile(path=text, shown=shown, dialect=dialect, header=True, nulls=options.nulls or ())
    sample = _tried(file, lambda trying: _sample(trying, connection))
    found = _survey_all(connection, sample.rows, form)
    header = options.header
    if header is None:
        header = _has_header(connection, dialect, found, form, present)
        if not header:
            report.notes.append("The first line holds values: the columns have no names. If it does, give header=True.")
    file = replace(file, header=header)
    names = _names(dialect, header, report)
    if header and not sample.rows.num_rows:
        report.notes.append("The file has a line of names and no rows: all its columns are text.")
    plan = _plan(file, names, options.types, present, found, appends)
    report.notes += text_hints(connection, sample.rows, _guessed_texts(names, found, options.types, present), form)
    unknown = {i: Candidates(types=PROPOSALS) for i, column in enumerate(plan) if column is None}
    late = _survey_file(file, connection, unknown, form) if unknown and not sample.whole else {}
    return DelimitedSource(file, connection, form, _completed(plan, names, late), report)


def _wider(found: Findings) -> str:
    return next((kind for kind, fits in found.fits.items() if fits), TEXT)


def _candidates(column: PlannedColumn) -> Candidates:
    """Its type, and what it may become."""
    wider = () if column.declared else tuple(kind for kind in wider_types(column.type) if kind != TEXT)
    return Candidates(types=(column.type, *wider), declared=column.declared)


def _survey_file(
    file: TextFile, connection: duckdb.DuckDBPyConnection, candidates: Mapping[int, Candidates], form: TextForm
) -> dict[int, Findings]:
    columns = list(candidates)
    return _tried(file, lambda trying: survey(connection, read_texts(trying, connection, columns), candidates, form))


def _tried(file: TextFile, work: Callable[[TextFile], T]) -> T:
    """What the work gives with the quick parser, or else with the careful one."""
    try:
        return work(file)
    except Disorderly:
        return work(file.distrusted())


def _survey_all(connection: duckdb.DuckDBPyConnection, rows: pa.RecordBatch, form: TextForm) -> list[Findings]:
    asked = dict.fromkeys(range(rows.num_columns), Candidates(types=PROPOSALS))
    found = survey(connection, [rows.slice(0, _FIRST_ROWS)], asked, form)
    # A cast that fails is slow: types that a few rows rule out are asked about no more.
    left = {i: tuple(kind for kind, fits in findings.fits.items() if fits) for i, findings in found.items()}
    asked = {i: Candidates(types=types) for i, types in left.items() if types}
    later = survey(connection, [rows.slice(_FIRST_ROWS)], asked, form)
    return [found[i].joined(later[i]) if i in later else found[i] for i in range(rows.num_columns)]


def _sample(file: TextFile, connection: duckdb.DuckDBPyConnection) -> _Sample:
    taken: list[pa.RecordBatch] = []
    rows = size = 0
    for batch in read_texts(file, connection, range(file.width), limit=_SAMPLE_ROWS):
        taken.append(batch.slice(0, _SAMPLE_ROWS - rows))
        rows, size = rows + batch.num_rows, size + batch.nbytes
        if rows >= _SAMPLE_ROWS or size >= _SAMPLE_BYTES:
            return _Sample(rows=pa.concat_batches(taken), whole=False)
    if not taken:
        nothing = pa.schema([(f"t{i}", pa.string()) for i in range(file.width)])
        taken = [pa.RecordBatch.from_pylist([], schema=nothing)]
    return _Sample(rows=pa.concat_batches(taken), whole=True)


def _has_header(
    connection: duckdb.DuckDBPyConnection,
    dialect: Dialect,
    below: Sequence[Findings],
    form: TextForm,
    present: Sequence[ColumnType],
) -> bool:
    if present and [name.casefold() for name in dialect.first] == [c.name.casefold() for c in present]:
        return True
    row = pa.record_batch({f"t{i}": pa.array([text], pa.string()) for i, text in enumerate(dialect.first)})
    values = [found.type != TEXT for found in _survey_all(connection, row, form)]
    return looks_like_names(dialect.first, values, [found.type != TEXT for found in below])


def _names(dialect: Dialect, header: bool, report: FileReport) -> list[str]:
    if not header:
        return [f"column_{i}" for i in range(1, len(dialect.first) + 1)]
    names, renamed = repair_columns([name if name.strip() else "" for name in dialect.first])
    report.renamed.update(renamed)
    return names


def _plan(
    file: TextFile,
    names: Sequence[str],
    declared: Mapping[str, str],
    present: Sequence[ColumnType],
    found: Sequence[Findings],
    appends: bool,
) -> list[PlannedColumn | None]:
    """Declared types, else those of the table, else proposals; None for columns that show no value in the sample."""
    before = types_by_position(names, {column.name: column.type for column in present})
    given = declared_by_position(file.shown, names, declared)
    proposed = {i: findings.type for i, findings in enumerate(found) if findings.values}
    types = proposed | before | given
    return [
        PlannedColumn(name=name, type=types[i], declared=i in given, kept=appends and i in before)
        if i in types
        else None
        for i, name in enumerate(names)
    ]


def _guessed_texts(
    names: Sequence[str], found: Sequence[Findings], declared: Mapping[str, str], present: Sequence[ColumnType]
) -> dict[int, str]:
    """The names of columns that are text for want of a better proposal, and not by anybody's word."""
    told = {name.casefold() for name in (*declared, *(column.name for column in present))}
    return {
        i: name
        for i, name in enumerate(names)
        if found[i].values and found[i].type == TEXT and name.casefold() not in told
    }


def _completed(
    plan: Sequence[PlannedColumn | None], names: Sequence[str], late: Mapping[int, Findings]
) -> list[PlannedColumn]:
    """The plan with what the whole file showed of the columns that were missing; text where there was nothing."""
    return [
        column or PlannedColumn(name=names[i], type=late[i].type if i in late else TEXT, declared=False)
        for i, column in enumerate(plan)
    ]
