"""Merges in progress over REST: begun by a merge with conflicts, answered, then committed or aborted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import jupyter_datasets as jd
from tests.server.conftest import Ask, Do

MERGES = "/datasets/people/merges"


@pytest.fixture
def begun(store: Path, ask: Ask, do: Do) -> dict[str, Any]:
    """What the route answers that begins a merge: two cells of ``people`` are in conflict."""
    with jd.connect(store) as repo:
        people = repo.create("people")
        with people.edit() as edit:
            edit["people"].replace({"id": [1, 2, 3], "x": [0, 0, 0]}, key="id")
        people.branch("fix")
        for branch, value in (("fix", 1), ("main", 2)):
            with people.edit(branch) as edit:
                edit.sql(f"UPDATE people SET x = {value} WHERE id < 3")
    outcome: dict[str, Any] = do(ask("post", MERGES, {"source": "fix"})).json
    return outcome


async def test_conflicts_are_kept_answered_and_committed(ask: Ask, begun: dict[str, Any]) -> None:
    """Answers are added and taken back; a commit that leaves conflicts names them, and the last one ends the merge."""
    assert (begun["commit"], begun["count"], begun["merge"]["source"]) == (None, 2, "fix")
    path = f"{MERGES}/{begun['merge']['id']}"
    assert (await ask("get", MERGES)).json["items"] == [begun["merge"]]
    answers = {"resolutions": [{"take": "ours", "key": ["1"]}, {"take": "theirs", "table": "people"}]}
    assert len((await ask("post", f"{path}/resolutions", answers)).json["resolutions"]) == 2
    assert (await ask("get", path)).json["count"] == 0
    left = await ask("delete", f"{path}/resolutions", query={"last": 1})
    assert [answer["key"] for answer in left.json["resolutions"]] == [["1"]]
    assert (await ask("post", f"{path}/commit")).json["conflicts"][0]["key"] == {"id": "2"}
    assert (await ask("delete", f"{path}/resolutions")).json["resolutions"] == []
    await ask("post", f"{path}/resolutions", {"resolutions": [{"take": "sum"}]})
    assert (await ask("post", f"{path}/commit")).json["commit"]["message"] == "Merge fix into main"
    gone = await ask("get", path)
    assert (gone.status, gone.error["kind"]) == (404, "merge-not-found")
    cells = (await ask("get", "/datasets/people/tables/people/data")).json["cells"]
    assert [int(row[1]) for row in cells] == [3, 3, 0]


async def test_conflicts_are_paged(ask: Ask, begun: dict[str, Any]) -> None:
    """From an offset on."""
    path = f"{MERGES}/{begun['merge']['id']}"
    found = (await ask("get", path, query={"offset": 1})).json
    assert (found["count"], [c["key"]["id"] for c in found["conflicts"]]) == (2, ["2"])
    assert found["head"] == found["merge"]["ours"]
    assert (await ask("get", path, query={"offset": -1})).status == 400


async def test_a_branch_that_moved_is_a_conflict_until_it_is_refreshed(ask: Ask, begun: dict[str, Any]) -> None:
    """409 with both commits."""
    path = f"{MERGES}/{begun['merge']['id']}"
    await ask("post", f"{path}/resolutions", {"resolutions": [{"take": "ours"}]})
    await ask("post", "/datasets/people/undo", {"ref": "main"})
    refused = await ask("post", f"{path}/commit")
    details = refused.error["details"]
    assert (refused.status, refused.error["kind"], details["expected"]) == (409, "ref-moved", begun["merge"]["ours"])
    assert (await ask("post", f"{path}/refresh")).json["ours"] == details["actual"]
    assert (await ask("post", f"{path}/commit")).json["commit"] is not None
    assert (await ask("get", MERGES)).json["items"] == []


async def test_an_aborted_merge_leaves_nothing(ask: Ask, begun: dict[str, Any]) -> None:
    """It is not listed, and cannot be aborted twice."""
    path = f"{MERGES}/{begun['merge']['id']}"
    assert (await ask("delete", path)).status == 204
    assert (await ask("get", MERGES)).json["items"] == []
    assert (await ask("delete", path)).status == 404
