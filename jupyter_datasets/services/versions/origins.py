"""What a commit is told to be made from, as far as it can be checked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from jupyter_datasets.services.versions import records
from jupyter_datasets.services.versions.models import Commit
from jupyter_datasets.services.versions.open_store import OpenStore
from jupyter_datasets.services.versions.provenance import MOST_TABLES, InputVersion, Provenance
from jupyter_datasets.services.versions.records import Link
from jupyter_datasets.store.canonical import hash_bytes
from jupyter_datasets.values import Actor, CommitId, DatasetId, ObjectHash


@dataclass(frozen=True, kw_only=True, slots=True)
class Told:
    """A commit's provenance as it is stored; nothing where nobody told any.

    Attributes
    ----------
    name
        Of the object.
    texts
        It and its text.
    """

    name: ObjectHash | None = None
    texts: Mapping[ObjectHash, bytes] = field(default_factory=dict)
    inputs: tuple[InputVersion, ...] = ()

    @classmethod
    def of(cls, provenance: Provenance | None) -> Told:
        """What a provenance comes to that was checked."""
        if provenance is None:
            return NOTHING
        text = provenance.encode()
        name = hash_bytes(text)
        return cls(name=name, texts={name: text}, inputs=provenance.inputs)

    def links(self, dataset_id: DatasetId, commit: Commit) -> set[Link]:
        """The versions of other datasets from which this makes a commit."""
        return {
            Link(dataset_id, commit.id, commit.seq, DatasetId(read.dataset), CommitId(read.commit))
            for read in self.inputs
            if read.dataset != dataset_id
        }


NOTHING = Told()


def checked(store: OpenStore, actor: Actor, provenance: Provenance | None) -> Told:
    """A claim as it can stand: inputs by id and name, without versions that the actor cannot have read."""
    if provenance is None or not provenance.inputs:
        return Told.of(provenance)
    named = list(_named(store, actor, provenance.inputs))
    with store.database.read() as connection:
        there = records.owned(connection, {CommitId(read.commit) for read in named})
    inputs = _merged(read for read in named if (read.dataset, read.commit) in there)
    return Told.of(provenance.model_copy(update={"inputs": inputs}))


def _merged(inputs: Iterable[InputVersion]) -> tuple[InputVersion, ...]:
    """Each version once: it may have been told of by id and by name."""
    found: dict[tuple[str, str], InputVersion] = {}
    for read in inputs:
        known = found.get((read.dataset, read.commit), read)
        tables = tuple(dict.fromkeys((*known.tables, *read.tables)))[:MOST_TABLES]
        found[read.dataset, read.commit] = read.model_copy(update={"tables": tables})
    return tuple(found.values())


def _named(store: OpenStore, actor: Actor, inputs: tuple[InputVersion, ...]) -> Iterator[InputVersion]:
    found = store.datasets.readable(actor, [read.dataset for read in inputs])
    for read in inputs:
        if (dataset := found.get(read.dataset)) is not None:
            yield read.model_copy(update={"dataset": dataset.id, "name": dataset.name})
