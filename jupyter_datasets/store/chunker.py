"""Where segments end: decided by the rows alone, so that equal rows give equal segments whatever came before them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

CHUNKER_ID = "duckdb-hash-1"
K_MIN, K_MAX = 4, 17
TARGET_BITS = 8 * 16 * 2**20
CAP_BITS = 8 * 64 * 2**20
WIDTH_ROWS = 65_536

Hashes = npt.NDArray[np.uint64]
Bits = npt.NDArray[np.int64]


def choose_k(rows: int, bits: int) -> int:
    """The largest k in 4..17 for which 2^k rows of the mean width stay within 16 MiB.

    Parameters
    ----------
    rows, bits
        How many rows were looked at (the first 65,536 of the table, fewer when they pass 64 MiB), and their width
        by the formula of :mod:`jupyter_datasets.store.widths`, in bits.
    """
    k = K_MAX
    while k > K_MIN and (1 << k) * bits > TARGET_BITS * rows:
        k -= 1
    return k


def first_cut(hashes: Hashes, k: int) -> int | None:
    """How many rows the first segment of this sequence has by the hash rule; None when more rows are needed to tell.

    Past half of 2^k rows a hash with k+2 low zero bits ends the segment, past 2^k one with k-2; at 2^(k+1) rows it is
    the smallest hash of that window, the first of equals.
    """
    half, target, most = 1 << (k - 1), 1 << k, 1 << (k + 1)
    for start, stop, zeros in ((half - 1, target, k + 2), (target, most, k - 2)):
        window = hashes[start:stop]
        found = np.flatnonzero((window & np.uint64((1 << zeros) - 1)) == 0)
        if found.size:
            return start + int(found[0]) + 1
    if hashes.size < most:
        return None
    return half + int(np.argmin(hashes[half - 1 : most]))


def rows_within_cap(bits: Bits) -> int:
    """How many leading rows stay within 64 MiB; at least one."""
    return max(1, int(np.searchsorted(np.cumsum(bits), CAP_BITS, side="right")))


def cuts(hashes: Hashes, k: int) -> Iterator[int]:
    """Ends of the segments of a whole sequence by the hash rule, the last one being its length."""
    start = 0
    while start < hashes.size:
        start += first_cut(hashes[start:], k) or hashes.size - start
        yield start
