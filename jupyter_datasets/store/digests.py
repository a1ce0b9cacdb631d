"""Digests: what a multiset of rows adds up to, whatever their order and however they are stored.

A row counts by DuckDB's hash of all its stored values, mixed with the layout: which fields the segment holds, and in
which types. Of these numbers two sums are kept, each of another mixing of their bits, so that digests of parts add up
to that of the whole.

Digests are not cryptographic: rows that collide can be made on purpose, and -0.0 counts as 0.0. They spare reading
where people look, and check what this program wrote itself; what must be certain compares hashes of files, or values.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Self

import numpy as np

from jupyter_datasets.store.canonical import encode
from jupyter_datasets.store.chunker import CHUNKER_ID, Hashes

_BITS = (1 << 64) - 1
# An increment and two multipliers each, of splitmix64 and of MurmurHash3's finaliser.
_LANES = (
    (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB),
    (0xD1B54A32D192ED03, 0xFF51AFD7ED558CCD, 0xC4CEB9FE1A85EC53),
)


@dataclass(frozen=True, slots=True)
class Digest:
    """Of some rows of one layout.

    Attributes
    ----------
    layout
        What :func:`layout_of` gives, 64 bits.
    first, second
        The two sums, modulo 2^64.
    """

    layout: int
    first: int = 0
    second: int = 0

    @classmethod
    def of(cls, hashes: Hashes, layout: int) -> Self:
        """The digest of rows by the hashes of all their columns."""
        rows = hashes ^ np.uint64(layout)
        return cls(layout, *(_sum_mixed(rows, *lane) for lane in _LANES))

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read what ``str`` gave."""
        return cls(int(text[:16], 16), int(text[16:32], 16), int(text[32:], 16))

    def __str__(self) -> str:
        return f"{self.layout:016x}{self.first:016x}{self.second:016x}"

    def __add__(self, other: Digest) -> Digest:
        """That of both multisets together, which have the same layout."""
        return Digest(self.layout, (self.first + other.first) & _BITS, (self.second + other.second) & _BITS)

    def __sub__(self, other: Digest) -> Digest:
        """That of the rows without those of the other multiset, which are all among them."""
        return Digest(self.layout, (self.first - other.first) & _BITS, (self.second - other.second) & _BITS)


def _sum_mixed(rows: Hashes, increment: int, first: int, second: int) -> int:
    mixed = rows + np.uint64(increment)
    mixed ^= mixed >> np.uint64(30)
    mixed *= np.uint64(first)
    mixed ^= mixed >> np.uint64(27)
    mixed *= np.uint64(second)
    mixed ^= mixed >> np.uint64(31)
    return int(mixed.sum(dtype=np.uint64))


def layout_of(columns: Iterable[tuple[int, str]]) -> int:
    """What tells rows of different columns apart whose values are the same.

    Parameters
    ----------
    columns
        Field id and storage type of each, in the order of the segment. The rule that hashes values is part of it too.
    """
    said = encode({"hash": CHUNKER_ID, "columns": [[id, type] for id, type in columns]})
    return int.from_bytes(hashlib.sha256(said).digest()[:8])


def total(texts: Collection[str]) -> str:
    """The digest of all these rows together, as text like each of them; empty where they have no layout in common."""
    if len({text[:16] for text in texts}) != 1:
        return ""
    found = [Digest.parse(text) for text in texts]
    first, second = sum(d.first for d in found) & _BITS, sum(d.second for d in found) & _BITS
    return str(Digest(found[0].layout, first, second))
