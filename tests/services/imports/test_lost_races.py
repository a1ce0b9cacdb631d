"""Imports whose commit comes too late at first: what they staged has been moved into the store by then."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from jupyter_datasets.container import Container
from jupyter_datasets.errors import ConflictError, ErrorKind
from jupyter_datasets.services.imports.models import ImportRequest, Mode
from jupyter_datasets.services.jobs.models import JobStatus
from jupyter_datasets.services.versions.publishing import Publisher
from jupyter_datasets.values import Actor

ACTOR = Actor.local()


@pytest.mark.parametrize("mode", ["replace", "append"])
def test_a_table_with_a_key_is_imported_all_the_same(
    container: Container, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: Mode
) -> None:
    """Its key is checked again, on segments that lie in the store."""
    dataset = container.datasets.create(ACTOR, "trips")
    _import(container, tmp_path, "id,n\n1,1\n", "replace")
    record, lost = Publisher._record, list[bool]()

    def late(self: Publisher, *args: Any, **how: Any) -> Any:
        if not lost:
            lost.append(True)
            raise ConflictError("Somebody was quicker.", kind=ErrorKind.WRITE_CONFLICT)
        return record(self, *args, **how)

    monkeypatch.setattr(Publisher, "_record", late)
    _import(container, tmp_path, "id,n\n2,2\n3,3\n", mode)
    version = container.versions.version(ACTOR, dataset.id, "main")
    assert lost
    assert version.tables[0].rows == (2 if mode == "replace" else 3)


def _import(container: Container, folder: Path, text: str, mode: Mode) -> None:
    file = folder / "trips.csv"
    file.write_text(text)
    request = ImportRequest(path=str(file), table="trips", mode=mode, key=("id",))
    job = container.runner.wait(container.imports.start(ACTOR, "trips", request).id, 60)
    assert (job.status, job.error) == (JobStatus.SUCCEEDED, None)
