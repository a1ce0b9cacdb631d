"""Datasets: create, find, list, describe, rename, delete, restore; on both catalogs."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import event

from jupyter_datasets.container import Container
from jupyter_datasets.errors import (
    AlreadyExistsError,
    ConflictError,
    DatasetsError,
    ErrorKind,
    InvalidInputError,
    NotFoundError,
    PermissionDeniedError,
)
from jupyter_datasets.services.datasets.events import DatasetChanged
from jupyter_datasets.services.datasets.models import Dataset
from jupyter_datasets.services.datasets.service import DatasetService
from jupyter_datasets.values import Actor, new_id


@pytest.fixture
def datasets(container: Container) -> DatasetService:
    return container.datasets


@pytest.fixture
def flights(datasets: DatasetService, me: Actor) -> Dataset:
    return datasets.create(me, "Flights", "Departures", ["nyc", "air"])


def names(datasets: DatasetService, me: Actor) -> list[str]:
    return [d.name for d in datasets.list(me).items]


# -------------------------------------------------------------------------------------------------------------- create


def test_a_dataset_keeps_what_it_was_made_with(datasets: DatasetService, me: Actor, flights: Dataset) -> None:
    assert (flights.name, flights.description, flights.labels) == ("Flights", "Departures", ("air", "nyc"))
    assert (flights.owner, flights.default_table, flights.deleted) == (me.id, "Flights", None)
    assert flights.created == flights.updated
    assert datasets.get(me, flights.id) == flights


@pytest.mark.parametrize("name", ["Flights", "FLIGHTS", "flights"])
def test_a_name_is_taken_without_regard_to_case(
    datasets: DatasetService, me: Actor, flights: Dataset, name: str
) -> None:
    with pytest.raises(AlreadyExistsError) as caught:
        datasets.create(me, name)
    assert caught.value.kind is ErrorKind.DATASET_EXISTS
    assert names(datasets, me) == [flights.name]


def test_a_bad_name_makes_nothing(datasets: DatasetService, me: Actor) -> None:
    with pytest.raises(InvalidInputError) as caught:
        datasets.create(me, "a/b")
    assert caught.value.kind is ErrorKind.INVALID_NAME
    assert names(datasets, me) == []


def test_labels_are_trimmed_sorted_and_unique(datasets: DatasetService, me: Actor) -> None:
    assert datasets.create(me, "a", labels=[" b ", "a", "b", ""]).labels == ("a", "b")
    assert datasets.create(me, "b", labels="nyc").labels == ("nyc",)


@pytest.mark.parametrize("label", ["x" * 51, "a\nb", "a\udce4"])
def test_a_label_is_short_and_printable(datasets: DatasetService, me: Actor, label: str) -> None:
    with pytest.raises(InvalidInputError):
        datasets.create(me, "a", labels=[label])


@pytest.mark.parametrize("text", ["a\0b", "a\udce4"])
def test_a_description_that_no_catalog_can_keep_is_refused(
    datasets: DatasetService, me: Actor, flights: Dataset, text: str
) -> None:
    with pytest.raises(InvalidInputError, match="description"):
        datasets.create(me, "a", text)
    with pytest.raises(InvalidInputError, match="description"):
        datasets.update(me, flights.id, description=text)


def test_of_two_who_make_the_same_name_at_once_one_is_told(datasets: DatasetService, me: Actor) -> None:
    def create(_: int) -> Dataset | DatasetsError:
        try:
            return datasets.create(me, "same")
        except (AlreadyExistsError, ConflictError) as error:
            return error

    with ThreadPoolExecutor(4) as threads:
        made = list(threads.map(create, range(4)))
    assert sum(isinstance(m, Dataset) for m in made) == 1
    assert names(datasets, me) == ["same"]


# ---------------------------------------------------------------------------------------------------------------- find


@pytest.mark.parametrize("form", ["{id}", "Flights", "fLIGHTS", "{owner}/flights"])
def test_a_dataset_is_found_by_id_name_and_owner(
    datasets: DatasetService, me: Actor, flights: Dataset, form: str
) -> None:
    assert datasets.get(me, form.format(id=flights.id, owner=flights.owner)) == flights


def test_a_name_that_is_not_there_offers_the_nearest(datasets: DatasetService, me: Actor, flights: Dataset) -> None:
    with pytest.raises(NotFoundError) as caught:
        datasets.get(me, "fligths")
    assert caught.value.kind is ErrorKind.DATASET_NOT_FOUND
    assert caught.value.details["suggestions"] == [flights.name]
    with pytest.raises(NotFoundError, match="There are: Flights"):
        datasets.get(me, "zzz")
    with pytest.raises(NotFoundError):
        datasets.get(me, "somebody/flights")


def test_an_empty_store_says_that_there_is_nothing_yet(datasets: DatasetService, me: Actor) -> None:
    with pytest.raises(NotFoundError, match="create one first"):
        datasets.get(me, "flights")


@pytest.mark.parametrize("text", ["a\udce4", "a\0"])
def test_a_name_that_is_no_text_is_refused_in_good_order(datasets: DatasetService, me: Actor, text: str) -> None:
    with pytest.raises(InvalidInputError):
        datasets.get(me, text)


# ---------------------------------------------------------------------------------------------------------------- list


def test_a_list_goes_by_name_without_regard_to_case_and_pages(datasets: DatasetService, me: Actor) -> None:
    for name in ("b", "A", "c", "D", "e"):
        datasets.create(me, name)
    assert names(datasets, me) == ["A", "b", "c", "D", "e"]
    found, cursor = [], None
    for _ in range(3):
        page = datasets.list(me, limit=2, cursor=cursor)
        found.append([d.name for d in page.items])
        cursor = page.cursor
    assert found == [["A", "b"], ["c", "D"], ["e"]]
    assert cursor is None


def test_a_page_that_ends_with_the_list_has_no_cursor(datasets: DatasetService, me: Actor) -> None:
    datasets.create(me, "a")
    datasets.create(me, "b")
    assert datasets.list(me, limit=2).cursor is None


@pytest.mark.parametrize("cursor", ["", "x", "[]", '["a"]', "5", "null"])
def test_a_cursor_of_ones_own_making_is_refused(datasets: DatasetService, me: Actor, cursor: str) -> None:
    with pytest.raises(InvalidInputError):
        datasets.list(me, cursor=cursor)


@pytest.mark.parametrize("limit", [0, -1, 10_001])
def test_a_page_has_a_sensible_length(datasets: DatasetService, me: Actor, limit: int) -> None:
    with pytest.raises(InvalidInputError):
        datasets.list(me, limit=limit)


# -------------------------------------------------------------------------------------------------------------- change


def test_what_is_not_named_stays_as_it_is(datasets: DatasetService, me: Actor, flights: Dataset) -> None:
    described = datasets.update(me, flights.id, description="All of them")
    assert described == flights.model_copy(update={"description": "All of them", "updated": described.updated})
    assert described.updated > flights.updated
    assert datasets.update(me, flights.id, labels=[]).labels == ()
    assert datasets.get(me, flights.id).description == "All of them"


def test_a_renamed_dataset_keeps_its_id_and_default_table_and_frees_its_name(
    datasets: DatasetService, me: Actor, flights: Dataset
) -> None:
    renamed = datasets.update(me, "flights", name="trips")
    assert (renamed.id, renamed.name, renamed.default_table) == (flights.id, "trips", "Flights")
    with pytest.raises(NotFoundError):
        datasets.get(me, "flights")
    assert datasets.create(me, "flights").id != flights.id


def test_a_rename_may_change_the_case_alone_but_not_take_a_name(
    datasets: DatasetService, me: Actor, flights: Dataset
) -> None:
    assert datasets.update(me, flights.id, name="FLIGHTS").name == "FLIGHTS"
    datasets.create(me, "trips")
    with pytest.raises(AlreadyExistsError):
        datasets.update(me, flights.id, name="Trips")
    assert datasets.get(me, flights.id).name == "FLIGHTS"


def test_a_change_based_on_an_old_state_is_a_conflict(datasets: DatasetService, me: Actor, flights: Dataset) -> None:
    """Otherwise a description given while somebody deletes the dataset would bring it back."""
    datasets.delete(me, flights.id)
    with pytest.raises(ConflictError):
        datasets._save(flights, {"description": "late"}, "updated")
    assert names(datasets, me) == []


# ------------------------------------------------------------------------------------------------------------- the bin


def test_a_deleted_dataset_is_in_the_bin_and_its_name_is_free(
    datasets: DatasetService, me: Actor, flights: Dataset
) -> None:
    gone = datasets.delete(me, "flights")
    assert gone.deleted is not None
    assert [d.id for d in datasets.bin(me)] == [flights.id]
    assert names(datasets, me) == []
    for form in ("flights", flights.id):
        with pytest.raises(NotFoundError):
            datasets.get(me, form)
    assert datasets.create(me, "Flights").id != flights.id


def test_asking_for_a_deleted_dataset_tells_of_the_bin(datasets: DatasetService, me: Actor, flights: Dataset) -> None:
    datasets.delete(me, flights.id)
    with pytest.raises(NotFoundError, match="bin"):
        datasets.get(me, "flights")


@pytest.mark.parametrize("form", ["{id}", "flights"])
def test_a_restored_dataset_is_as_it_was(datasets: DatasetService, me: Actor, flights: Dataset, form: str) -> None:
    datasets.delete(me, flights.id)
    back = datasets.restore(me, form.format(id=flights.id))
    assert back == flights.model_copy(update={"updated": back.updated})
    assert datasets.bin(me) == []
    assert datasets.get(me, "flights") == back


def test_restoring_under_a_taken_name_asks_for_another(datasets: DatasetService, me: Actor, flights: Dataset) -> None:
    datasets.delete(me, flights.id)
    datasets.create(me, "flights")
    with pytest.raises(AlreadyExistsError):
        datasets.restore(me, flights.id)
    assert datasets.restore(me, flights.id, name="old flights").name == "old flights"
    assert names(datasets, me) == ["flights", "old flights"]


def test_of_several_of_one_name_the_last_deleted_comes_back(datasets: DatasetService, me: Actor) -> None:
    first, second = (datasets.delete(me, datasets.create(me, "a").id) for _ in range(2))
    assert [d.id for d in datasets.bin(me)] == [second.id, first.id]
    assert datasets.restore(me, "a").id == second.id


def test_what_is_not_in_the_bin_cannot_be_restored(datasets: DatasetService, me: Actor, flights: Dataset) -> None:
    with pytest.raises(NotFoundError, match="bin is empty"):
        datasets.restore(me, flights.id)
    datasets.delete(me, datasets.create(me, "trips").id)
    with pytest.raises(NotFoundError, match="In the bin: trips"):
        datasets.restore(me, "flights")


# -------------------------------------------------------------------------------------------------------------- events


def test_each_change_is_told_once_after_it_was_made(container: Container, me: Actor) -> None:
    heard: list[str] = []
    container.database.events.subscribe(DatasetChanged, lambda event: heard.append(event.action))
    made = container.datasets.create(me, "a")
    with pytest.raises(AlreadyExistsError):
        container.datasets.create(me, "a")
    container.datasets.update(me, made.id, name="b")
    container.datasets.delete(me, made.id)
    container.datasets.restore(me, made.id)
    assert heard == ["created", "updated", "deleted", "restored"]


def test_many_are_looked_up_in_few_statements(datasets: DatasetService, me: Actor, flights: Dataset) -> None:
    """Ids of other stores, of which a script that uses several tells, cost nothing each."""
    gone = datasets.create(me, "gone")
    datasets.delete(me, gone.id)
    elsewhere = [new_id() for _ in range(50)]
    seen: list[str] = []
    engine = datasets._database._catalog.engine

    def count(*args: object) -> None:
        seen.append(str(args[2]))

    event.listen(engine, "before_cursor_execute", count)
    found = datasets.readable(me, [flights.id, "flights", gone.id, "no such", *elsewhere, flights.id])
    event.remove(engine, "before_cursor_execute", count)
    assert {asked: dataset.id for asked, dataset in found.items()} == {flights.id: flights.id, "flights": flights.id}
    assert 0 < len(seen) < 12, seen


# --------------------------------------------------------------------------------------------------------- permissions


CALLS = {
    "create": ("other",),
    "get": ("Flights",),
    "readable": (["Flights"],),
    "list": (),
    "update": ("Flights",),
    "delete": ("Flights",),
    "bin": (),
    "restore": ("Flights",),
}


def test_the_list_of_calls_is_complete() -> None:
    assert set(CALLS) == {name for name in vars(DatasetService) if not name.startswith("_")}


@pytest.mark.parametrize("method", CALLS)
def test_a_stranger_may_do_nothing(
    datasets: DatasetService, me: Actor, stranger: Actor, flights: Dataset, method: str
) -> None:
    if method == "restore":
        datasets.delete(me, flights.id)
    with pytest.raises(PermissionDeniedError):
        getattr(datasets, method)(stranger, *CALLS[method])


@pytest.mark.parametrize("method", ["get", "update", "delete", "restore"])
def test_a_stranger_does_not_learn_which_names_there_are(
    datasets: DatasetService, stranger: Actor, flights: Dataset, method: str
) -> None:
    with pytest.raises(PermissionDeniedError) as caught:
        getattr(datasets, method)(stranger, "no such dataset")
    assert flights.name not in str(caught.value)
