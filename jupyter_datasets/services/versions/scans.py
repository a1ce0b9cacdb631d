"""Plans as readers take them: pieces for the reader in order, a scan for the query engine."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa

from jupyter_datasets.engine.relations import PIECE, ROW, Files, Scan
from jupyter_datasets.services.versions.models import ScanPlan, SegmentInfo
from jupyter_datasets.store import patches, schemas
from jupyter_datasets.store.footers import Span, may_hold
from jupyter_datasets.store.patches import Numbers, Patch, Piece
from jupyter_datasets.store.schemas import Schema

_NONE = np.empty(0, dtype=np.uint32)


def pieces_of(segments: Iterable[SegmentInfo]) -> list[Piece]:
    """The segments of a plan, for a reader that keeps their order."""
    return [
        Piece(path=s.path or None, rows=s.rows, patch=None if s.patch is None else Patch.decode(s.patch))
        for s in segments
    ]


def scan_of(plan: ScanPlan, spans: Sequence[Span] = ()) -> Scan:
    """A plan as the query engine takes it."""
    return scan(Schema.from_json(plan.fields), pieces_of(plan.segments), spans=spans)


def scan(schema: Schema, pieces: Sequence[Piece], select: str | None = None, *, spans: Sequence[Span] = ()) -> Scan:
    """Pieces of a table as the query engine takes them, by default as logical values.

    Parameters
    ----------
    spans
        Values that the rows looked for have: segments without such are left out.
    """
    placed = list(enumerate(pieces))
    in_files = [(place, piece) for place, piece in placed if piece.path and may_hold(piece.path, spans)]
    groups = (
        _files([found for found in in_files if found[1].patch is None and found[1].only is None]),
        _files([found for found in in_files if found[1].patch is not None and found[1].only is None]),
        _files([found for found in in_files if found[1].only is not None and in_file(found[1]).size]),
    )
    loose = patches.together(_live(place, piece.patch) for place, piece in placed if piece.patch)
    return Scan(
        files=tuple(files for files in groups if files.paths),
        loose=tuple((schemas.patch_columns(schema, rows.schema.names), rows) for rows in loose),
        stored=[f.birth for f in schema.fields],
        reader_map=schemas.reader_map(schema),
        select=select or schemas.logical_columns(schema),
        columns=[(f.name, f.type) for f in schema.fields],
    )


def narrowed(old: Sequence[Piece], new: Sequence[Piece]) -> tuple[list[Piece], list[Piece]]:
    """Two sides of a difference, where of a segment that both have only rows count which a patch of theirs names."""
    partners = defaultdict[str, list[int]](list)
    for place, piece in enumerate(old):
        partners[piece.path or ""].append(place)
    left, right = list(old), list(new)
    for place, piece in enumerate(new):
        if piece.path and partners[piece.path]:
            partner = partners[piece.path].pop()
            named = np.union1d(_named(old[partner]), _named(piece))
            left[partner], right[place] = replace(old[partner], only=named), replace(piece, only=named)
    return left, right


def _named(piece: Piece) -> Numbers:
    return _NONE if piece.patch is None else piece.patch.numbers


def _files(found: Sequence[tuple[int, Piece]]) -> Files:
    """Segments that are read alike: whole, without the rows that patches name, or only some of their rows."""
    some = any(piece.only is not None for _, piece in found)
    whole = not some and all(piece.patch is None for _, piece in found)
    return Files(
        paths=tuple(piece.path or "" for _, piece in found),
        places=tuple(place for place, _ in found),
        rows=None if whole else _rows(in_file(piece) if some else _named(piece) for _, piece in found),
        only=some,
    )


def in_file(piece: Piece) -> Numbers:
    """Which of the rows wanted are in the file, and not in the patch."""
    return _NONE if piece.only is None else np.setdiff1d(piece.only, _named(piece))


def _rows(numbers: Iterable[Numbers]) -> pa.Table:
    found = [rows.astype(np.int64) + (index << 32) for index, rows in enumerate(numbers)]
    return pa.table({"number": pa.array(np.concatenate(found) if found else [], pa.int64())})


def _live(place: int, patch: Patch) -> pa.RecordBatch:
    live = patch.live
    values = live.select(live.schema.names[2:])
    numbers = live.column(patches.ROW).cast(pa.int64())
    return values.append_column(PIECE, pa.array(np.full(live.num_rows, place, np.int64))).append_column(ROW, numbers)
