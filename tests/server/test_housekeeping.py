"""Housekeeping through the server that holds the store."""

from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_datasets.services.housekeeping import backups
from tests.server.conftest import Ask


async def _delete_dataset(ask: Ask) -> None:
    await ask("post", "/datasets", {"name": "trips"})
    await ask("delete", "/datasets/trips")


async def test_the_store_can_be_checked(ask: Ask) -> None:
    """One dataset or everything; an unknown one is not found."""
    await ask("post", "/datasets", {"name": "trips"})
    for body in ({}, {"dataset": "trips"}, {"repair": True}):
        found = await ask("post", "/housekeeping/fsck", body)
        assert (found.status, {check["status"] for check in found.json["checks"]}) == (200, {"ok"})
    assert (await ask("post", "/housekeeping/fsck", {"dataset": "nothing"})).status == 404


async def test_the_bin_can_be_emptied_and_the_rest_collected(ask: Ask) -> None:
    await _delete_dataset(ask)
    assert (await ask("post", "/housekeeping/empty-bin", {})).json == {"datasets": []}
    assert (await ask("post", "/housekeeping/empty-bin", {"older_than_days": 0.0})).json == {"datasets": ["trips"]}
    found = await ask("post", "/housekeeping/gc", {"dry_run": True, "grace_hours": 0.0})
    assert (found.status, found.json["dry_run"]) == (200, True)
    assert (await ask("post", "/housekeeping/gc", {"grace_hours": -1.0})).status == 400


async def test_a_backup_is_made_while_the_server_runs(ask: Ask, tmp_path: Path) -> None:
    """The folder is on the server's machine; a relative one would depend on where the server was started."""
    await ask("post", "/datasets", {"name": "trips"})
    folder = tmp_path / "backup"
    found = await ask("post", "/housekeeping/backup", {"folder": str(folder)})
    assert (found.status, found.json["datasets"]) == (200, 1)
    assert backups.restore(folder, tmp_path / "restored").datasets == 1
    assert (await ask("post", "/housekeeping/backup", {"folder": "backup"})).status == 400


@pytest.mark.parametrize("path", ["fsck", "gc", "empty-bin", "backup"])
async def test_what_is_not_understood_is_refused(ask: Ask, path: str) -> None:
    assert (await ask("post", f"/housekeeping/{path}", {"surprise": 1})).status == 400
