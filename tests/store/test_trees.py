"""Trees of pages: what they look like, and what a change to a large one costs. See test_properties for the rules."""

from __future__ import annotations

from dataclasses import replace

import pytest

from jupyter_datasets.store import trees
from jupyter_datasets.store.canonical import decode
from jupyter_datasets.store.trees import EMPTY, Tree
from jupyter_datasets.values import ObjectHash
from tests.store.tree_samples import Shelf, item

MANY = 100_000


@pytest.fixture(scope="module")
def large() -> tuple[Shelf, Tree]:
    """A tree over so many segments that it has several levels of pages."""
    shelf = Shelf()
    return shelf, shelf.build(item(n, ends=n % 32 == 0) for n in range(MANY))


def test_few_segments_need_no_page() -> None:
    """The root holds up to 32 segments itself; one more makes pages, and one less takes them away again."""
    shelf = Shelf()
    segments = [item(n, ends=True) for n in range(33)]
    assert shelf.build(segments[:32]) == Tree(0, tuple(segments[:32]))
    assert not shelf.texts
    grown = shelf.build(segments)
    assert (grown.level, len(grown.items)) == (1, 5)
    assert trees.replace_tail(grown, shelf.pages(), 1, []) == Tree(0, tuple(segments[:32]))


def test_an_empty_tree() -> None:
    """A table without rows has no segment, no last one and no page; rows may be put behind it."""
    shelf = Shelf()
    assert shelf.build([]) == EMPTY
    assert list(trees.backwards(EMPTY, shelf.pages())) == []
    assert shelf.segments(EMPTY) == []
    assert (EMPTY.rows, EMPTY.bytes) == (0, 0)
    new = [item(n, ends=False) for n in range(200)]
    assert trees.replace_tail(EMPTY, shelf.pages(), 0, new) == shelf.build(new)


def test_a_large_tree(large: tuple[Shelf, Tree]) -> None:
    """100,000 segments take three levels of pages, of about 40 items each; nothing is lost or moved."""
    shelf, tree = large
    assert tree.level == 3
    assert [len(level) < 4000 for level in shelf.levels(tree)] == [True] * 3
    assert 2000 < len(shelf.levels(tree)[-1]) < 4000
    assert shelf.segments(tree) == [item(n, ends=n % 32 == 0) for n in range(MANY)]
    assert tree.rows == sum(n % 7 + 1 for n in range(MANY))
    assert tree.bytes == sum(n % 1000 for n in range(MANY))


def test_the_last_segment_is_found_along_one_path(large: tuple[Shelf, Tree]) -> None:
    """One page a level is read for it."""
    shelf, tree = large
    assert next(trees.backwards(tree, shelf.pages())) == item(MANY - 1, ends=False)
    assert len(shelf.read) == tree.level


def test_an_append_costs_a_page_a_level(large: tuple[Shelf, Tree]) -> None:
    """Putting one segment in the last one's place touches pages on the right edge, and looks below the root."""
    shelf, tree = large
    pages = shelf.pages()
    grown = trees.replace_tail(tree, pages, 1, [item(MANY, ends=False)])
    assert len(shelf.read) <= tree.level + len(tree.items)
    assert len(pages.made) <= 2 * tree.level
    assert grown.items[:-1] == tree.items[:-1]
    assert grown.rows == tree.rows - item(MANY - 1, ends=False).rows + item(MANY, ends=False).rows


def test_a_patch_in_the_middle_costs_a_page_a_level(large: tuple[Shelf, Tree]) -> None:
    """A patch moves no end of a page: the pages over the segment are read and written, and no others."""
    shelf, tree = large
    pages = shelf.pages()
    number = MANY // 2
    before = sum(n % 7 + 1 for n in range(number))
    patched = replace(item(number, ends=number % 32 == 0), patch=ObjectHash("f" * 64))
    changed = trees.splice(tree, pages, {before: [patched]})
    assert len(shelf.read) <= tree.level + len(tree.items)
    assert len(pages.made) == tree.level
    gone, come = trees.differing(tree, changed, pages)
    assert (gone, come) == ([item(number, ends=number % 32 == 0)], [patched])


def test_equal_trees_are_compared_without_reading(large: tuple[Shelf, Tree]) -> None:
    """Nothing differs between a tree and itself, and no page is needed to see it."""
    shelf, tree = large
    assert trees.differing(tree, tree, shelf.pages()) == ([], [])
    assert shelf.read == []


def test_one_changed_segment_is_found_along_two_paths(large: tuple[Shelf, Tree]) -> None:
    """A difference in the middle of 100,000 segments is found by reading the pages over it, a few hundred lines."""
    shelf, tree = large
    segments = [item(n, ends=n % 32 == 0) for n in range(MANY)]
    segments[MANY // 2 + 1] = item(MANY + 1, ends=False)
    other = shelf.build(segments)
    expected = ([item(MANY // 2 + 1, ends=False)], [item(MANY + 1, ends=False)])
    assert trees.differing(tree, other, shelf.pages()) == expected
    assert len(shelf.read) <= 4 * tree.level


@pytest.mark.parametrize("ends", [True, False])
def test_a_tree_of_equal_segments_ends(ends: bool) -> None:
    """Equal segments make equal pages, which would be lines that all end a page, or none; the tree has a top still."""
    shelf = Shelf()
    segments = [item(1, ends=ends)] * 20_000
    tree = shelf.build(segments)
    assert len(tree.items) <= trees.ROOT_MAX
    assert shelf.segments(tree) == segments
    assert len(shelf.texts) < 50, "equal pages are one page"


def test_a_page_says_what_it_is() -> None:
    """A page's text names the format, its kind and level, and lists hash, rows and bytes of each item."""
    shelf = Shelf()
    segments = [item(n, ends=True) for n in range(40)]
    tree = shelf.build(segments)
    page = decode(shelf.texts[tree.items[0].hash])
    assert page == {"format": 1, "kind": "page", "level": 0, "items": [[s.hash, s.rows, s.bytes] for s in segments[:8]]}
    assert Tree.from_json(tree.to_json()) == tree
