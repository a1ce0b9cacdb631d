"""What happens in the store is told through Jupyter's own events, after the commit."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from jupyter_datasets.server.events import DATASET, JOB, REFERENCE
from tests.server.conftest import Ask

Told = dict[str, Any]


async def heard(socket: Any) -> tuple[str, Told]:
    """The next event's schema, and what we said in it."""
    event = json.loads(await asyncio.wait_for(socket.read_message(), 60))
    return event["schema_id"], {
        key: value for key, value in event.items() if not key.startswith("__") and key != "schema_id"
    }


async def test_changes_are_heard_by_who_subscribed(ask: Ask, jp_ws_fetch: Callable[..., Any], tmp_path: Path) -> None:
    """Ids only: names and messages are for those who may ask."""
    socket = await jp_ws_fetch("api/events/subscribe")
    made = (await ask("post", "/datasets", {"name": "trips"})).json
    assert await heard(socket) == (DATASET, {"dataset_id": made["id"], "action": "created"})
    (tmp_path / "n.csv").write_text("n\n1\n")
    job = (await ask("post", "/jobs", {"dataset": "trips", "source": {"path": str(tmp_path / "n.csv")}})).json
    assert await heard(socket) == (JOB, {"job_id": job["id"], "status": "queued"})
    schema, moved = await heard(socket)
    head = (await ask("get", "/datasets/trips/commits")).json["items"][0]["id"]
    assert (schema, moved) == (REFERENCE, {"dataset_id": made["id"], "action": "commit", "commit": head})
    assert await heard(socket) == (JOB, {"job_id": job["id"], "status": "succeeded"})
    await ask("delete", "/datasets/trips")
    assert await heard(socket) == (DATASET, {"dataset_id": made["id"], "action": "deleted"})
    socket.close()


async def test_what_was_refused_is_not_told(ask: Ask, jp_ws_fetch: Callable[..., Any]) -> None:
    """Nothing happened."""
    socket = await jp_ws_fetch("api/events/subscribe")
    assert (await ask("post", "/datasets", {"name": "1 bad"})).status == 400
    assert (await ask("post", "/datasets", {"name": "good"})).status == 201
    assert (await heard(socket))[1]["action"] == "created"
    socket.close()
