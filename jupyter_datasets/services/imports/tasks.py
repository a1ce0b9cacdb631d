"""The import task: reads a file and writes segments, in a child process. It knows files only, no catalog."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from itertools import chain
from pathlib import Path
from typing import Any

import pyarrow as pa

from jupyter_datasets.engine.failures import append_error
from jupyter_datasets.engine.options import ReadOptions
from jupyter_datasets.engine.readers import open_source
from jupyter_datasets.engine.report import ColumnType, FileReport
from jupyter_datasets.engine.sources import ReadAgain, Source
from jupyter_datasets.errors import ErrorKind, FileContentError, InvalidInputError
from jupyter_datasets.services.jobs.reporter import Reporter
from jupyter_datasets.services.versions import constraints
from jupyter_datasets.services.versions.constraints import Violation
from jupyter_datasets.services.versions.models import SegmentInfo
from jupyter_datasets.services.versions.scans import pieces_of
from jupyter_datasets.store import altering, incoming, segments
from jupyter_datasets.store.originals import stage_file
from jupyter_datasets.store.patches import Piece
from jupyter_datasets.store.reading import OrderedReader
from jupyter_datasets.store.roots import Check, TableRoot
from jupyter_datasets.store.schemas import Column, Schema
from jupyter_datasets.store.segments import SegmentWriter, Written

_AHEAD = 2  # batches
_SAID = 20  # columns in one message


def import_file(plan: dict[str, Any], reporter: Reporter) -> dict[str, Any]:
    """Read the plan's file and write its rows as segments into the plan's staging folder."""
    path, staging = Path(plan["path"]), Path(plan["staging"])
    segments.limit_memory(plan["memory_mib"] // 2)
    reporter.stage("Looking at the file")
    source = _open(plan, path, staging)
    while True:
        try:
            schema, written = _write(plan, source, reporter)
            break
        except ReadAgain as again:
            if why := str(again):
                reporter.message(why)
            source = again.source
    _check_rows(plan, path, schema, written)
    return {
        "schema": schema.to_json(),
        "segments": [item.to_json() for item in written.segments],
        "k": written.k,
        "nulls": sorted(written.nulls),
        "dropped": len(plan["tail"]),
        "rows": sum(item.rows for item in written.segments) - plan["tail_rows"],
        "warnings": [*source.report.warnings, *_evolution(plan, schema)],
        "original": _original(plan, path, staging),
        "stamp": _stamp(path),
        "staging": plan["staging"],
        "base": plan["base"],
        "tail_rows": plan["tail_rows"],
    }


def _open(plan: dict[str, Any], path: Path, staging: Path) -> Source:
    present = None
    if plan["schema"]:
        present = [ColumnType(name=f.name, type=f.type) for f in Schema.from_json(plan["schema"]).fields]
    return open_source(
        path,
        ReadOptions.from_json(plan["options"]),
        present=present,
        appends=plan["mode"] == "append" and plan["schema_mode"] != "strict",
        scratch=staging,
        memory_mib=plan["memory_mib"],
        threads=plan["threads"],
    )


def _write(plan: dict[str, Any], source: Source, reporter: Reporter) -> tuple[Schema, Written]:
    columns = _columns(plan, source)
    schema = _schema(plan, columns, source)
    reporter.stage("Importing", total=source.size, unit="bytes")
    cut = tuple(plan["cut"]) or _cut(plan, schema)
    batches = _reported(source, reporter)
    arriving = incoming.conform(batches, source.arrow_schema, columns, schema, trusted=True)
    with SegmentWriter(schema=schema, cut=cut, k=plan["k"], staging=Path(plan["staging"])) as writer:
        try:
            return schema, writer.write(chain(_tail(plan, schema), arriving))
        except InvalidInputError as error:
            raise _with_value(error, Path(plan["path"]), source.report) from error


def _columns(plan: dict[str, Any], source: Source) -> list[Column]:
    """What the file brings, as the table has it where its rows are put behind those."""
    columns = [Column(name=c.name, type=c.type) for c in source.columns]
    if plan["schema"] is None or plan["mode"] != "append" or plan["schema_mode"] == "strict":
        return columns
    return list(incoming.joining(columns, source.arrow_schema, Schema.from_json(plan["schema"])))


def _schema(plan: dict[str, Any], columns: list[Column], source: Source) -> Schema:
    if plan["schema"] is None:
        return Schema.create(columns)
    old = Schema.from_json(plan["schema"])
    if plan["schema_mode"] == "strict":
        _check_fits(plan, old, columns, source)
        return old
    if plan["mode"] != "append":
        schema = old.replaced_by(columns)
        constraints.check_kept(plan["table"], _rules(plan, old), schema)
        return schema
    if plan["schema_mode"] == "evolve":
        return altering.evolved(old, columns, has_rows=plan["has_rows"])
    try:
        return old.appended_by(columns)
    except InvalidInputError as error:
        raise _with_value(error, Path(plan["path"]), source.report) from error


def _evolution(plan: dict[str, Any], schema: Schema) -> list[str]:
    """What the file changed of the table's columns, where that was asked for."""
    asked = plan["schema"] is not None and plan["mode"] == "append" and plan["schema_mode"] == "evolve"
    return altering.evolution(Schema.from_json(plan["schema"]), schema) if asked else []


def _check_fits(plan: dict[str, Any], schema: Schema, columns: list[Column], source: Source) -> None:
    """Refuse a file that has not exactly the table's columns."""
    found = altering.misfits(schema, columns)
    if not found:
        return
    for _ in source.batches():
        pass  # to the end, for a column whose values need another type is told with the others
    path = Path(plan["path"])
    why = {name: f": row {w.row:,} holds {w.value!r}" for name, w in source.report.widened.items()}
    said = "; ".join(f"column {name!r} {what}{why.get(name, '')}" for name, what in list(found.items())[:_SAID])
    rest = f"; and {len(found) - _SAID} more" if len(found) > _SAID else ""
    raise FileContentError(
        f"{path.name} has not the columns of table {plan['table']!r}: {said}{rest}.",
        kind=ErrorKind.SCHEMA_MISMATCH,
        next_step="Mend the file, or change the table first: add_column, widen, drop_column.",
        details={"file": str(path), "columns": found},
    )


def _with_value(error: InvalidInputError, path: Path, report: FileReport) -> InvalidInputError:
    """The refusal of a column by the value for whose sake it was widened, if that is why."""
    name = str(error.details.get("column"))
    widened = next((w for known, w in report.widened.items() if known.casefold() == name.casefold()), None)
    return append_error(path, name, widened.before, widened.row, widened.value) if widened else error


def _cut(plan: dict[str, Any], schema: Schema) -> tuple[int, ...]:
    return tuple(schema.field(name).id for name in plan["key"]) or tuple(f.id for f in schema.fields)


def _tail(plan: dict[str, Any], schema: Schema) -> Iterable[pa.RecordBatch]:
    segments = [SegmentInfo.model_validate(segment) for segment in plan["tail"]]
    return OrderedReader(schema, for_writer=True).batches(pieces_of(segments))


def _reported(source: Source, reporter: Reporter) -> Iterator[pa.RecordBatch]:
    seen = 0
    for batch in _ahead(source.batches()):
        yield batch
        done = source.bytes_read
        reporter.advance(done - seen, rows=batch.num_rows, bytes=done - seen)
        seen = done


def _ahead(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """The same batches, read in a thread of their own while earlier ones are written."""
    with ThreadPoolExecutor(1, thread_name_prefix="reader") as thread:
        coming = deque(thread.submit(next, batches, None) for _ in range(_AHEAD))
        while (batch := coming.popleft().result()) is not None:
            coming.append(thread.submit(next, batches, None))
            yield batch


def _check_rows(plan: dict[str, Any], path: Path, schema: Schema, written: Written) -> None:
    """The rows keep what is declared of the table, those that were kept as well."""
    root = _rules(plan, schema)
    pieces = [Piece(path=str(Path(plan["staging"]) / item.hash), rows=item.rows) for item in written.segments]
    if broken := constraints.find(root, pieces, written.nulls):
        raise _broken(plan, path, broken)


def _rules(plan: dict[str, Any], schema: Schema) -> TableRoot:
    """What the table's rows are held to; it has no rows here."""
    return TableRoot(
        schema=schema,
        cut=(),
        key=tuple(f.id for f in schema.fields if f.name in plan["key"]),
        writer="",
        unique=tuple(map(tuple, plan["unique"])),
        checks=tuple(Check(name=name, expression=text) for name, text in plan["checks"]),
    )


def _broken(plan: dict[str, Any], path: Path, broken: Violation) -> InvalidInputError:
    appends = plan["schema"] is not None and plan["mode"] == "append"
    what, step, rest = "a rule", "Mend the file", "or drop that rule first"
    if broken.kind is ErrorKind.KEY_VIOLATION:
        step = "Take out the rows that the table has already" if appends else "Name more columns in the key"
        what, rest = "its key", "mend the file, or import it into another table without a key"
    return FileContentError(
        f"With {path.name} the table would break {what}: {broken.reason}.{broken.examples()}",
        kind=broken.kind,
        next_step=f"{step}, {rest}.",
        details={"file": str(path), **broken.details()},
    )


def _stamp(path: Path) -> dict[str, int]:
    """What tells whether a file is still the one that was read."""
    found = path.stat()
    return {"bytes": found.st_size, "modified": found.st_mtime_ns // 1000}


def _original(plan: dict[str, Any], path: Path, staging: Path) -> dict[str, Any] | None:
    if not plan["keep_original"]:
        return None
    return {"staged": "original", "file": asdict(stage_file(path, staging / "original"))}
