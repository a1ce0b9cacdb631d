"""The tree over a million segments, without their data: what a small commit writes, and how long its pages take."""

from __future__ import annotations

import random
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate
from typing import Any

import pytest

from jupyter_datasets.store import packs, trees
from jupyter_datasets.store.canonical import decode, hash_bytes
from jupyter_datasets.store.digests import Digest
from jupyter_datasets.store.roots import TableRoot
from jupyter_datasets.store.schemas import Schema
from jupyter_datasets.store.segments import WRITER_ID
from jupyter_datasets.store.trees import Item, Pages, Tree
from jupyter_datasets.values import ObjectHash
from tests.benchmarks.harness import Report, seconds_of

pytestmark = [pytest.mark.benchmark, pytest.mark.timeout(1800)]

SEGMENTS, TRIES = 1_000_000, 200
_random = random.Random(2026)


def some_hash() -> ObjectHash:
    return ObjectHash(_random.randbytes(32).hex())


def some_item() -> Item:
    """A segment as those of TPC-H lineitem are: 65,536 rows on average, some 35 bytes each once compressed."""
    rows = int(min(max(_random.gauss(65_536, 12_000), 32_768), 131_072))
    digest = Digest(1, _random.getrandbits(64), _random.getrandbits(64))
    return Item(some_hash(), rows, rows * _random.randint(30, 40), digest=str(digest))


def patched(item: Item) -> Item:
    return replace(item, bytes=item.bytes + 300, patch=some_hash())


@dataclass(kw_only=True)
class Simulation:
    """A tree whose pages lie in memory as texts; each change reads them anew, as one in a fresh process would."""

    tree: Tree
    texts: dict[ObjectHash, bytes]
    items: Sequence[Item]
    starts: Sequence[int]
    written: list[int] = field(default_factory=list)
    pages: list[int] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)

    def load(self, names: Sequence[ObjectHash]) -> Mapping[ObjectHash, Mapping[str, Any]]:
        return {name: decode(self.texts[name]) for name in names}

    def change(self, work: Callable[[Pages], Tree]) -> None:
        """Make a tree, and note what its commit writes: a pack with its new pages and its root."""
        made = Pages(self.load)
        found: list[packs.Pack] = []

        def commit() -> None:
            root = TableRoot(schema=Schema(fields=(), next_id=1), cut=(), k=16, writer=WRITER_ID, tree=work(made))
            text = root.encode()
            found.append(packs.build({**made.made, hash_bytes(text): text}, {}))

        self.seconds.append(seconds_of(commit))
        self.pages.append(len(made.made))
        self.written.append(len(found[0].data))

    def patch(self, position: int) -> None:
        new = {self.starts[position]: (patched(self.items[position]),)}
        self.change(lambda pages: trees.splice(self.tree, pages, new))

    def rewrite(self, position: int) -> None:
        new = {self.starts[position]: (some_item(),)}
        self.change(lambda pages: trees.splice(self.tree, pages, new))

    def append(self) -> None:
        self.change(lambda pages: trees.replace_tail(self.tree, pages, 0, [some_item()]))


@pytest.fixture(scope="module")
def built() -> Simulation:
    items = [some_item() for _ in range(SEGMENTS)]
    pages = Pages(lambda _: {})
    tree = trees.build(items, pages)
    starts = list(accumulate((item.rows for item in items), initial=0))
    return Simulation(tree=tree, texts=pages.made, items=items, starts=starts)


@pytest.mark.parametrize("kind", ["patch", "rewrite", "append"])
def test_a_small_commit_writes_one_path_of_a_million_segments(built: Simulation, kind: str, report: Report) -> None:
    """One page of each level, and a few more where the new hash of one ends the page above it elsewhere."""
    run = replace(built, written=[], pages=[], seconds=[])
    for position in _random.sample(range(SEGMENTS), TRIES):
        {"patch": run.patch, "rewrite": run.rewrite, "append": lambda _: run.append()}[kind](position)
    depth = run.tree.level
    for how, measure, pages in (("median", statistics.median, depth), ("worst", max, 3 * depth)):
        report.add(f"{kind} of 1 in 10^6 segments, pages, {how}", measure(run.pages), unit="pages", limit=pages)
        report.add(f"{kind} of 1 in 10^6 segments, bytes, {how}", measure(run.written) / 1000, unit="kB", limit=100)
        report.add(f"{kind} of 1 in 10^6 segments, tree, {how}", 1000 * measure(run.seconds), unit="ms")
