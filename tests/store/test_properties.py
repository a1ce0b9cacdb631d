"""Rules that hold for every tree, every sequence of rows and every table, tried with generated ones."""

from __future__ import annotations

import random
from collections import Counter
from itertools import accumulate

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_datasets.store import chunker, trees
from jupyter_datasets.store.trees import PAGE_MAX, PAGE_MIN, ROOT_MAX, Item
from tests.store.tree_samples import Shelf, item

_RULE = settings(max_examples=60, deadline=None)

# --------------------------------------------------------------------------------------------------------------------
# Trees


@st.composite
def _segments(draw: st.DrawFn, most: int = 3000) -> list[Item]:
    """Segments after which pages end never, seldom, often or always; many or few of them equal."""
    count = draw(st.integers(0, most) | st.sampled_from([0, 1, 32, 33, 40, 128, 129, most]))
    share = draw(st.sampled_from([0, 1 / 32, 1 / 3, 1]))
    kinds = draw(st.sampled_from([3, 100, 10**9]))
    source = random.Random(draw(st.integers(0, 2**32)))
    ends = {n: source.random() < share for n in range(kinds)} if kinds <= 100 else {}
    numbers = [source.randrange(kinds) for _ in range(count)]
    return [item(n, ends=ends.get(n, n % 1000 < 1000 * share)) for n in numbers]


@_RULE
@given(_segments(), st.data())
def test_replacing_the_tail_is_building_anew(segments: list[Item], data: st.DataObject) -> None:
    """The tree is the one over the whole sequence, and all its pages are old ones or among those that were made."""
    shelf = Shelf()
    tree = shelf.build(segments)
    drop = data.draw(st.integers(0, len(segments)) | st.integers(0, min(3, len(segments))))
    new = data.draw(_segments(300))
    pages = shelf.pages()
    changed = trees.replace_tail(tree, pages, drop, new)
    shelf.texts |= pages.made
    whole = segments[: len(segments) - drop] + new
    assert shelf.segments(changed) == whole
    assert changed == Shelf().build(whole)
    assert next(trees.backwards(changed, shelf.pages()), None) == (whole[-1] if whole else None)


@_RULE
@given(_segments(), st.data())
def test_splicing_is_building_anew(segments: list[Item], data: st.DataObject) -> None:
    """Whatever takes the place of whichever segments, the tree is the one over the whole sequence."""
    shelf = Shelf()
    tree = shelf.build(segments)
    places = data.draw(st.sets(st.integers(0, max(0, len(segments) - 1)), max_size=min(5, len(segments))))
    new = {place: data.draw(_segments(60)) for place in places}
    starts = list(accumulate((s.rows for s in segments), initial=0))
    pages = shelf.pages()
    changed = trees.splice(tree, pages, {starts[place]: items for place, items in new.items()})
    shelf.texts |= pages.made
    whole = [i for place, segment in enumerate(segments) for i in new.get(place, [segment])]
    assert shelf.segments(changed) == whole
    assert changed == Shelf().build(whole)


@_RULE
@given(_segments(), _segments(300), st.data())
def test_what_differs_is_the_difference_of_the_multisets(
    segments: list[Item], new: list[Item], data: st.DataObject
) -> None:
    """Each side gets the segments that the other lacks, as often as it lacks them, whatever their order."""
    start, stop = sorted(data.draw(st.tuples(*[st.integers(0, len(segments))] * 2)))
    changed = segments[:start] + new + segments[stop:]
    shelf = Shelf()
    old_tree, new_tree = shelf.build(segments), shelf.build(changed)
    gone, come = trees.differing(old_tree, new_tree, shelf.pages())
    assert Counter(gone) == Counter(segments) - Counter(changed)
    assert Counter(come) == Counter(changed) - Counter(segments)


@_RULE
@given(_segments())
def test_pages_and_root_have_bounds(segments: list[Item]) -> None:
    """A page has 8 to 128 items, the last of a level perhaps fewer; the root up to 32, and no level too many."""
    shelf = Shelf()
    tree = shelf.build(segments)
    levels = shelf.levels(tree)
    for pages in levels:
        assert all(PAGE_MIN <= len(page) <= PAGE_MAX for page in pages[:-1])
        assert 1 <= len(pages[-1]) <= PAGE_MAX
    assert len(tree.items) <= ROOT_MAX
    if levels:
        assert sum(map(len, levels[0])) > ROOT_MAX
    assert tree.rows == sum(s.rows for s in segments)
    assert tree.bytes == sum(s.bytes for s in segments)


# --------------------------------------------------------------------------------------------------------------------
# Cutting


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 2**32), st.integers(4, 6), st.integers(0, 40), st.integers(0, 40), st.floats(0, 1))
def test_an_edit_moves_no_far_boundary(seed: int, k: int, removed: int, added: int, place: float) -> None:
    """Boundaries two targets before it stay; behind it, the first that is met again is followed by all the others.

    The smallest hash of a window is known at its end only, so an edit may move up to three boundaries before it.
    """
    source = np.random.default_rng(seed)
    old = source.integers(0, 2**64, 150 << k, dtype=np.uint64)
    start = int(place * (old.size - removed))
    stop = start + removed
    new = np.concatenate([old[:start], source.integers(0, 2**64, added, dtype=np.uint64), old[stop:]])
    before, after = list(chunker.cuts(old, k)), list(chunker.cuts(new, k))
    far = start - (2 << k)
    assert [cut for cut in before if cut <= far] == [cut for cut in after if cut <= far]
    left = {before[-1] - cut for cut in before if cut >= stop}
    right = {after[-1] - cut for cut in after if cut >= start + added}
    met = max(left & right)
    assert {cut for cut in left if cut <= met} == {cut for cut in right if cut <= met}
    assert len(left | right) - len(left & right) < 80, "segments until the boundaries meet again"
