"""From a version up to what it was made from, and down to what was made from its dataset."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from jupyter_datasets.catalog.database import Database
from jupyter_datasets.services.versions import records
from jupyter_datasets.services.versions.history import ancestors
from jupyter_datasets.services.versions.models import Commit
from jupyter_datasets.services.versions.provenance import (
    Direction,
    Lineage,
    LineageEdge,
    LineageNode,
    Provenance,
    State,
)
from jupyter_datasets.services.versions.records import Link
from jupyter_datasets.values import CommitId, DatasetId

MOST_STEPS = 20
MOST_NODES = 1000
_MOST_LINKS = 10_000  # that are looked at of one dataset

Version = tuple[DatasetId, CommitId]
Find = Callable[[DatasetId], tuple[State, str]]
Tell = Callable[[Sequence[CommitId]], Mapping[CommitId, Provenance]]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Step:
    """One version was made from another: ``read`` and ``through`` are the commits that say so, of the same datasets."""

    source: Version
    target: Version
    read: CommitId
    through: CommitId


@dataclass(kw_only=True, slots=True)
class Walk:
    """Goes through the lineage of one version, nearest first, so that what is cut off is what is farthest.

    Attributes
    ----------
    find
        Whether the reader may have a dataset, or it is gone; and its name.
    tell
        Gives the provenance of commits.
    depth
        How many steps to go.
    """

    database: Database
    find: Find
    tell: Tell
    depth: int
    _nodes: dict[Version, LineageNode] = field(init=False, default_factory=dict)
    _steps: dict[_Step, None] = field(init=False, default_factory=dict)
    _cut: bool = field(init=False, default=False)

    def run(self, start: Version, direction: Direction) -> Lineage:
        """The lineage of a version that the reader may have."""
        self._enter(start)
        if direction != "down":
            self._go(start, self._above, lambda step: step.source)
        if direction != "up":
            self._go(start, self._below, lambda step: step.target)
        said = self._said()
        return Lineage(nodes=self._named(said), edges=tuple(self._edges(said)), cut=self._cut)

    def _go(
        self, start: Version, beside: Callable[[Version], Iterable[_Step]], end: Callable[[_Step], Version]
    ) -> None:
        seen, front = {start}, [start]
        for left in range(self.depth, -1, -1):
            steps = [step for version in front for step in beside(version)]
            if not left:
                self._cut = self._cut or any(end(step) not in seen for step in steps)
                return
            taken = [step for step in steps if self._enter(end(step))]
            self._steps |= dict.fromkeys(taken)
            front = [v for v in dict.fromkeys(map(end, taken)) if v not in seen and self._nodes[v].commit]
            seen.update(front)

    def _enter(self, version: Version) -> bool:
        """Note a version; False when there are too many."""
        if version not in self._nodes:
            if len(self._nodes) >= MOST_NODES:
                self._cut = True
                return False
            self._nodes[version] = self._node(version)
        return True

    def _node(self, version: Version) -> LineageNode:
        dataset_id, commit_id = version
        state, name = self.find(dataset_id)
        if state == "hidden":
            return LineageNode(state=state)
        commit = self._commit(version) if state == "there" else None
        return LineageNode(
            state="there" if commit else "gone",
            dataset_id=dataset_id,
            dataset=name,
            commit_id=commit_id,
            commit=commit,
        )

    def _commit(self, version: Version) -> Commit | None:
        with self.database.read() as connection:
            return records.commit(connection, *version)

    # -------------------------------------------------------------------------------------------------------- steps

    def _above(self, version: Version) -> Iterator[_Step]:
        """To the newest versions of each dataset that the version's history read."""
        dataset_id, commit = version[0], self._nodes[version].commit
        assert commit is not None, "only versions that are there are gone on from"
        by_commit: defaultdict[CommitId, list[Link]] = defaultdict(list)
        with self.database.read() as connection:
            found = records.links_up(connection, dataset_id, commit.seq, _MOST_LINKS)
            self._cut = self._cut or len(found) == _MOST_LINKS
            for link in found:
                by_commit[link.commit_id].append(link)
            wanted = {link.input_dataset_id for links in by_commit.values() for link in links}
            for through in ancestors(connection, dataset_id, commit, found[-1].seq) if found else ():
                links = [link for link in by_commit.pop(through, ()) if link.input_dataset_id in wanted]
                for link in links:
                    source = (link.input_dataset_id, link.input_commit_id)
                    yield _Step(source=source, target=version, read=link.input_commit_id, through=through)
                wanted -= {link.input_dataset_id for link in links}
                if not wanted:
                    return

    def _below(self, version: Version) -> Iterator[_Step]:
        """To the newest version of each dataset that read any version of this one.

        On the way down those count that read what came from this version: itself, or a later one.
        """
        with self.database.read() as connection:
            links = records.links_down(connection, version[0], _MOST_LINKS)
            if version != next(iter(self._nodes)):
                commit = self._nodes[version].commit
                assert commit is not None, "only versions that are there are gone on from"
                read = records.commits_of(connection, version[0], sorted({link.input_commit_id for link in links}))
                later = {each.id for each in read if each.seq >= commit.seq}
                links = [link for link in links if link.input_commit_id in later]
        for link in links:
            target = (link.dataset_id, link.commit_id)
            yield _Step(source=version, target=target, read=link.input_commit_id, through=link.commit_id)

    # ------------------------------------------------------------------------------------------------------ results

    def _edges(self, said: Mapping[CommitId, Provenance]) -> Iterator[LineageEdge]:
        places = {version: place for place, version in enumerate(self._nodes)}
        for step in self._steps:
            source, target = self._nodes[step.source], self._nodes[step.target]
            made_by, read = said.get(step.through), None
            if made_by is not None:
                read = next((i for i in made_by.inputs if (i.dataset, i.commit) == (step.source[0], step.read)), None)
            yield LineageEdge(
                source=places[step.source],
                target=places[step.target],
                read=None if source.state == "hidden" else step.read,
                through=None if target.state == "hidden" else step.through,
                tables=read.tables if read and source.state != "hidden" else (),
                made_by="" if made_by is None else str(made_by),
            )

    def _named(self, said: Mapping[CommitId, Provenance]) -> tuple[LineageNode, ...]:
        """The nodes; datasets that are gone by the names under which they were read."""
        names = {read.dataset: read.name for made_by in said.values() for read in made_by.inputs}
        return tuple(
            node.model_copy(update={"dataset": names.get(node.dataset_id or "", "")})
            if node.state == "gone" and not node.dataset
            else node
            for node in self._nodes.values()
        )

    def _said(self) -> Mapping[CommitId, Provenance]:
        """What made the commits that the reader may have."""
        there = {step.through for step in self._steps if self._nodes[step.target].state == "there"}
        return self.tell(sorted(there))
