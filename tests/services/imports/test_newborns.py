"""Datasets made for imports, on both kinds of catalog."""

from __future__ import annotations

from pathlib import Path

from jupyter_datasets.container import Container
from jupyter_datasets.services.imports.models import ImportRequest
from jupyter_datasets.services.jobs.models import JobStatus
from jupyter_datasets.values import Actor

ACTOR = Actor.local()


def test_a_dataset_goes_with_the_import_that_it_was_made_for(container: Container, tmp_path: Path) -> None:
    """Who waits for the job finds the dataset in the bin."""
    file = tmp_path / "trips.csv"
    file.write_text("a,b\n1,2\n3\n")
    job = container.imports.start(ACTOR, "trips", ImportRequest(path=str(file), table="trips"), create=True)
    assert [dataset.name for dataset in container.datasets.list(ACTOR).items] == ["trips"]
    assert container.runner.wait(job.id, 60).status is JobStatus.FAILED
    assert not container.datasets.list(ACTOR).items
    assert [dataset.id for dataset in container.datasets.bin(ACTOR)] == [job.dataset_id]
