"""What shows an object on its own: the notebook's part, which scripts lack."""

from __future__ import annotations

import pytest

from jupyter_datasets.client import viewers
from jupyter_datasets.errors import ErrorKind, InvalidInputError


def test_a_viewer_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """The one that was registered last."""
    monkeypatch.setattr(viewers, "_viewers", {})
    viewers.register("merge", lambda _: "old")
    viewers.register("merge", lambda value: f"shows {value}")
    assert viewers.view("merge", 7) == "shows 7"


def test_without_a_notebook_there_is_another_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(viewers, "_viewers", {})
    with pytest.raises(InvalidInputError) as caught:
        viewers.view("merge", 7)
    assert caught.value.kind is ErrorKind.MISSING_PACKAGE
    assert "resolve" in caught.value.next_step
