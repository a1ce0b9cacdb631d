"""Provenance and lineage over REST."""

from __future__ import annotations

from typing import Any

import pytest

from tests.server.conftest import Ask

pytestmark = pytest.mark.usefixtures("trips")
CLAIM: dict[str, Any] = {"kind": "notebook", "notebook": "a.ipynb", "cell": "c1", "packages": {"a": "1"}}


async def commit(ask: Ask, claim: dict[str, Any] | None) -> Any:
    """The answer to a commit that drops a table."""
    edit = (await ask("post", "/datasets/trips/edits", {})).json["id"]
    assert (await ask("delete", f"/datasets/trips/edits/{edit}/tables/trips")).status == 204
    return await ask("post", f"/datasets/trips/edits/{edit}/commit", {"claim": claim})


async def test_a_commit_tells_what_the_client_claimed(ask: Ask) -> None:
    """With inputs as the store knows them; of the others nothing is told."""
    source = (await ask("post", "/datasets", {"name": "source"})).json
    first = (await ask("get", "/datasets/trips/commits/main")).json["id"]
    inputs = [{"dataset": "trips", "commit": first}, {"dataset": source["id"], "commit": first}]
    assert (await commit(ask, CLAIM | {"inputs": inputs})).status == 200
    found = (await ask("get", "/datasets/trips/provenance")).json["provenance"]
    assert (found["kind"], found["cell"], found["packages"]) == ("notebook", "c1", {"a": "1"})
    assert [(read["name"], read["commit"]) for read in found["inputs"]] == [("trips", first)]


async def test_of_a_commit_without_a_claim_nothing_is_told(ask: Ask) -> None:
    """As of those that other programs make."""
    assert (await commit(ask, None)).status == 200
    assert (await ask("get", "/datasets/trips/provenance")).json == {"provenance": None}


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "merge"},
        {"kind": "script", "host": "x"},
        {"kind": "script", "script": "x" * 501},
        {"kind": "script", "script": "a\u0000"},
        {"kind": "script", "inputs": [{"dataset": "a", "commit": "zz"}]},
        {"kind": "script", "packages": {str(n): "1" for n in range(300)}},
    ],
)
async def test_a_claim_that_is_no_such_thing_is_refused(ask: Ask, wrong: dict[str, Any]) -> None:
    """Naming what is wrong with it."""
    answer = await commit(ask, wrong)
    assert (answer.status, answer.error["kind"]) == (400, "invalid-argument")


async def test_a_lineage_has_a_start_and_bounds(ask: Ask) -> None:
    """A dataset without inputs is alone in it; wrong questions are refused."""
    found = (await ask("get", "/datasets/trips/lineage", query={"ref": "v1", "direction": "up"})).json
    assert (len(found["nodes"]), found["edges"], found["cut"]) == (1, [], False)
    assert found["nodes"][0]["dataset"] == "trips"
    for wrong in ({"depth": 0}, {"depth": 21}, {"direction": "sideways"}, {"ref": "no-such"}):
        assert (await ask("get", "/datasets/trips/lineage", query=wrong)).status in (400, 404), wrong
