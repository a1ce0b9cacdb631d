"""Small objects are found by the index, read from packs, checked, and kept in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from jupyter_datasets.errors import DamagedObjectError, ErrorKind
from jupyter_datasets.store import packs
from jupyter_datasets.store.backends import LocalBackend
from jupyter_datasets.store.canonical import encode, hash_bytes
from jupyter_datasets.store.commits import AttachedFile, CommitObject, Content
from jupyter_datasets.store.objects import Objects
from jupyter_datasets.store.packs import Place
from jupyter_datasets.store.roots import TableRoot
from jupyter_datasets.store.schemas import Column, Schema
from jupyter_datasets.store.trees import Item, Tree
from jupyter_datasets.values import CommitId, Micros, ObjectHash

HASH = ObjectHash("ab" * 32)
COMMIT = CommitObject(
    content=Content(
        tables={"flights": HASH}, files={"model.pkl": AttachedFile(hash=HASH, bytes=7, media_type="application/x")}
    ),
    parents=(CommitId("cd" * 32),),
    author="Jo",
    time=Micros(1_767_225_600_000_000),
    message="Add flights",
)
ROOT = TableRoot(
    schema=Schema.create([Column(name="id", type="BIGINT"), Column(name="tags", type="VARCHAR[]")]),
    cut=(1,),
    key=(1,),
    k=4,
    writer="duckdb-2.0.0/1",
    tree=Tree(1, (Item(HASH, 3, 900),)),
)
TEXTS = {hash_bytes(text): text for text in [COMMIT.encode(), ROOT.encode(), *(encode({"n": n}) for n in range(2100))]}
NAMES = list(TEXTS)


class World:
    """One pack, an index that can forget, and a count of what was looked up."""

    def __init__(self, folder: Path) -> None:
        self.backend = LocalBackend(folder)
        self.pack = packs.build(TEXTS, {})
        self.backend.write("packs", self.pack.name, self.pack.data)
        self.places = dict(self.pack.places)
        self.asked: list[ObjectHash] = []
        self.objects = Objects(self.backend, self.locate)

    def locate(self, names: Sequence[ObjectHash]) -> Mapping[ObjectHash, Place]:
        self.asked += names
        return {name: self.places[name] for name in names if name in self.places}

    @property
    def file(self) -> Path:
        return self.backend.path("packs", self.pack.name)


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def test_commits_and_roots_come_back(world: World) -> None:
    """What was written as text is read as the same value."""
    assert world.objects.commit(CommitId(NAMES[0])) == COMMIT
    assert world.objects.root(NAMES[1]) == ROOT
    assert ROOT.rows == 3


def test_the_texts_are_the_format() -> None:
    """Stored commits and roots must be readable for ever, so their texts are these."""
    assert COMMIT.encode().decode() == (
        '{"author":"Jo","files":{"model.pkl":["' + HASH + '",7,"application/x"]},"format":1,"kind":"commit",'
        '"message":"Add flights","parents":["' + "cd" * 32 + '"],"tables":{"flights":"' + HASH + '"},'
        '"time":1767225600000000}'
    )
    assert ROOT.encode().decode() == (
        '{"chunker":"duckdb-hash-1","cut":[1],"format":1,"k":4,"key":[1],"kind":"table","rows":3,"schema":{"fields":['
        '{"birth":"id","id":1,"name":"id","type":"BIGINT"},'
        '{"birth":"tags","id":2,"name":"tags","nested":[3],"type":"VARCHAR[]"}],"next_id":4},'
        '"tree":{"items":[["' + HASH + '",3,900]],"level":1},"writer":"duckdb-2.0.0/1"}'
    )


def test_each_object_is_looked_up_once(world: World) -> None:
    """A second load asks neither the index nor the disk, and one load asks for a name once."""
    found = world.objects.load([NAMES[2], NAMES[3], NAMES[2]])
    assert found == {NAMES[2]: {"n": 0}, NAMES[3]: {"n": 1}}
    world.file.unlink()
    assert world.objects.load([NAMES[3], NAMES[2]]) == found
    assert world.asked == [NAMES[2], NAMES[3]]


def test_what_was_just_written_is_not_read(world: World) -> None:
    """Remembered texts are there before any index knows them."""
    text = encode({"fresh": 1})
    world.objects.remember({hash_bytes(text): text})
    assert world.objects.load([hash_bytes(text)]) == {hash_bytes(text): {"fresh": 1}}
    assert world.asked == []


def test_memory_is_bounded(world: World) -> None:
    """A load of more objects than are kept gives them all; the oldest are looked up again afterwards."""
    assert len(world.objects.load(NAMES)) == len(NAMES) == 2102
    world.asked.clear()
    world.objects.load([NAMES[-1], NAMES[0]])
    assert world.asked == [NAMES[0]]


def test_objects_are_read_from_several_threads(world: World) -> None:
    """Everybody gets every object."""
    with ThreadPoolExecutor(4) as threads:
        loads = list(threads.map(lambda start: world.objects.load(NAMES[start:]), [0, 1, 2, 3]))
    assert [len(found) for found in loads] == [2102, 2101, 2100, 2099]


def test_an_object_that_the_index_lacks(world: World) -> None:
    """The error names the object and says who can tell more."""
    del world.places[NAMES[2]]
    with pytest.raises(DamagedObjectError, match=f"{NAMES[2][:12]} is not in the index") as caught:
        world.objects.load([NAMES[3], NAMES[2]])
    assert caught.value.kind is ErrorKind.OBJECT_MISSING
    assert caught.value.details == {"object": NAMES[2]}
    assert "fsck" in caught.value.next_step


def test_a_missing_pack(world: World) -> None:
    """The error names the pack and where it should lie."""
    world.file.unlink()
    with pytest.raises(DamagedObjectError, match="is missing") as caught:
        world.objects.load([NAMES[2]])
    assert caught.value.kind is ErrorKind.OBJECT_MISSING
    assert caught.value.details == {"object": world.pack.name, "path": str(world.file)}


def test_a_damaged_object_in_a_pack(world: World) -> None:
    """Another hash is an error that names the object; its neighbours can be read."""
    place = world.places[NAMES[2]]
    data = bytearray(world.file.read_bytes())
    data[place.offset + place.length - 1] ^= 1
    world.file.chmod(0o644)
    world.file.write_bytes(data)
    with pytest.raises(DamagedObjectError, match="damaged in its pack") as caught:
        world.objects.load([NAMES[2]])
    assert caught.value.details == {"object": NAMES[2]}
    assert world.objects.load([NAMES[3]]) == {NAMES[3]: {"n": 1}}


def test_a_truncated_pack(world: World) -> None:
    """An object behind the end of the file is damaged, not an error of the program."""
    world.file.chmod(0o644)
    world.file.write_bytes(b"JDPACK1\n")
    with pytest.raises(DamagedObjectError):
        world.objects.load([NAMES[2]])
