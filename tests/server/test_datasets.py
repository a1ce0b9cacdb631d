"""Datasets over REST."""

from __future__ import annotations

from tests.server.conftest import Ask


async def test_a_dataset_lives_from_its_making_to_the_bin_and_back(ask: Ask) -> None:
    """Create, get by id and name, change, delete, list the bin, restore under another name."""
    made = await ask("post", "/datasets", {"name": "trips", "description": "All", "labels": ["b", "a"]})
    assert (made.status, made.json["name"], made.json["labels"]) == (201, "trips", ["a", "b"])
    assert (await ask("get", f"/datasets/{made.json['id']}")).json == made.json
    assert (await ask("get", "/datasets/TRIPS")).json == made.json
    changed = await ask("put", "/datasets/trips", {"name": "journeys"})
    assert (changed.json["name"], changed.json["description"]) == ("journeys", "All")
    assert (await ask("delete", "/datasets/journeys")).json["deleted"] is not None
    assert (await ask("get", "/datasets")).json == {"items": [], "cursor": None}
    assert [d["name"] for d in (await ask("get", "/datasets", query={"bin": "true"})).json["items"]] == ["journeys"]
    assert (await ask("post", "/datasets/journeys/restore", {"name": "old"})).json["name"] == "old"


async def test_a_list_goes_on_by_cursor_or_from_an_offset(ask: Ask) -> None:
    """Each page says how to get the next one; the last one does not."""
    for name in "abc":
        await ask("post", "/datasets", {"name": name})
    first = (await ask("get", "/datasets", query={"limit": 2})).json
    rest = (await ask("get", "/datasets", query={"limit": 2, "cursor": first["cursor"]})).json
    by_offset = (await ask("get", "/datasets", query={"limit": 2, "offset": 2})).json
    assert [d["name"] for d in first["items"]] == ["a", "b"]
    assert rest == by_offset
    assert ([d["name"] for d in rest["items"]], rest["cursor"]) == (["c"], None)
