"""Commits tell what made them and what it read, over every transport; a dataset tells where it comes from."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest

from jupyter_datasets.client import provenance
from jupyter_datasets.client.dataset import Dataset
from jupyter_datasets.client.repository import Repository
from jupyter_datasets.services.versions.provenance import MOST_INPUTS, Claim, InputVersion, Provenance
from tests.client.conftest import append

CELL = Claim(kind="notebook", notebook="a.ipynb", cell="3f2a", code="0" * 64)


@pytest.fixture(autouse=True)
def _cell() -> Iterator[None]:
    """A cell that has just begun."""
    before = provenance.telling(lambda: CELL)
    provenance.READS.forget()
    yield
    provenance.telling(before)


@pytest.fixture
def target(repo: Repository) -> Dataset:
    return repo.create("target")


@pytest.fixture
def source(trips: Dataset) -> Dataset:
    """Two versions of one table."""
    append(trips, 1)
    append(trips, 2)
    return trips


def told(dataset: Dataset, ref: str | None = None) -> Provenance:
    found = dataset.provenance(ref)
    assert found is not None
    return found


def read(dataset: Dataset) -> list[tuple[str, str, tuple[str, ...]]]:
    """What the last commit of a dataset read."""
    return [(i.name, i.commit, i.tables) for i in told(dataset).inputs]


def put(dataset: Dataset, rows: Any) -> None:
    with dataset.edit() as edit:
        edit["t"].append(rows)


def next_cell() -> None:
    provenance.READS.forget()


def test_a_commit_tells_what_made_it(target: Dataset) -> None:
    """Notebook, cell, code, Python and the packages that were loaded."""
    put(target, {"n": [1]})
    found = told(target)
    assert (found.kind, found.notebook, found.cell, found.code) == ("notebook", "a.ipynb", "3f2a", "0" * 64)
    assert found.packages["pyarrow"] == pa.__version__
    assert found.packages["pandas"] == pd.__version__
    assert found.inputs == ()
    assert repr(found).startswith("Made by a.ipynb, cell 3f2a\n")
    assert told(target, "#1") == found


def test_what_a_cell_read_are_inputs_of_its_commit(source: Dataset, target: Dataset) -> None:
    """Tables in whatever way they are read; a new cell begins anew."""
    head, first = source["main"], source["#1"]
    head["trips"].to_pandas()
    first["trips"].scan().read_all()
    put(target, {"n": [1]})
    assert read(target) == [("trips", head.commit.id, ("trips",)), ("trips", first.commit.id, ("trips",))]
    next_cell()
    put(target, {"n": [1]})
    assert read(target) == []


def test_looking_at_a_table_is_no_reading(source: Dataset, target: Dataset) -> None:
    """What only shows itself did not go into anything."""
    repr(source["main"]["trips"])
    source["main"]["trips"]._repr_html_()
    put(target, {"n": [1]})
    assert read(target) == []


def test_what_a_query_read_are_inputs(repo: Repository, source: Dataset, target: Dataset) -> None:
    """Each version and table that the statement names, the default table by its name."""
    repo.sql("SELECT * FROM trips JOIN trips.trips o AT (VERSION => '#1') USING (n)")
    put(target, {"n": [1]})
    assert {commit for _, commit, _ in read(target)} == {source["main"].commit.id, source["#1"].commit.id}
    assert {tables for *_, tables in read(target)} == {("trips",)}


@pytest.mark.parametrize("form", ["result", "arrow", "pandas", "table", "query over a frame"])
def test_what_rows_know_counts_although_an_earlier_cell_read_them(
    repo: Repository, source: Dataset, target: Dataset, form: str
) -> None:
    """Results, tables and DataFrames bring their versions along."""
    table, result = source["main"]["trips"], repo.sql("SELECT n FROM trips")
    frame = table.to_pandas().assign(inputs=1)
    next_cell()
    match form:
        case "result":
            put(target, result)
        case "pandas":
            put(target, frame[frame.n > 0])
            assert list(target.table("t").columns) == ["n", "inputs"]
        case "arrow":
            put(target, result.to_arrow().slice(1))
        case "table":
            put(target, table)
        case _:
            put(target, repo.sql("SELECT n + 1 AS n FROM frame", tables={"frame": frame}))
    assert [(name, commit) for name, commit, _ in read(target)] == [("trips", source["main"].commit.id)]


def test_statements_that_change_tell_what_they_read(repo: Repository, source: Dataset, target: Dataset) -> None:
    """The tables of other datasets, and not the one that they change."""
    put(target, {"n": [1]})
    repo.execute("INSERT INTO target SELECT n FROM trips WHERE n NOT IN (SELECT n FROM target)")
    assert read(target) == [("trips", source["main"].commit.id, ("trips",))]
    repo.execute("UPDATE target SET n = n + 1")
    assert target.lineage().inputs[0].dataset == "trips"


def test_a_loop_of_commits_does_not_pile_up_its_own_versions(target: Dataset) -> None:
    """What was read of a dataset is told by its next commit, and not again by those after it."""
    put(target, {"n": [0]})
    for _ in range(3):
        put(target, target["main"]["t"].to_arrow().slice(0, 1))
        assert len(read(target)) == 1


def test_no_more_is_told_than_may_be(source: Dataset, target: Dataset) -> None:
    """Of very many versions the last ones that were read."""
    provenance.READS.add(InputVersion(dataset=f"d{n}", commit=f"{n:064x}") for n in range(MOST_INPUTS))
    source["main"]["trips"].to_arrow()
    put(target, {"n": [1]})
    assert len(read(target)) == 1


@pytest.mark.parametrize("attributes", [{"versions": 3}, {"versions": {"trips": "no commit"}}, {"versions": {3: 4}}, 7])
def test_attributes_of_others_are_no_obstacle(target: Dataset, attributes: Any) -> None:
    """A frame may say anything of itself."""
    frame = pd.DataFrame({"n": [1]})
    frame.attrs["jupyter_datasets"] = attributes
    put(target, frame)
    assert read(target) == []


def test_what_cannot_tell_does_not_keep_a_commit_from_being_made(target: Dataset) -> None:
    """It is told less."""

    def broken() -> Claim:
        raise RuntimeError

    provenance.telling(broken)
    put(target, {"n": [1]})
    assert told(target).kind == "console"


def test_an_import_tells_its_file(target: Dataset, tmp_path: Path) -> None:
    """Name, size, time and options, the hash where the file was kept; and which cell asked for it."""
    file = tmp_path / "data.csv"
    file.write_text("n;m\n1;2\n")
    target.import_file(file, delimiter=";", keep_original=True).result()
    found = told(target)
    assert found.file is not None
    assert (found.kind, found.cell, found.file.name, found.file.bytes) == ("import", "3f2a", "data.csv", 8)
    assert found.file.sha256 == hashlib.sha256(file.read_bytes()).hexdigest()
    assert found.file.options["delimiter"] == ";"
    assert str(found) == "import data.csv, a.ipynb, cell 3f2a"


def test_a_lineage_shows_itself_as_a_tree(repo: Repository, source: Dataset, target: Dataset) -> None:
    """Up and down, as text and, escaped, as HTML."""
    put(target, source["main"]["trips"])
    next_cell()
    last = repo.create("last")
    put(last, target["main"]["t"])
    assert [line.partition("@")[0] for line in repr(target.lineage()).splitlines()] == [
        "target",
        "made from:",
        "└─ trips",
        "used by:",
        "└─ last",
    ]
    assert repr(last.lineage(direction="up")).splitlines()[3].startswith("   └─ trips@")
    assert [node.dataset for node in target.lineage().inputs] == ["trips"]
    assert [node.dataset for node in target.lineage().outputs] == ["last"]
    assert "used by: nothing that was recorded" in repr(last.lineage())
    assert target.lineage(depth=1, direction="down")._repr_html_().count("<li>") == 1


def test_hostile_texts_are_shown_as_text(source: Dataset, target: Dataset) -> None:
    """Names of notebooks are whatever people call them."""
    provenance.telling(lambda: CELL.model_copy(update={"notebook": "<script>x</script>.ipynb"}))
    put(target, source["main"]["trips"])
    assert "<script>" not in target.lineage()._repr_html_()
    assert "<script>" in repr(target.lineage())


def test_a_script_tells_its_path_and_code(store: Path, tmp_path: Path) -> None:
    """Its path below the working folder, and all that it read since it began."""
    script = tmp_path / "jobs" / "load.py"
    script.parent.mkdir()
    script.write_text(
        f"import jupyter_datasets as jd\nrepo = jd.connect({str(store)!r})\n"
        "a, b, c = (repo.create(name) for name in 'abc')\n"
        "for ds in (a, b, c):\n"
        "    with ds.edit() as edit: edit['t'].append({'n': [1]})\n"
        "    ds['main']['t'].to_arrow()\n"
        "for ref in ('main', 'main'):\n"
        "    found = c.provenance(ref)\n"
        "print(found.kind, found.script, found.code, *[i.name for i in found.inputs], sep='|')\n"
        "repo.close()\n"
    )
    ran = subprocess.run([sys.executable, "jobs/load.py"], cwd=tmp_path, capture_output=True, text=True, check=True)
    code = hashlib.sha256(script.read_bytes()).hexdigest()
    assert ran.stdout.strip() == f"script|jobs/load.py|{code}|a|b"


def test_a_console_is_told_as_one(store: Path) -> None:
    """There is no path and no code to tell."""
    told = (
        f"import jupyter_datasets as jd\nrepo = jd.connect({str(store)!r})\nds = repo.create('a')\n"
        "with ds.edit() as edit: edit['t'].append({'n': [1]})\n"
        "print(ds.provenance().kind, ds.provenance().code)\nrepo.close()"
    )
    ran = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "console None"
