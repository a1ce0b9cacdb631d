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
from jupyter_datasets.services.versions import keys
from jupyter_datasets.services.versions.models import SegmentInfo
from jupyter_datasets.services.versions.scans import pieces_of
from jupyter_datasets.store import incoming, segments
from jupyter_datasets.store.originals import stage_file
from jupyter_datasets.store.patches import Piece
from jupyter_datasets.store.reading import OrderedReader
from jupyter_datasets.store.schemas import Column, Schema
from jupyter_datasets.store.segments import SegmentWriter, Written

_AHEAD = 2  # batches


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
    _check_key(plan, path, schema, written)
    return {
        "schema": schema.to_json(),
        "segments": [item.to_json() for item in written.segments],
        "k": written.k,
        "nulls": sorted(written.nulls),
        "dropped": len(plan["tail"]),
        "rows": sum(item.rows for item in written.segments) - plan["tail_rows"],
        "warnings": source.report.warnings,
        "original": _original(plan, path, staging),
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
        appends=plan["mode"] == "append",
        scratch=staging,
        memory_mib=plan["memory_mib"],
        threads=plan["threads"],
    )


def _write(plan: dict[str, Any], source: Source, reporter: Reporter) -> tuple[Schema, Written]:
    columns = [Column(name=c.name, type=c.type) for c in source.columns]
    schema = _schema(plan, columns, source.report)
    reporter.stage("Importing", total=source.size, unit="bytes")
    cut = tuple(plan["cut"]) or _cut(plan, schema)
    batches = _reported(source, reporter)
    arriving = incoming.conform(batches, source.arrow_schema, columns, schema, trusted=True)
    with SegmentWriter(schema=schema, cut=cut, k=plan["k"], staging=Path(plan["staging"])) as writer:
        return schema, writer.write(chain(_tail(plan, schema), arriving))


def _schema(plan: dict[str, Any], columns: list[Column], report: FileReport) -> Schema:
    if plan["schema"] is None:
        return Schema.create(columns)
    old = Schema.from_json(plan["schema"])
    if plan["mode"] != "append":
        return old.replaced_by(columns)
    try:
        return old.appended_by(columns)
    except InvalidInputError as error:
        raise _with_value(error, Path(plan["path"]), report) from error


def _with_value(error: InvalidInputError, path: Path, report: FileReport) -> InvalidInputError:
    """The refusal of a column by the value for whose sake it was widened, if that is why."""
    name = str(error.details.get("column"))
    widened = report.widened.get(name)
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


def _check_key(plan: dict[str, Any], path: Path, schema: Schema, written: Written) -> None:
    """A key holds no null and no value twice, over the rows that were kept as well."""
    fields = [f for f in schema.fields if f.name in plan["key"]]
    pieces = [Piece(path=str(Path(plan["staging"]) / item.hash), rows=item.rows) for item in written.segments]
    if broken := keys.violation(schema, fields, written.nulls, pieces):
        raise _bad_key(plan, path, broken.reason, broken.column)


def _bad_key(plan: dict[str, Any], path: Path, why: str, column: str) -> InvalidInputError:
    appends = plan["schema"] is not None and plan["mode"] == "append"
    step = "Take out the rows that the table has already" if appends else "Name more columns in the key"
    return FileContentError(
        f"With {path.name} the table would break its key: {why}.",
        kind=ErrorKind.KEY_VIOLATION,
        next_step=f"{step}, mend the file, or import it into another table without a key.",
        details={"file": str(path), "column": column},
    )


def _original(plan: dict[str, Any], path: Path, staging: Path) -> dict[str, Any] | None:
    if not plan["keep_original"]:
        return None
    return {"staged": "original", "file": asdict(stage_file(path, staging / "original"))}
