"""A log that shows some commits only: by table, file, author and time, old commits as well as new ones."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from jupyter_datasets.catalog import tables
from jupyter_datasets.errors import DamagedObjectError, ErrorKind, InvalidInputError
from jupyter_datasets.services.versions.models import Commit, LogFilter
from jupyter_datasets.values import Micros
from tests.services.conftest import World


def messages(world: World, ref: str = "main", **where: Any) -> list[str]:
    found = world.versions.log(world.me, world.id, ref, where=LogFilter(**where))
    return [commit.message for commit in found.items]


def forget(world: World) -> None:
    """As a store whose commits were made by a program that did not write down what they touch."""
    with world.container.database.begin() as uow:
        uow.connection.execute(update(tables.commits).values(touched=None))
        uow.commit()


def unknown(world: World) -> int:
    with world.container.database.read() as connection:
        query = select(tables.commits.c.id).where(tables.commits.c.touched.is_(None))
        return len(connection.execute(query).all())


def change(world: World, message: str, *changes: Callable[[str], object], branch: str = "main") -> Commit:
    edit = world.begin(branch)
    for make in changes:
        make(edit)
    made = world.edits.commit(world.me, edit, message)
    assert made is not None
    return made


@pytest.fixture
def told(world: World, tmp_path: Path) -> World:
    """Commits that touch tables and files in every way; each message says how."""
    me, edits = world.me, world.edits
    book = tmp_path / "Book %_1.pdf"
    book.write_text("one")
    world.append(1, message="make trips")
    world.append(1, table="Planes", message="make planes")
    change(world, "attach", lambda e: edits.attach(me, e, book.name, book))
    world.append(2, message="change trips")
    change(world, "rename planes", lambda e: edits.rename(me, e, "planes", "jets"))
    book.write_text("two")
    change(world, "replace the book", lambda e: edits.attach(me, e, book.name, book))
    change(world, "spell jets", lambda e: edits.rename(me, e, "jets", "JETS"))
    change(world, "drop and detach", lambda e: edits.drop(me, e, "trips"), lambda e: edits.detach(me, e, book.name))
    return world


EXPECTED = {
    ("table", "trips"): ["drop and detach", "change trips", "make trips"],
    ("table", "TRIPS"): ["drop and detach", "change trips", "make trips"],
    ("table", "planes"): ["rename planes", "make planes"],
    ("table", "jets"): ["spell jets", "rename planes"],
    ("table", "trip"): [],
    ("table", "never"): [],
    ("path", "Book %_1.pdf"): ["drop and detach", "replace the book", "attach"],
    ("path", "book %_1.pdf"): [],
    ("path", "Book xx1.pdf"): [],
    ("path", "trips"): [],
}


@pytest.mark.parametrize("old", [False, True], ids=["written down", "found out"])
def test_a_table_or_file_is_touched_where_it_differs_from_the_first_parent(told: World, old: bool) -> None:
    """Added, changed, dropped, renamed from or to; what nobody wrote down is read from the store, once."""
    if old:
        forget(told)
    for (name, value), expected in EXPECTED.items():
        assert (name, value, messages(told, **{name: value})) == (name, value, expected)
    assert unknown(told) == 0
    assert messages(told, table="trips", path="Book %_1.pdf") == ["drop and detach"]


def test_of_old_commits_whose_content_is_lost_no_answer_is_made_up(told: World) -> None:
    forget(told)
    backend = told.container.backend
    for pack in list(backend.names("packs"))[:3]:
        backend.remove("packs", pack)
    told.container.objects._cache.clear()
    with pytest.raises(DamagedObjectError):
        messages(told, table="trips")
    assert len(messages(told, author="")) == 8


def test_an_author_is_found_by_a_part_of_the_name_in_any_case(world: World) -> None:
    for number, author in enumerate(("Ann Smith", "Bob_O'Neil", "100% Zoë"), start=1):
        world.append(number, message=author)
        with world.container.database.begin() as uow:
            query = update(tables.commits).where(tables.commits.c.seq == number)
            uow.connection.execute(query.values(author=author))
            uow.commit()
    assert messages(world, author="ann") == messages(world, author="SMITH") == ["Ann Smith"]
    assert messages(world, author="Zoë") == messages(world, author="%") == ["100% Zoë"]
    assert messages(world, author="_o'") == ["Bob_O'Neil"]
    assert messages(world, author="'; DROP TABLE commits; --") == []
    assert len(messages(world, author="o")) == 2


def test_times_bound_a_log_on_both_sides_included(world: World) -> None:
    made = [world.append(n, message=f"m{n}") for n in range(4)]
    assert messages(world, since=made[2].time) == ["m3", "m2"]
    assert messages(world, until=made[1].time) == ["m1", "m0"]
    assert messages(world, since=made[1].time, until=made[2].time) == ["m2", "m1"]
    assert (
        messages(world, since=Micros(made[3].time + 1)) == messages(world, since=made[3].time, until=made[0].time) == []
    )


def test_filters_narrow_each_other_and_keep_to_the_reference(told: World) -> None:
    told.branch("fix", at="main~4")
    told.append(3, branch="fix", message="elsewhere")
    assert messages(told, "fix", table="trips") == ["elsewhere", "change trips", "make trips"]
    assert "elsewhere" not in messages(told, table="trips")
    assert messages(told, table="trips", until=told.versions.resolve(told.me, told.id, "#4").time)[0] == "change trips"
    assert messages(told, "main~5", table="trips") == ["make trips"]


@pytest.mark.parametrize(
    ("where", "kind"),
    [
        ({"table": ""}, ErrorKind.INVALID_NAME),
        ({"table": "a\nfb"}, ErrorKind.INVALID_NAME),
        ({"path": "a/b"}, ErrorKind.INVALID_NAME),
        ({"path": "a\nb"}, ErrorKind.INVALID_NAME),
        ({"author": "a\0"}, ErrorKind.INVALID_ARGUMENT),
    ],
)
def test_what_can_be_no_name_is_refused(told: World, where: dict[str, str], kind: ErrorKind) -> None:
    with pytest.raises(InvalidInputError) as caught:
        messages(told, **where)
    assert caught.value.kind is kind


def test_an_unborn_branch_has_no_such_commits_either(world: World) -> None:
    assert messages(world, table="trips") == []


# ---------------------------------------------------------------------------------------------------------------- pages


def test_pages_and_offsets_of_a_filtered_log_make_the_whole(world: World) -> None:
    """Over a history of many lines that meet, in which every third commit touches the table."""
    wanted = _history(world, 4500)
    log = world.versions.log
    where = LogFilter(table="t")
    for limit in (7, 1000, 10_000):
        found: list[str] = []
        cursor = None
        while True:
            page = log(world.me, world.id, "a", limit, cursor, where=where)
            found += [c.id for c in page.items]
            cursor = page.cursor
            if cursor is None:
                break
        assert found == wanted
    for offset in (0, 1, 50, len(wanted) - 1, len(wanted), 10**9):
        page = log(world.me, world.id, "a", 5, offset=offset, where=where)
        assert [c.id for c in page.items] == wanted[offset : offset + 5]


def _history(world: World, size: int) -> list[str]:
    """Write rows of commits; the ids of those that lead to the branch ``a`` and touch the table, newest first."""
    rng = random.Random(11)
    ids = [f"{rng.getrandbits(256):064x}" for _ in range(size)]
    parents = [rng.sample(range(max(0, i - 9), i), min(i, rng.choice((1, 1, 2)))) for i in range(size)]
    rows = [
        {
            "dataset_id": world.id,
            "id": ids[i],
            "seq": i + 1,
            "parents": " ".join(ids[p] for p in parents[i]),
            "author": "a",
            "time_us": i,
            "message": "",
            "touched": "\ntt\n" if i % 3 == 0 else "\nfx\ntother\n",
        }
        for i in range(size)
    ]
    with world.container.database.begin() as uow:
        for start in range(0, size, 1000):
            uow.connection.execute(tables.commits.insert().values(rows[start : start + 1000]))
        head = {"dataset_id": world.id, "name": "a", "kind": "branch", "commit_id": ids[-1]}
        uow.connection.execute(tables.refs.insert().values(head))
        uow.commit()
    ancestors, waiting = set(), [size - 1]
    while waiting:
        if (i := waiting.pop()) not in ancestors:
            ancestors.add(i)
            waiting += parents[i]
    return [ids[i] for i in sorted(ancestors, reverse=True) if i % 3 == 0]
