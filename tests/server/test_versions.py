"""Versions over REST."""

from __future__ import annotations

import pytest

from tests.server.conftest import Ask

pytestmark = pytest.mark.usefixtures("trips")


async def test_the_log_and_the_graph_show_the_history(ask: Ask) -> None:
    """Newest first, with branches and tags, by cursor and offset; a commit is got by any reference."""
    log = (await ask("get", "/datasets/trips/commits")).json
    assert [c["message"] for c in log["items"]] == ["second", "first"]
    assert [c["refs"] for c in log["items"]] == [["main"], ["v1"]]
    first = (await ask("get", "/datasets/trips/commits", query={"offset": 1})).json["items"]
    assert first == log["items"][1:]
    for ref in (first[0]["id"], first[0]["id"][:8], "v1", "main~1", "%231", "tag:v1"):
        assert (await ask("get", f"/datasets/trips/commits/{ref}")).json["id"] == first[0]["id"]
    page = (await ask("get", "/datasets/trips/graph", query={"limit": 1})).json
    rest = (await ask("get", "/datasets/trips/graph", query={"cursor": page["cursor"]})).json
    assert [c["id"] for c in page["items"] + rest["items"]] == [c["id"] for c in log["items"]]


async def test_references_are_made_deleted_and_brought_back(ask: Ask) -> None:
    """Names may hold slashes; undo brings a deleted branch back, redo deletes it again."""
    made = await ask("post", "/datasets/trips/refs", {"name": "fix/delays", "kind": "branch", "at": "v1"})
    assert (made.status, made.json["name"]) == (201, "fix/delays")
    again = await ask("post", "/datasets/trips/refs", {"name": "fix/delays", "kind": "tag", "at": "v1"})
    assert (again.status, again.error["kind"]) == (409, "ref-exists")
    for name in ("fix/delays", "fix%2Fdelays"):
        assert (await ask("delete", f"/datasets/trips/refs/{name}")).status == 200
        undone = await ask("post", "/datasets/trips/undo", {"ref": "fix/delays"})
        assert undone.json == made.json
    assert (await ask("post", "/datasets/trips/redo", {"ref": "fix/delays"})).json["commit"] is None
    assert [r["name"] for r in (await ask("get", "/datasets/trips/refs")).json["items"]] == ["main", "v1"]


async def test_references_of_several_datasets_are_resolved_together(ask: Ask) -> None:
    """A snapshot answers in the order asked."""
    dataset = (await ask("get", "/datasets/trips")).json["id"]
    found = await ask("post", "/snapshot", {"of": [{"dataset": dataset, "ref": r} for r in ("v1", "main")]})
    checked = [(await ask("post", "/datasets/trips/checkout", {"ref": ref})).json["id"] for ref in ("v1", "main")]
    assert found.json["commits"] == checked


async def test_a_version_shows_its_tables_and_files(ask: Ask) -> None:
    """Version and schema name tables with columns; what is not there is 404 with the nearest names."""
    version = (await ask("get", "/datasets/trips/version", query={"ref": "v1"})).json
    schema = (await ask("get", "/datasets/trips/schema", query={"ref": "v1"})).json
    assert {t["name"]: t["rows"] for t in version["tables"]} == {"odd": 3, "trips": 1000}
    assert schema["tables"] == version["tables"]
    missing = await ask("get", "/datasets/trips/version", query={"ref": "v2"})
    assert (missing.status, missing.error["kind"]) == (404, "ref-not-found")
    assert "v1" in missing.error["next_step"]


async def test_a_diff_says_what_changed_and_where_to_look(ask: Ask) -> None:
    """Tables that differ, and the segments in which they do."""
    query = {"old": "v1", "new": "main"}
    diff = (await ask("get", "/datasets/trips/diff", query=query)).json
    assert [(t["kind"], t["new_name"], t["old_rows"], t["new_rows"]) for t in diff["tables"]] == [
        ("changed", "trips", 1000, 1001)
    ]
    assert [t["same_rows"] for t in diff["tables"]] == [False]
    plan = (await ask("get", "/datasets/trips/diff/trips/scan", query=query)).json
    assert plan["new"]["rows"] - plan["old"]["rows"] == 1


async def test_an_overview_shows_a_dataset_at_a_glance(ask: Ask) -> None:
    """Dataset, references and content in one answer, with no content while the branch is unborn."""
    found = (await ask("get", "/datasets/trips/overview")).json
    assert found["dataset"] == (await ask("get", "/datasets/trips")).json
    assert found["refs"] == (await ask("get", "/datasets/trips/refs")).json["items"]
    assert found["version"] == (await ask("get", "/datasets/trips/version")).json
    await ask("post", "/datasets", {"name": "empty"})
    assert (await ask("get", "/datasets/empty/overview")).json["version"] is None
    assert found["counts"] == {"commits": 2, "branches": 1, "tags": 1, "tables": 2, "files": 1}
    assert [c["refs"] for c in found["heads"]] == [["main"], ["v1"]]
    assert found["changes"][0]["action"] == "commit"
    older = (await ask("get", "/datasets/trips/overview", query={"ref": "v1"})).json
    assert older["version"]["commit"]["refs"] == ["v1"]


async def test_a_reference_is_renamed_or_protected_one_thing_at_a_time(ask: Ask) -> None:
    """PUT renames or protects; a protected branch refuses what would move it, and says what to do."""
    await ask("post", "/datasets/trips/refs", {"name": "fix", "kind": "branch", "at": "v1"})
    renamed = await ask("put", "/datasets/trips/refs/fix", {"name": "mend/it"})
    assert (renamed.status, renamed.json["name"], renamed.json["formerly"]) == (200, "mend/it", "fix")
    taken = await ask("put", "/datasets/trips/refs/mend%2Fit", {"name": "v1"})
    assert (taken.status, taken.error["kind"]) == (409, "ref-exists")
    protected = await ask("put", "/datasets/trips/refs/mend/it", {"protected": True})
    assert protected.json["protected"] is True
    assert (await ask("get", "/datasets/trips/refs")).json["items"][1] == protected.json
    for verb, path, body in (
        ("post", "/datasets/trips/undo", {"ref": "mend/it"}),
        ("post", "/datasets/trips/edits", {"ref": "mend/it"}),
        ("put", "/datasets/trips/refs/mend/it", {"name": "fix"}),
        ("delete", "/datasets/trips/refs/mend/it", None),
    ):
        refused = await ask(verb, path, body)
        assert (refused.status, refused.error["kind"]) == (400, "branch-protected"), path
        assert "unprotect" in refused.error["next_step"]
    lifted = await ask("put", "/datasets/trips/refs/mend/it", {"protected": False})
    assert lifted.json["protected"] is False
    assert (await ask("post", "/datasets/trips/undo", {"ref": "mend/it"})).json["name"] == "fix"
    for body in ({}, {"name": "x", "protected": True}, {"name": None}, {"protected": "yes"}):
        wrong = await ask("put", "/datasets/trips/refs/fix", body)
        assert (wrong.status, wrong.error["kind"]) == (400, "invalid-argument"), body


async def test_a_log_is_narrowed_by_parameters(ask: Ask) -> None:
    """Table, file, author and times, with pages as always; what is no time is refused."""

    async def messages(**query: object) -> list[str]:
        found = (await ask("get", "/datasets/trips/commits", query=query)).json["items"]
        return [commit["message"] for commit in found]

    assert await messages(table="trips") == ["second", "first"]
    assert await messages(table="odd") == await messages(path="notes.txt") == ["first"]
    assert await messages(author="nobody") == await messages(until="2020-01-01") == []
    assert await messages(since="2020-01-01T00:00:00+01:00", table="TRIPS", offset=1) == ["first"]
    page = (await ask("get", "/datasets/trips/commits", query={"table": "trips", "limit": 1})).json
    assert await messages(table="trips", cursor=page["cursor"]) == ["first"]
    wrong = await ask("get", "/datasets/trips/commits", query={"since": "yesterday"})
    assert (wrong.status, wrong.error["kind"]) == (400, "invalid-argument")
