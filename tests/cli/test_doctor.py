"""``jupyter datasets doctor`` finds what is wrong with a store, names it, and says what to do."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from jupyter_datasets.client.connect import connect
from jupyter_datasets.services.health.environment import MINIMA
from jupyter_datasets.store.backends import LocalBackend, stamp
from tests.cli.conftest import Run


def failures(report: dict[str, Any]) -> list[dict[str, Any]]:
    """The checks of a report that failed."""
    return [check for check in report["checks"] if check["status"] == "fail"]


def segment(store: Path) -> Path:
    """A segment of the table ``sales`` at ``fix`` that no other version has."""
    with connect(store) as repo:
        dataset = repo["sales"]
        old, new = (dataset[ref]["sales"].info.root for ref in ("v1", "fix"))
        assert old != new
        plan = dataset._transport.plan(dataset.id, "fix", "sales")
        return Path(plan.segments[0].path)


@pytest.mark.parametrize("arguments", [[], ["--rehash"], ["--rehash", "sales"]])
@pytest.mark.usefixtures("sales")
def test_a_sound_store_is_clean(run: Run, arguments: list[str]) -> None:
    """Nothing fails and nothing is warned of, however closely one looks."""
    shown = run("doctor", *arguments, "--json")
    assert shown.code == 0
    assert {check["status"] for check in shown.data["checks"] if check["name"] != "space"} == {"ok"}
    assert {"programs", "store", "holder", "staging", "space", "catalog", "packs", "dataset sales"} <= {
        check["name"] for check in shown.data["checks"]
    }


def test_a_missing_segment_is_named_with_the_versions_that_need_it(run: Run, sales: Path) -> None:
    """The check fails with the path, and lists branch and tag that cannot be read."""
    gone = segment(sales)
    gone.unlink()
    shown = run("doctor", "--json")
    (failed,) = failures(shown.data)
    assert (shown.code, failed["name"], failed["details"]["versions"]) == (1, "dataset sales", ["fix"])
    assert str(gone) in failed["message"]
    assert "Restore" in failed["next_step"]
    assert run("doctor").out.count("\nfail  ") == 1


def test_damage_that_hides_behind_the_time_stamp_is_found_by_rehash(run: Run, sales: Path) -> None:
    """A flipped byte with the right time is seen only by reading the file again."""
    damaged = segment(sales)
    damaged.chmod(0o644)
    content = bytearray(damaged.read_bytes())
    content[len(content) // 2] ^= 1
    damaged.write_bytes(content)
    stamp(damaged, damaged.parent.name + damaged.name)
    assert run("doctor").code == 0
    for asked in ("sales", "all"):
        (failed,) = failures(run("doctor", "--rehash", asked, "--json").data)
        assert failed["details"]["versions"] == ["#2"]


def test_a_missing_pack_is_named(run: Run, sales: Path) -> None:
    """What the index promises and the disk lacks fails, with the versions that it touches."""
    backend = LocalBackend(sales)
    for name in list(backend.names("packs")):
        backend.path("packs", name).unlink()
    failed = failures(run("doctor", "--json").data)
    assert {check["name"] for check in failed} == {"packs", "dataset sales"}
    assert {version for check in failed for version in check["details"].get("versions", [])} == {"fix", "main", "v1"}


def test_a_damaged_pack_is_found_by_rehash(run: Run, sales: Path) -> None:
    """A pack whose end cannot be read fails when everything is read again."""
    backend = LocalBackend(sales)
    pack = backend.path("packs", next(iter(backend.names("packs"))))
    pack.chmod(0o644)
    pack.write_bytes(pack.read_bytes()[:-1] + b"?")
    assert "rehash packs" in {check["name"] for check in failures(run("doctor", "--rehash", "--json").data)}


def test_what_an_interrupted_write_left_is_no_fault(run: Run, sales: Path) -> None:
    """A pack that no version needs, and a staging folder of a dead process, are told and do no harm."""
    backend = LocalBackend(sales)
    backend.write("packs", "ab" * 32, b"half")  # type: ignore[arg-type]  # any hash will do
    backend.new_staging()
    shown = run("doctor")
    assert shown.code == 0
    assert "1 more, left by an interrupted write" in shown.out
    assert "1 left by a process that died" in shown.out
    assert backend.stagings() == []


def test_a_folder_without_a_store_fails_and_stays_as_it_is(run: Run, store: Path) -> None:
    """Doctor makes no store."""
    shown = run("doctor")
    assert shown.code == 1
    assert "There is no store" in shown.out
    assert not store.exists()


def test_a_store_of_a_newer_program_fails_with_what_it_needs(run: Run, sales: Path) -> None:
    """The format is a finding, not an error of the command."""
    file = sales / "format.json"
    file.write_text(re.sub(r'"format": \d+', '"format": 99', file.read_text()))
    shown = run("doctor")
    assert shown.code == 1
    assert "format 99" in shown.out
    assert "Install jupyter_datasets" in shown.out


def test_a_store_that_lost_its_format_file_fails_with_that(run: Run, sales: Path) -> None:
    """It is still a store."""
    (sales / "format.json").unlink()
    (failed,) = failures(run("doctor", "--json").data)
    assert (failed["name"], failed["details"]["object"]) == ("store", "format.json")


def test_a_catalog_that_cannot_be_opened_is_a_finding(run: Run, sales: Path) -> None:
    """What opening says is one of the lines."""
    (sales / "catalog.duckdb").write_bytes(b"no database" * 1000)
    (failed,) = failures(run("doctor", "--json").data)
    assert failed["name"] == "catalog"


@pytest.mark.usefixtures("sales")
def test_an_unknown_dataset_cannot_be_read_again(run: Run) -> None:
    """A mistyped name after --rehash is an error, not a clean report."""
    assert run("doctor", "--rehash", "slaes").code == 3


def test_python_users_can_ask_too(sales: Path) -> None:
    """``repo.doctor()`` gives the same report."""
    seen: list[tuple[int, int]] = []
    with connect(sales) as repo:
        report = repo.doctor("all", on_progress=lambda done, total: seen.append((done, total)))
    assert report.ok
    assert repr(report).startswith("ok    programs: ")
    assert seen[-1][0] == seen[-1][1] > 0


def test_the_least_versions_are_those_of_the_package() -> None:
    """Doctor demands what pyproject.toml demands."""
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]
    demanded = {re.split("[>=<!~]", text)[0]: text for text in project["dependencies"]}
    for name, least in MINIMA.items():
        found = re.search(r">=([\d.]+)", demanded[name])
        assert found
        assert tuple(map(int, found[1].split("."))) == least
