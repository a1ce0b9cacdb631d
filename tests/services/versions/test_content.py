"""What a version holds, how it is read, what damage is told, and what differs between two."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from jupyter_datasets.errors import (
    DamagedObjectError,
    DatasetsError,
    ErrorKind,
    NotFoundError,
    PermissionDeniedError,
)
from jupyter_datasets.services.versions.declarations import ColumnDeclaration, DropColumn, TableDeclaration
from jupyter_datasets.services.versions.edits import EditService
from jupyter_datasets.services.versions.service import VersionService
from jupyter_datasets.store.objects import Objects
from jupyter_datasets.values import Actor
from tests.services.conftest import World


def segments(world: World, ref: str = "main", table: str = "trips") -> list[Path]:
    return [Path(s.path) for s in world.versions.plan(world.me, world.id, ref, table).segments]


def put(world: World, rows: Any, **options: Any) -> str:
    edit = world.begin()
    world.put(edit, rows, **options)
    made = world.edits.commit(world.me, edit)
    assert made is not None
    return made.id


def attach(world: World, name: str, content: bytes, folder: Path) -> None:
    (folder / "attached").write_bytes(content)
    edit = world.begin()
    world.edits.attach(world.me, edit, name, folder / "attached")
    world.edits.commit(world.me, edit)


# -------------------------------------------------------------------------------------------------------------- content


def test_a_version_lists_tables_with_columns_sizes_and_keys(world: World) -> None:
    rows = pa.table({"n": [1, 2], "m": ["x", None]})
    commit = put(world, rows, table="Trips", mode="replace", key=("n",))
    version = world.versions.version(world.me, "trips", "main")
    assert (version.commit.id, version.commit.refs, version.dataset_id) == (commit, ("main",), world.id)
    table = version.tables[0]
    assert [(c.id, c.name, c.type, c.nullable) for c in table.columns] == [
        (1, "n", "BIGINT", False),
        (2, "m", "VARCHAR", True),
    ]
    assert (table.name, table.key, table.rows) == ("Trips", ("n",), 2)
    assert table.bytes == sum(path.stat().st_size for path in segments(world))


def test_a_plan_names_segments_in_the_order_of_rows(world: World) -> None:
    world.append(*range(10))
    plan = world.versions.plan(world.me, world.id, "main", "TRIPS")
    assert (plan.table, plan.rows, sum(s.rows for s in plan.segments)) == ("trips", 10, 10)
    assert all(Path(s.path).stat().st_size == s.bytes for s in plan.segments)


def test_a_table_without_rows_has_a_plan_without_segments(world: World) -> None:
    put(world, [])
    plan = world.versions.plan(world.me, world.id, "main", "trips")
    assert (plan.segments, plan.rows) == ((), 0)
    assert world.rows() == []


def test_equal_rows_in_several_tables_and_versions_are_stored_once(world: World) -> None:
    world.append(1, 2)
    world.append(1, 2, table="copy")
    world.append(3)
    edit = world.begin()
    world.put(edit, [1, 2], mode="replace")
    world.edits.commit(world.me, edit)
    assert segments(world) == segments(world, table="copy") == segments(world, "main~3")
    assert len(list(world.container.backend.names("objects"))) == 1, "the row that was appended is in a pack"


def test_a_table_or_file_that_is_not_there_offers_the_nearest(world: World, tmp_path: Path) -> None:
    world.append(1)
    attach(world, "codebook.pdf", b"x", tmp_path)
    for call, kind, hint in (
        (lambda: segments(world, table="trip"), ErrorKind.TABLE_NOT_FOUND, "trips"),
        (
            lambda: world.versions.file(world.me, world.id, "main", "codebok.pdf"),
            ErrorKind.FILE_NOT_FOUND,
            "codebook.pdf",
        ),
        (lambda: world.versions.row_diff(world.me, world.id, "main", "main", "x"), ErrorKind.TABLE_NOT_FOUND, None),
    ):
        with pytest.raises(NotFoundError) as caught:
            call()
        assert caught.value.kind is kind
        assert caught.value.details["suggestions"] == ([hint] if hint else [])


# --------------------------------------------------------------------------------------------------------------- damage


def test_a_segment_that_was_written_to_is_named_with_its_versions(world: World) -> None:
    commits = [world.append(1, table=t).id for t in ("trips", "other")]
    edit = world.begin()
    world.put(edit, [1, 2], table="other", mode="replace")
    intact = world.edits.commit(world.me, edit)
    assert intact is not None
    edit = world.begin()
    world.edits.drop(world.me, edit, "trips")
    world.edits.commit(world.me, edit)
    victim = segments(world, commits[0])[0]
    victim.chmod(0o600)
    victim.write_bytes(victim.read_bytes()[:-1] + b"?")
    with pytest.raises(DamagedObjectError) as caught:
        world.rows(commits[0])
    assert caught.value.kind is ErrorKind.OBJECT_DAMAGED
    assert caught.value.details["object"] == victim.parent.name + victim.name
    assert sorted(caught.value.details["versions"]) == sorted([*commits, intact.id])
    assert world.rows("main", "other") == [1, 2]


def test_a_missing_segment_or_file_is_named_with_its_versions(world: World, tmp_path: Path) -> None:
    commit = world.append(1).id
    attach(world, "book", b"text", tmp_path)
    book = world.versions.file(world.me, world.id, "main", "book")
    segments(world)[0].unlink()
    book.unlink()
    for call, versions in (
        (lambda: world.rows(), {commit, world.head()}),
        (lambda: world.versions.file(world.me, world.id, "main", "book"), {world.head()}),
    ):
        with pytest.raises(DamagedObjectError) as caught:
            call()
        assert caught.value.kind is ErrorKind.OBJECT_MISSING
        assert set(caught.value.details["versions"]) == versions


@pytest.mark.parametrize("damage", ["missing", "altered"])
def test_a_damaged_pack_is_an_error_and_never_other_content(world: World, damage: str) -> None:
    world.append(1)
    backend = world.container.backend
    pack = backend.path("packs", next(backend.names("packs")))
    pack.chmod(0o600)
    if damage == "missing":
        pack.unlink()
    else:
        pack.write_bytes(bytes(255 - b for b in pack.read_bytes()))
    fresh = Objects(backend, world.container._locate)
    world.versions._objects = fresh
    with pytest.raises(DamagedObjectError):
        world.versions.version(world.me, world.id, "main")


# ----------------------------------------------------------------------------------------------------------------- diff


def diff(world: World, old: str = "main~1", new: str = "main") -> Any:
    return world.versions.diff(world.me, world.id, old, new)


def test_equal_versions_do_not_differ(world: World) -> None:
    world.append(1)
    found = diff(world, "main", "main")
    assert (found.tables, found.files) == ((), ())


def test_a_diff_tells_tables_files_and_columns_that_differ(world: World, tmp_path: Path) -> None:
    for table in ("changed", "dropped", "moved", "same"):
        put(world, pa.table({"n": [len(table)], "m": ["x"]}), table=table)
    for name in ("changed.txt", "dropped.txt"):
        attach(world, name, b"old", tmp_path)
    old = world.head()
    edit = world.begin()
    world.put(edit, pa.table({"k": [True], "n": [1.5]}), table="changed", mode="replace")
    world.put(edit, [1], table="added")
    world.edits.drop(world.me, edit, "dropped")
    world.edits.rename(world.me, edit, "moved", "here")
    world.edits.rename(world.me, edit, "same", "SAME")
    (tmp_path / "attached").write_bytes(b"new")
    world.edits.attach(world.me, edit, "changed.txt", tmp_path / "attached")
    world.edits.attach(world.me, edit, "added.txt", tmp_path / "attached")
    world.edits.detach(world.me, edit, "dropped.txt")
    world.edits.commit(world.me, edit)
    found = diff(world, str(old))
    assert {(t.kind, t.old_name, t.new_name, t.old_rows, t.new_rows) for t in found.tables} == {
        ("changed", "changed", "changed", 1, 1),
        ("added", None, "added", 0, 1),
        ("removed", "dropped", None, 1, 0),
        ("renamed", "moved", "here", 1, 1),
        ("renamed", "same", "SAME", 1, 1),
    }
    changed = next(t for t in found.tables if t.kind == "changed")
    assert {
        (c.kind, c.old and (c.old.name, c.old.type), c.new and (c.new.name, c.new.type)) for c in changed.columns
    } == {
        ("removed", ("m", "VARCHAR"), None),
        ("changed", ("n", "BIGINT"), ("n", "DOUBLE")),
        ("added", None, ("k", "BOOLEAN")),
    }
    assert [(f.kind, f.name) for f in found.files] == [
        ("added", "added.txt"),
        ("changed", "changed.txt"),
        ("removed", "dropped.txt"),
    ]


def test_a_plan_of_differences_leaves_out_what_both_share(world: World) -> None:
    big = list(range(200_000))
    put(world, big)
    put(world, [*big[:100_000], -1, *big[100_001:]], mode="replace")
    plan = world.versions.row_diff(world.me, world.id, "main~1", "main", "TRIPS")
    whole = segments(world)
    assert plan.old is not None
    assert plan.new is not None
    assert len(whole) > 1
    assert len(plan.old.segments) == len(plan.new.segments) == 1


def test_a_side_that_lacks_the_table_has_no_plan(world: World) -> None:
    world.append(1)
    world.append(2, table="planes")
    plan = world.versions.row_diff(world.me, world.id, "main~1", "main", "planes")
    assert plan.old is None
    assert plan.new is not None


# ---------------------------------------------------------------------------------------------------------- permissions

VERSION_CALLS: dict[str, tuple[Any, ...]] = {
    "resolve": ("main",),
    "log": (),
    "graph": (),
    "refs": (),
    "overview": (),
    "version": ("main",),
    "plan": ("main", "trips"),
    "digest": ("main", "trips"),
    "file": ("main", "book"),
    "holders": ("main", "book"),
    "diff": ("main", "main"),
    "row_diff": ("main", "main", "trips"),
    "create_ref": ("fix", "branch", "main"),
    "delete_ref": ("v1",),
    "rename_ref": ("v1", "v2"),
    "protect": ("main",),
    "undo": (),
    "redo": (),
    "moves": (),
    "provenance": (),
    "lineage": (),
}
EDIT_CALLS: dict[str, tuple[Any, ...]] = {
    "find": (),
    "put": ("t", "append", pa.schema([("n", pa.int64())]), []),
    "change_rows": ("trips", "0" * 64, pa.schema([("n", pa.int64())]), []),
    "plan": ("trips",),
    "drop": ("trips",),
    "rename": ("trips", "t"),
    "compact": ("trips",),
    "create": ("t", TableDeclaration(columns=(ColumnDeclaration(name="n", type="BIGINT"),))),
    "alter": ("trips", (DropColumn(name="n"),)),
    "attach": ("f", Path(__file__)),
    "detach": ("book",),
    "change": (lambda _: None,),
    "commit": (),
    "abort": (),
}


def public(service: type) -> set[str]:
    return {name for name in vars(service) if not name.startswith("_")}


def test_the_lists_of_calls_are_complete() -> None:
    assert public(VersionService) == {*VERSION_CALLS, "snapshot"}
    assert public(EditService) == {*EDIT_CALLS, "begin", "bases", "check_open", "draft"}


def test_a_stranger_may_do_nothing(world: World, stranger: Actor) -> None:
    world.append(1)
    world.tag("v1")
    edit = world.begin()
    before = world.head()
    calls = [(world.versions, name, (world.id, *rest)) for name, rest in VERSION_CALLS.items()]
    calls += [(world.versions, "snapshot", ([(world.id, "main")],))]
    calls += [(world.edits, name, (edit, *rest)) for name, rest in EDIT_CALLS.items()]
    calls += [(world.edits, "begin", (world.id,)), (world.edits, "check_open", (world.id, "main"))]
    for service, name, arguments in calls:
        with pytest.raises(DatasetsError) as caught:
            getattr(service, name)(stranger, *arguments)
        assert (name, type(caught.value)) == (name, PermissionDeniedError)
    with pytest.raises(PermissionDeniedError), world.edits.draft(stranger, world.id, "main"):
        pass
    world.edits.abort(world.me, edit)
    assert world.head() == before
