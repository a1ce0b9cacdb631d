from __future__ import annotations

import json

import pytest

from jupyter_datasets.errors import DatasetsError, ErrorKind, JobFailedError, StorageError, error_classes
from jupyter_datasets.wire import error_from_json, error_to_json


@pytest.mark.parametrize("cls", error_classes().values(), ids=lambda cls: cls.__name__)
def test_every_error_survives_json(cls: type[DatasetsError]) -> None:
    error = cls("What.", kind=ErrorKind.STORAGE_FULL, next_step="Next.", details={"row": 1})
    back = error_from_json(json.loads(json.dumps(error_to_json(error))))
    assert type(back) is cls
    assert (back.message, back.kind, back.next_step, back.details) == ("What.", error.kind, "Next.", {"row": 1})


def test_an_error_of_a_newer_program_becomes_one_that_is_known() -> None:
    error = error_from_json({"class": "NewError", "kind": "new-kind", "message": "New."})
    assert (type(error), error.kind, error.message) == (JobFailedError, ErrorKind.JOB_FAILED, "New.")
    error = error_from_json({"class": "StorageError", "kind": "new-kind", "message": "New."})
    assert (type(error), error.kind) == (StorageError, ErrorKind.STORAGE_IO)
