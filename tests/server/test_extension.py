"""The extension as Jupyter sees it: enabled by installation, quick to load, heard by its events."""

from __future__ import annotations

import asyncio
import json
import os
import re
import subprocess
import sys
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from jupyter_datasets.server.events import DATASET, REFERENCE
from tests.server.conftest import Ask
from tests.server.test_edits import ARROW, NUMBERS

LOADS = """
import jupyter_server.serverapp, sys
before = set(sys.modules)
import jupyter_datasets.server.app
print({"duckdb", "pyarrow", "sqlalchemy"} & (set(sys.modules) - before))
"""


def test_the_file_that_installation_copies_enables_it(tmp_path: Path) -> None:
    """``jupyter server extension list`` says OK."""
    enabling = files("jupyter_datasets").joinpath("server/config/jupyter_datasets.json").read_text("utf-8")
    assert json.loads(enabling) == {"ServerApp": {"jpserver_extensions": {"jupyter_datasets": True}}}
    folder = tmp_path / "jupyter_server_config.d"
    folder.mkdir()
    (folder / "jupyter_datasets.json").write_text(enabling)
    command = [sys.executable, "-m", "jupyter_server.extension.serverextension", "list"]
    ended = subprocess.run(
        command, env={**os.environ, "JUPYTER_CONFIG_DIR": str(tmp_path)}, capture_output=True, text=True, check=True
    )
    said = re.sub(r"\x1b\[\d*m", "", ended.stdout + ended.stderr)
    assert re.search(r"jupyter_datasets enabled", said)
    assert re.search(r"jupyter_datasets \S+ OK", said)


def test_loading_brings_no_database() -> None:
    """DuckDB, Arrow and SQLAlchemy are loaded in a thread, after the server's start."""
    ended = subprocess.run([sys.executable, "-c", LOADS], capture_output=True, text=True, check=True)
    assert ended.stdout.strip() == "set()"


async def test_changes_are_told_by_events_with_ids_only(
    ask: Ask, jp_serverapp: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After the commit, to everybody who listens."""
    monkeypatch.setenv("JUPYTER_DATASETS_URL", "")
    monkeypatch.setenv("JUPYTER_DATASETS_TOKEN", "")
    heard: list[tuple[str, dict[str, Any]]] = []

    async def listen(logger: Any, schema_id: str, data: dict[str, Any]) -> None:  # noqa: ARG001  # given by jupyter_events
        heard.append((schema_id, data))

    await jp_serverapp.web_app.settings["jupyter_datasets"]._start_jupyter_server_extension(jp_serverapp)
    for schema in (DATASET, REFERENCE):
        jp_serverapp.event_logger.add_listener(schema_id=schema, listener=listen)
    dataset = (await ask("post", "/datasets", {"name": "trips"})).json["id"]
    edit = (await ask("post", "/datasets/trips/edits", {})).json["id"]
    await ask("put", f"/datasets/trips/edits/{edit}/tables/trips", NUMBERS, headers=ARROW)
    commit = (await ask("post", f"/datasets/trips/edits/{edit}/commit", {})).json["commit"]["id"]
    while len(heard) < 2:
        await asyncio.sleep(0.01)
    assert heard == [
        (DATASET, {"dataset_id": dataset, "action": "created"}),
        (REFERENCE, {"dataset_id": dataset, "action": "commit", "commit": commit}),
    ]
