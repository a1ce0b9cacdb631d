"""Where segments end, held against a slow reading of the rule in the design; test_properties has the rules of edits."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_datasets.store import chunker

MIB = 2**20


def slow_first_cut(hashes: list[int], k: int) -> int | None:
    """The design's sentences, row by row."""
    half, target, most = 2 ** (k - 1), 2**k, 2 ** (k + 1)
    for rows, value in enumerate(hashes, start=1):
        low_zeros = 64 if value == 0 else (value & -value).bit_length() - 1
        if half <= rows <= target and low_zeros >= k + 2:
            return rows
        if target < rows and low_zeros >= k - 2:
            return rows
        if rows == most:
            window = hashes[half - 1 : most]
            return half + window.index(min(window))
    return None


@st.composite
def _hashes(draw: st.DrawFn) -> list[int]:
    """Hashes with many low zeros, few, or none so that the window decides; few or many of them equal."""
    source = np.random.default_rng(draw(st.integers(0, 2**32)))
    size = draw(st.integers(0, 300) | st.sampled_from([7, 8, 15, 16, 31, 32, 33, 63, 64, 127, 128, 129]))
    kinds = source.integers(0, 2**64, draw(st.sampled_from([2, 20, 1000])), dtype=np.uint64)
    shift = draw(st.sampled_from([np.array([0]), np.array([0, 0, 0, 4]), np.array([0] * 20 + [8]), np.arange(64)]))
    kinds = kinds << source.choice(shift, kinds.size).astype(np.uint64)
    if draw(st.booleans()):
        kinds |= np.uint64(1)
    return [int(value) for value in source.choice(kinds, size)]


@settings(max_examples=400, deadline=None)
@given(_hashes(), st.integers(4, 6))
def test_the_first_cut(hashes: list[int], k: int) -> None:
    """The fast search finds the row that the rule names, or says that more rows are needed."""
    assert chunker.first_cut(np.array(hashes, np.uint64), k) == slow_first_cut(hashes, k)


@pytest.mark.parametrize("k", [4, 10, 17])
def test_equal_hashes_that_end_nothing(k: int) -> None:
    """In a table of equal rows the first of the equals in the window ends the segment, at half the target."""
    hashes = np.full(2 ** (k + 1), 1, np.uint64)
    assert chunker.first_cut(hashes[:-1], k) is None
    assert chunker.first_cut(hashes, k) == 2 ** (k - 1)


@pytest.mark.parametrize("k", [4, 10, 17])
def test_equal_hashes_that_end_everything(k: int) -> None:
    """A hash of zeros alone ends the segment at the first row that may."""
    assert chunker.first_cut(np.zeros(2 ** (k - 1), np.uint64), k) == 2 ** (k - 1)
    assert chunker.first_cut(np.zeros(2 ** (k - 1) - 1, np.uint64), k) is None


def test_cuts_end_with_the_rows() -> None:
    """The last segment has what is left; no rows make no segment."""
    hashes = np.full(40, 1, np.uint64)
    assert list(chunker.cuts(hashes, 4)) == [8, 16, 40]
    assert list(chunker.cuts(hashes[:0], 4)) == []


@pytest.mark.parametrize("k", range(4, 18))
def test_k_is_the_largest_that_keeps_the_target(k: int) -> None:
    """2^k rows of that width are 16 MiB or less; a bit more a row, and k is one less; 4 and 17 are the bounds."""
    rows, width = 1000, 8 * 16 * MIB // 2**k
    assert chunker.choose_k(rows, rows * width) == k
    assert chunker.choose_k(rows, rows * width + 1) == max(k - 1, 4)


def test_k_has_bounds() -> None:
    """However narrow or wide the rows are."""
    assert chunker.choose_k(65_536, 65_536) == 17
    assert chunker.choose_k(1, 8 * 1000 * MIB) == 4


def test_the_table_of_the_design() -> None:
    """lineitem, 143 bytes a row, gets k = 16."""
    assert chunker.choose_k(65_536, 65_536 * 143 * 8) == 16


def test_rows_within_64_mib() -> None:
    """As many rows as the sum of their bits allows, the bound included; a first row that is too wide stands alone."""
    mib = 8 * MIB
    assert chunker.rows_within_cap(np.array([32, 32, 1]) * mib) == 2
    assert chunker.rows_within_cap(np.array([32 * mib, 32 * mib + 1, 1])) == 1
    assert chunker.rows_within_cap(np.array([65, 1]) * mib) == 1
    assert chunker.rows_within_cap(np.array([1, 1]) * mib) == 2


@pytest.mark.parametrize("k", [6, 9])
def test_sizes_vary_little(k: int) -> None:
    """Over random hashes segments have half to twice the target, about the target on average, and spread by a third."""
    hashes = np.random.default_rng(k).integers(0, 2**64, 2000 << k, dtype=np.uint64)
    sizes = np.diff(list(chunker.cuts(hashes, k)), prepend=0)[:-1]
    assert 2 ** (k - 1) <= sizes.min() <= sizes.max() <= 2 ** (k + 1)
    assert 0.9 < sizes.mean() / 2**k < 1.25
    assert sizes.std() / sizes.mean() < 0.33
