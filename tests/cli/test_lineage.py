"""The command ``lineage``."""

from __future__ import annotations

import pytest

from tests.cli.conftest import Run

pytestmark = pytest.mark.usefixtures("sales")


@pytest.fixture
def copy(run: Run, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A dataset whose first commit is an import, and whose second one read ``sales``."""
    file = tmp_path_factory.mktemp("files") / "copy.csv"
    file.write_text("id,name,price\n1000,other,1.5\n")
    assert run("import", file, "copy", "--create").code == 0
    assert run("sql", "INSERT INTO copy SELECT * FROM sales AT (VERSION => 'v1') WHERE id < 3").code == 0
    return "copy"


def test_a_lineage_is_shown_up_and_down(run: Run, copy: str) -> None:
    """With what made the version; one way alone where that is asked for."""
    lines = run("lineage", copy).out.splitlines()
    assert lines[1:3] == ["made by command", "made from:"]
    assert lines[3].startswith("└─ sales@")
    assert "(sales), read by command in " in lines[3]
    assert lines[4] == "used by: nothing that was recorded"
    assert "made from" not in run("lineage", copy, "--down").out
    assert "copy@" in run("lineage", "sales", "--down").out
    assert "made by import copy.csv" in run("lineage", copy, "--at", "#1").out


def test_a_lineage_as_json(run: Run, copy: str) -> None:
    """Provenance, nodes and edges."""
    found = run("lineage", copy, "--up", "--json").data
    assert found["provenance"]["kind"] == "command"
    assert [node["dataset"] for node in found["nodes"]] == ["copy", "sales"]
    assert [(edge["source"], edge["target"], edge["tables"]) for edge in found["edges"]] == [(1, 0, ["sales"])]


def test_what_has_no_lineage_says_so(run: Run) -> None:
    """A dataset without commits; a version that there is not; too many steps."""
    run("create", "empty")
    assert "No commits yet" in run("lineage", "empty").out
    assert run("lineage", "empty", "--json").data["nodes"] == []
    assert run("lineage", "sales", "--at", "v9").code == 3
    assert run("lineage", "sales", "--depth", "21").code == 1
    assert run("lineage", "sales", "--up", "--down").code == 2
