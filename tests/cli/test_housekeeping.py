"""``fsck``, ``gc``, ``backup`` and ``rebuild`` on the command line, and the same from Python."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from jupyter_datasets.client.connect import connect
from jupyter_datasets.store.backends import LocalBackend, stamp
from tests.cli.conftest import Run, prices


def damage(store: Path) -> str:
    """Flip a bit in a pack's note, which no version needs; the pack's name."""
    backend = LocalBackend(store)
    name = next(iter(backend.names("packs")))
    pack = backend.path("packs", name)
    pack.chmod(0o644)
    content = bytearray(pack.read_bytes())
    content[-30] ^= 1
    pack.write_bytes(content)
    stamp(pack, name)
    return name


@pytest.mark.parametrize("arguments", [[], ["sales"], ["--repair"]])
@pytest.mark.usefixtures("sales")
def test_fsck_of_a_sound_store_is_clean(run: Run, arguments: list[str]) -> None:
    """It exits with 0 and says what it looked at."""
    shown = run("fsck", *arguments, "--json")
    assert (shown.code, shown.data["ok"]) == (0, True)
    assert "versions walked: 2" in run("fsck", *arguments).out


def test_fsck_names_what_is_damaged(run: Run, sales: Path) -> None:
    """It exits with 1 as long as something that versions need is damaged."""
    backend = LocalBackend(sales)
    for name in list(backend.names("packs")):
        backend.path("packs", name).unlink()
    shown = run("fsck", "--json")
    assert shown.code == 1
    refs = {ref for c in shown.data["checks"] for v in c["details"].get("versions", []) for ref in v["refs"]}
    assert refs == {"fix", "main", "v1"}
    assert "fail  pack" in run("fsck").out


def test_fsck_repairs(run: Run, sales: Path) -> None:
    """A pack with a damaged note is replaced by one with the same objects."""
    bad = damage(sales)
    assert bad[:12] in run("fsck", "--repair").out
    assert run("fsck").out.count("\nwarn") == 0
    assert run("show", "sales").code == 0


@pytest.mark.usefixtures("sales")
def test_gc_shows_who_keeps_what(run: Run) -> None:
    """A dry run says it in words, and of every file as JSON."""
    assert "branch main of sales" in run("gc", "--dry-run").out
    shown = run("gc", "--dry-run", "--json").data
    assert (shown["dry_run"], shown["deleted"], shown["bytes"]) == (True, [], 0)
    assert set(shown["why"].values()) == {"branch main of sales", "branch fix of sales"}


def test_gc_frees_space_with_its_second_run(run: Run, sales: Path) -> None:
    """What an emptied bin leaves goes; the rest stays."""
    with connect(sales) as repo, repo.create("old").edit() as edit:
        edit["old"].append(prices(id1=77.0))
    run("delete", "old")
    assert "Removed from the bin: old" in run("gc", "--bin", "0", "--grace", "0").out
    shown = run("gc", "--grace", "0", "--json")
    assert {thing["kind"] for thing in shown.data["deleted"]} == {"packs", "objects"}
    assert shown.data["bytes"] > 0
    assert (run("fsck").code, run("show", "sales").code) == (0, 0)


@pytest.mark.parametrize("arguments", [["--grace", "-1"], ["--bin", "-1"], ["--grace", "nan"]])
@pytest.mark.usefixtures("sales")
def test_impossible_spans_are_refused(run: Run, arguments: list[str]) -> None:
    """With a message, and nothing done."""
    shown = run("gc", *arguments)
    assert shown.code in (1, 2)
    assert shown.err


def test_a_backup_is_made_and_restored(run: Run, sales: Path, tmp_path: Path) -> None:
    """A second run adds what is new; the restored store reads like the first one."""
    folder, target = tmp_path / "backup", tmp_path / "restored"
    first = run("backup", "create", folder, "--copy", "--json").data
    assert (first["datasets"], first["linked"]) == (1, 0)
    with connect(sales) as repo, repo["sales"].edit() as edit:
        edit["sales"].append(prices())
    assert run("backup", "create", folder, "--json").data["new_files"] > 0
    assert "fsck" in run("backup", "restore", folder, "--to", target).out
    assert run("log", "sales", "--store", target).out == run("log", "sales").out
    assert run("backup", "restore", folder, "--to", target).code == 4
    assert run("backup", "restore", tmp_path / "nothing", "--to", tmp_path / "x").code == 3


def test_a_lost_catalog_is_rebuilt(run: Run, sales: Path) -> None:
    """The error of the other commands says how."""
    assert run("rebuild").code == 4
    (sales / "catalog.duckdb").unlink()
    assert "jupyter datasets rebuild" in run("ls").err
    assert "1 datasets, 2 branches, 2 commits" in run("rebuild").out
    assert run("show", "sales").code == 0


def test_without_a_store_nothing_is_made(run: Run, store: Path, tmp_path: Path) -> None:
    """A mistyped folder is an error."""
    for command in (["fsck"], ["gc"], ["backup", "create", tmp_path / "backup"], ["rebuild"]):
        assert run(*command).code == 3
    assert not store.exists()


def test_python_users_have_the_same(sales: Path, tmp_path: Path) -> None:
    """``fsck``, ``gc``, ``empty_bin`` and ``backup`` of a repository."""
    seen: list[tuple[int, int]] = []
    with connect(sales) as repo:
        assert repo.fsck(on_progress=lambda *at: seen.append(at)).ok
        assert repo.gc(dry_run=True).deleted == ()
        assert repo.empty_bin(timedelta(days=7)) == repo.empty_bin(7) == ()
        assert repo.backup(tmp_path / "backup").commits == 2
    assert seen[-1][0] == seen[-1][1] > 0
