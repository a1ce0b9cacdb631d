"""Packs: everything small that one commit wrote, in one file with an index and a note at its end.

Layout: magic, frames, index, note, trailer. A frame is one byte for the codec, four for the length of the plain text,
then the text, plain or zstd. The index lists (hash, offset, length) of every frame; the note says which dataset and
reference the pack was written for. With the notes a lost catalog can be rebuilt.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from jupyter_datasets.errors import DamagedObjectError
from jupyter_datasets.store.canonical import decode, encode, hash_bytes
from jupyter_datasets.values import ObjectHash, short

_MAGIC = b"JDPACK1\n"
_FRAME = struct.Struct(">BI")
_TRAILER = struct.Struct(">QQ8s")
_PLAIN, _ZSTD = 0, 1
_SMALL = 256  # bytes below which compressing is not worth its header


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """Where an object lies inside a pack."""

    pack: ObjectHash
    offset: int
    length: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Pack:
    """A pack in memory: its name, its bytes, and where each object lies in it."""

    name: ObjectHash
    data: bytes
    places: Mapping[ObjectHash, Place]


def build(objects: Mapping[ObjectHash, bytes], note: Mapping[str, Any]) -> Pack:
    """Put objects into a pack.

    Parameters
    ----------
    objects
        Canonical texts by their hashes.
    note
        Dataset id and name, ref, from, to, time: what a rebuild needs to know.
    """
    parts, spans, end = [_MAGIC], [], len(_MAGIC)
    for name, text in objects.items():
        frame = _frame(text)
        spans.append((name, end, len(frame)))
        parts.append(frame)
        end += len(frame)
    index = encode({"objects": [list(span) for span in spans]})
    parts += [index, encode(dict(note)), _TRAILER.pack(end, end + len(index), _MAGIC)]
    data = b"".join(parts)
    pack = hash_bytes(data)
    return Pack(name=pack, data=data, places={n: Place(pack=pack, offset=o, length=s) for n, o, s in spans})


def unframe(name: ObjectHash, frame: bytes) -> bytes:
    """The text in a frame, checked against its hash."""
    try:
        codec, length = _FRAME.unpack_from(frame)
        body = frame[_FRAME.size :]
        text: bytes = pa.Codec("zstd").decompress(body, length).to_pybytes() if codec == _ZSTD else body
    except (struct.error, OSError, pa.ArrowException) as error:
        raise _damaged(name) from error
    if hash_bytes(text) != name:
        raise _damaged(name)
    return text


def read_end(data: bytes) -> tuple[dict[ObjectHash, Place], dict[str, Any]]:
    """Index and note of a whole pack, for checking and rebuilding."""
    try:
        index_at, note_at, magic = _TRAILER.unpack_from(data, len(data) - _TRAILER.size)
        if magic != _MAGIC:
            raise ValueError("no pack")
        pack = hash_bytes(data)
        spans = decode(data[index_at:note_at])["objects"]
        note = decode(data[note_at : len(data) - _TRAILER.size])
        return {ObjectHash(n): Place(pack=pack, offset=o, length=s) for n, o, s in spans}, note
    except (struct.error, ValueError, KeyError, TypeError) as error:
        raise DamagedObjectError("A pack has no readable end.", next_step="Restore it from a copy.") from error


def _frame(text: bytes) -> bytes:
    if len(text) >= _SMALL:
        packed: bytes = pa.Codec("zstd").compress(text, asbytes=True)
        if len(packed) < len(text):
            return _FRAME.pack(_ZSTD, len(text)) + packed
    return _FRAME.pack(_PLAIN, len(text)) + text


def _damaged(name: str) -> DamagedObjectError:
    return DamagedObjectError(
        f"Object {short(name)} is damaged in its pack.",
        next_step="Restore the pack from a copy of the store.",
        details={"object": name},
    )
