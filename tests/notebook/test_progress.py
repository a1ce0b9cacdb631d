"""Progress in a cell is one display, whenever Ctrl-C comes."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from IPython.core import display_functions

from jupyter_datasets.notebook.progress import Line
from jupyter_datasets.services.jobs.models import Job, JobStatus, Progress


def test_a_line_interrupted_as_it_first_shows_ends_in_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    """The front end has it by then: another display would leave the first one as if work went on."""
    sent: list[tuple[str, str]] = []

    def display(_: object, *, display_id: str) -> None:
        sent.append(("display", display_id))
        raise KeyboardInterrupt

    monkeypatch.setattr(display_functions, "display", display)
    monkeypatch.setattr(display_functions, "update_display", lambda _, display_id: sent.append(("update", display_id)))
    line = Line("Query")
    with pytest.raises(KeyboardInterrupt):
        line.update(_running())
    line.close()
    (_, shown), (_, ended) = sent
    assert [how for how, _ in sent] == ["display", "update"]
    assert shown == ended


def _running() -> Job:
    return Job(
        id="query",
        kind="query",
        title="Query",
        status=JobStatus.RUNNING,
        params={},
        progress=Progress(stage="running"),
        created_by="",
        created=datetime.now(UTC),
    )
