"""The exception tree: its shape, its codes, and its way through pickle."""

from __future__ import annotations

import pickle
import re

import pytest

import jupyter_datasets
from jupyter_datasets import errors
from jupyter_datasets.errors import DatasetsError, ErrorKind, InvalidInputError, NotFoundError, error_classes

TREE = {
    "DatasetsError": "Exception",
    "NotFoundError": "DatasetsError",
    "AlreadyExistsError": "DatasetsError",
    "ConflictError": "DatasetsError",
    "InvalidInputError": "DatasetsError",
    "FileContentError": "InvalidInputError",
    "StatementError": "InvalidInputError",
    "PermissionDeniedError": "DatasetsError",
    "StoreBusyError": "DatasetsError",
    "StorageError": "DatasetsError",
    "DamagedObjectError": "DatasetsError",
    "FormatError": "DatasetsError",
    "JobFailedError": "DatasetsError",
    "JobCancelledError": "DatasetsError",
    "InternalError": "DatasetsError",
}


def test_the_tree_is_the_one_that_callers_rely_on() -> None:
    assert {name: cls.__bases__[0].__name__ for name, cls in error_classes().items()} == TREE


def test_the_tree_that_is_drawn_is_the_tree_that_is() -> None:
    assert set(re.findall(r"(\w+Error)\b", errors.__doc__ or "")) >= set(TREE)


def test_the_package_exports_every_class() -> None:
    assert {name for name in TREE if getattr(jupyter_datasets, name) is error_classes()[name]} == set(TREE)


def test_errors_are_also_what_python_callers_expect() -> None:
    assert issubclass(NotFoundError, KeyError)
    assert issubclass(InvalidInputError, ValueError)


@pytest.mark.parametrize("cls", error_classes().values(), ids=lambda cls: cls.__name__)
def test_every_error_survives_pickle_whole(cls: type[DatasetsError]) -> None:
    error = cls("What.", kind=ErrorKind.STORE_BUSY, next_step="Next.", details={"pid": 1})
    back = pickle.loads(pickle.dumps(error))
    assert type(back) is cls
    assert (back.message, back.kind, back.next_step, back.details) == (
        "What.",
        ErrorKind.STORE_BUSY,
        "Next.",
        {"pid": 1},
    )
    assert str(back) == str(error) == "What. Next."


@pytest.mark.parametrize("cls", error_classes().values(), ids=lambda cls: cls.__name__)
def test_a_category_has_a_code_of_its_own(cls: type[DatasetsError]) -> None:
    error = cls("What.")
    assert error.kind is cls.default_kind
    assert (error.next_step, error.details, str(error)) == ("", {}, "What.")


def test_codes_are_words_that_never_clash() -> None:
    codes = [kind.value for kind in ErrorKind]
    assert len(set(codes)) == len(codes)
    assert all(re.fullmatch(r"[a-z]+(-[a-z]+)*", code) for code in codes)
    assert [kind.name.lower().replace("_", "-") for kind in ErrorKind] == codes


def test_the_callers_details_are_not_the_errors_own() -> None:
    details = {"row": 1}
    error = DatasetsError("What.", details=details)
    error.details["row"] = 2
    assert details == {"row": 1}
