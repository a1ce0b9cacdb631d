"""Repository and Dataset: create, get, list, describe, label, rename, delete, restore, close."""

from __future__ import annotations

from pathlib import Path

import pytest

import jupyter_datasets as jd
from jupyter_datasets.client.dataset import Dataset
from jupyter_datasets.client.repository import Repository
from jupyter_datasets.errors import (
    AlreadyExistsError,
    ErrorKind,
    InvalidInputError,
    NotFoundError,
)
from jupyter_datasets.services.datasets.service import DatasetService
from tests.client.conftest import Open, append, rows


def test_a_new_dataset_is_empty_and_described(repo: Repository) -> None:
    flights = repo.create("flights", description="Departures", labels=["nyc"])
    assert (flights.name, flights.description, flights.labels) == ("flights", "Departures", ("nyc",))
    assert (dict(flights.tables), dict(flights.files), list(flights.log()), flights.current) == ({}, {}, [], "main")
    assert [(r.name, r.commit) for r in flights.refs()] == [("main", None)]


def test_a_dataset_is_got_by_name_id_or_not_at_all(repo: Repository, trips: Dataset) -> None:
    assert repo["TRIPS"].id == repo[trips.id].id == trips.id
    with pytest.raises(NotFoundError, match="Did you mean 'trips'"):
        repo["trip"]
    with pytest.raises(KeyError):
        repo["trip"]


def test_a_dataset_is_named_by_text(repo: Repository) -> None:
    with pytest.raises(InvalidInputError, match="type int") as caught:
        repo[5]  # type: ignore[index]  # what a beginner may try
    assert "repo['flights']" in caught.value.next_step


def test_a_name_is_taken_or_breaks_a_rule(repo: Repository, trips: Dataset) -> None:
    with pytest.raises(AlreadyExistsError):
        repo.create(trips.name)
    with pytest.raises(InvalidInputError) as caught:
        repo.create("2024/sales")
    assert caught.value.details["suggestion"] == "_2024_sales"


def test_datasets_are_listed_by_name(repo: Repository) -> None:
    for name in ("b", "a", "C"):
        repo.create(name)
    assert [d.name for d in repo.datasets()] == list(repo) == repo._ipython_key_completions_() == ["a", "b", "C"]


def test_more_datasets_than_a_page_are_all_listed(repo: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    read = repo._transport.list_datasets
    names = [f"d{n}" for n in range(5)]
    for name in names:
        repo.create(name)
    listed = DatasetService.list
    monkeypatch.setattr(
        DatasetService,
        "list",
        lambda self, actor, cursor=None, **_: listed(self, actor, 2, cursor),
    )
    assert read(None).cursor is not None
    assert list(repo) == names


def test_describe_label_and_rename_change_the_dataset_here_and_there(repo: Repository, trips: Dataset) -> None:
    trips.describe("All of them").label("b", "a").rename("journeys")
    assert (trips.name, trips.description, trips.labels) == ("journeys", "All of them", ("a", "b"))
    found = repo["journeys"]
    assert (found.id, found.description, found.labels) == (trips.id, "All of them", ("a", "b"))
    assert trips.label().labels == ()


def test_the_default_table_is_the_one_named_like_the_dataset_when_it_was_made(trips: Dataset) -> None:
    append(trips, 1, table="other")
    assert trips.table().name == "other"
    append(trips, 2, table="Trips")
    trips.rename("journeys")
    assert trips.table().name == "Trips"
    with trips.edit() as edit:
        edit.rename("Trips", "journeys")
    with pytest.raises(InvalidInputError) as caught:
        trips.table()
    assert caught.value.kind is ErrorKind.AMBIGUOUS_NAME
    assert caught.value.details["candidates"] == ["journeys", "other"]


def test_a_version_without_tables_has_no_default_table(trips: Dataset, tmp_path: Path) -> None:
    (tmp_path / "f").write_text("x")
    trips.attach(tmp_path / "f")
    with pytest.raises(InvalidInputError, match="no tables"):
        trips.table()


def test_a_deleted_dataset_comes_back_from_the_bin_with_its_versions(repo: Repository, trips: Dataset) -> None:
    append(trips, 1)
    trips.delete()
    assert list(repo) == []
    assert [d.name for d in repo.bin()] == ["trips"]
    with pytest.raises(NotFoundError, match="bin"):
        repo["trips"]
    with pytest.raises(NotFoundError):
        trips.log()
    assert rows(repo.restore("trips")) == [1]
    assert list(repo.bin()) == []


def test_a_dataset_whose_name_is_taken_is_restored_under_another(repo: Repository, trips: Dataset) -> None:
    trips.delete()
    repo.create("trips")
    with pytest.raises(AlreadyExistsError):
        repo.restore(trips.id)
    assert repo.restore(trips.id, "old").name == "old"
    assert list(repo) == ["old", "trips"]


# ------------------------------------------------------------------------------------------------- several, and the end


def test_clients_of_one_store_see_each_others_changes(open_repo: Open) -> None:
    first, second = open_repo(), open_repo()
    made = first.create("trips")
    append(made, 1)
    assert rows(second["trips"]) == [1]
    append(second["trips"], 2)
    assert rows(made) == [1, 2]


def test_what_is_checked_out_is_each_clients_own(open_repo: Open) -> None:
    first, second = open_repo(), open_repo()
    append(first.create("trips"), 1)
    first["trips"].tag("v1")
    append(first["trips"], 2)
    first["trips"].checkout("v1")
    assert (first["trips"].current, second["trips"].current) == ("v1", "main")
    assert (rows(first["trips"]), rows(second["trips"])) == ([1], [1, 2])


def test_a_closed_repository_refuses_while_others_go_on(open_repo: Open) -> None:
    first, second = open_repo(), open_repo()
    trips = first.create("trips")
    first.close()
    first.close()
    for call in (first.datasets, trips.log, lambda: first["trips"], lambda: trips.edit().__enter__()):
        with pytest.raises(InvalidInputError, match="closed"):
            call()
    append(second["trips"], 1)
    assert rows(second["trips"]) == [1]


def test_a_store_keeps_everything_from_one_opening_to_the_next(open_repo: Open) -> None:
    with open_repo() as repo:
        trips = repo.create("trips", description="x")
        made = append(trips, 1, message="first")
        trips.tag("v1")
    with open_repo() as repo:
        trips = repo["trips"]
        assert (trips.description, rows(trips, "v1"), trips.log()[0].id) == ("x", [1], made.id)


def test_a_with_block_closes_the_repository_also_after_an_error(open_repo: Open) -> None:
    with pytest.raises(ZeroDivisionError), open_repo() as repo:
        raise ZeroDivisionError
    with pytest.raises(InvalidInputError, match="closed"):
        repo.datasets()


# -------------------------------------------------------------------------------------------------------------- connect


def test_without_a_folder_the_environment_names_the_store(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JUPYTER_DATASETS_STORE", str(store))
    with jd.connect() as repo:
        assert str(store) in repr(repo)
        assert store.exists()


def test_settings_are_checked(store: Path) -> None:
    with pytest.raises(InvalidInputError) as caught:
        jd.connect(store, memory_mib=1)
    assert caught.value.kind is ErrorKind.INVALID_SETTING
    assert not store.exists()


def test_one_folder_with_two_catalogs_is_two_stores(store: Path, new_postgres: object, catalog_template: str) -> None:
    url = new_postgres(template=catalog_template)  # type: ignore[operator]  # a factory
    with jd.connect(store) as embedded, jd.connect(store, catalog_url=url) as shared:
        embedded.create("here")
        shared.create("there")
        assert (list(embedded), list(shared)) == (["here"], ["there"])


@pytest.mark.parametrize("status", ["", "done"])
def test_an_unknown_status_of_jobs_is_refused_with_those_there_are(repo: Repository, status: str) -> None:
    with pytest.raises(InvalidInputError, match="succeeded"):
        repo.jobs(status=status)


def test_an_unknown_job_is_not_found(repo: Repository) -> None:
    with pytest.raises(NotFoundError) as caught:
        repo.job("no such job")
    assert caught.value.kind is ErrorKind.JOB_NOT_FOUND
