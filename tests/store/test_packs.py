"""Packs give back what was put in, or say that they are damaged."""

from __future__ import annotations

import pytest

from jupyter_datasets.errors import DamagedObjectError
from jupyter_datasets.store import packs
from jupyter_datasets.store.canonical import encode, hash_bytes
from jupyter_datasets.store.packs import Pack, Place

TEXTS = [encode({"n": 1}), encode({"long": "text " * 200}), encode({"noise": hash_bytes(b"x") * 3}), b""]
OBJECTS = {hash_bytes(text): text for text in TEXTS}
NOTE = {"dataset": "d", "name": "flights", "ref": "main", "from": "", "to": "c", "time": 1}


@pytest.fixture
def pack() -> Pack:
    return packs.build(OBJECTS, NOTE)


def _frame(data: bytes, place: Place) -> bytes:
    return data[place.offset : place.offset + place.length]


def test_round_trip(pack: Pack) -> None:
    """Every object comes back from its place; index and note are read from the end; the name is the file's hash."""
    assert {name: packs.unframe(name, _frame(pack.data, place)) for name, place in pack.places.items()} == OBJECTS
    assert packs.read_end(pack.data) == (pack.places, NOTE)
    assert pack.name == hash_bytes(pack.data)
    assert {place.pack for place in pack.places.values()} == {pack.name}


def test_equal_content_gives_an_equal_pack(pack: Pack) -> None:
    """The same objects with the same note are the same file; the note is part of its name."""
    assert packs.build(OBJECTS, NOTE) == pack
    assert packs.build(OBJECTS, {**NOTE, "time": 2}).name != pack.name


def test_long_texts_are_compressed(pack: Pack) -> None:
    """A text that repeats itself takes a fraction of its length, a short one five bytes more than its own."""
    lengths = [pack.places[hash_bytes(text)].length for text in TEXTS]
    assert lengths[0] == len(TEXTS[0]) + 5
    assert lengths[1] < len(TEXTS[1]) / 10


def test_an_empty_pack() -> None:
    """A pack without objects has an index and a note still."""
    assert packs.read_end(packs.build({}, NOTE).data) == ({}, NOTE)


@pytest.mark.parametrize("mask", [0x01, 0x80, 0xFF])
def test_no_altered_byte_gives_a_wrong_text(pack: Pack, mask: int) -> None:
    """Whichever byte changes, each object is read right or refused, and the pack no longer has its name."""
    for position in range(len(pack.data)):
        data = bytearray(pack.data)
        data[position] ^= mask
        assert hash_bytes(bytes(data)) != pack.name
        refused = 0
        for name, place in pack.places.items():
            try:
                assert packs.unframe(name, _frame(bytes(data), place)) == OBJECTS[name]
            except DamagedObjectError:
                refused += 1
        assert refused <= 1


@pytest.mark.parametrize("mask", [0x01, 0x80, 0xFF])
def test_no_altered_end_gives_a_wrong_text(pack: Pack, mask: int) -> None:
    """With an altered index or note the end is refused, or all that it leads to is checked again."""
    start = max(place.offset + place.length for place in pack.places.values())
    for position in range(start, len(pack.data)):
        data = bytearray(pack.data)
        data[position] ^= mask
        try:
            places, _ = packs.read_end(bytes(data))
        except DamagedObjectError:
            continue
        for name, place in places.items():
            assert place.pack != pack.name
            try:
                assert packs.unframe(name, _frame(bytes(data), place)) == OBJECTS[name]
            except DamagedObjectError:
                continue


def test_a_truncated_pack_is_refused(pack: Pack) -> None:
    """Cut off anywhere, the end cannot be read, and no object comes out wrong."""
    for size in range(len(pack.data)):
        with pytest.raises(DamagedObjectError):
            packs.read_end(pack.data[:size])
    for name, place in pack.places.items():
        with pytest.raises(DamagedObjectError, match=name[:12]):
            packs.unframe(name, _frame(pack.data[: place.offset + place.length - 1], place)[: place.length - 1])
