"""Uploads: parts may be lost and sent again; what arrives is what was sent."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from tests.server.answers import Answer
from tests.server.conftest import Ask

BYTES = {"Content-Type": "application/octet-stream"}


async def put(ask: Ask, upload: str, offset: Any, part: bytes, sha256: str | None = None) -> Answer:
    query = {"offset": offset, "sha256": sha256 or hashlib.sha256(part).hexdigest()}
    return await ask("put", f"/uploads/{upload}", part, query=query, headers=BYTES)


async def test_a_file_arrives_in_parts(ask: Ask, store: Path) -> None:
    """Each answer says how far it is; a part out of place, altered or too long changes nothing."""
    begun = await ask("post", "/uploads", {"name": "a.csv", "bytes": 10})
    upload = begun.json["id"]
    assert (begun.status, begun.json["received"]) == (201, 0)
    assert (await put(ask, upload, 0, b"abcd")).json["received"] == 4
    for offset in (0, 3, 5):
        misplaced = await put(ask, upload, offset, b"ef")
        assert (misplaced.status, misplaced.error["details"]["received"]) == (409, 4)
    assert (await put(ask, upload, 4, b"ef", "0" * 64)).status == 400
    assert (await put(ask, upload, 4, b"e" * 7)).status == 400
    assert (await put(ask, upload, -1, b"e")).status == 400
    assert (await ask("get", f"/uploads/{upload}")).json["received"] == 4
    assert (await put(ask, upload, 4, b"efghij")).json["received"] == 10
    assert (await ask("delete", f"/uploads/{upload}")).status == 204
    assert (await ask("get", f"/uploads/{upload}")).status == 404
    assert list((store / "staging").iterdir()) == []


async def test_names_are_no_paths(ask: Ask) -> None:
    """An upload cannot leave its folder."""
    for name in ("../a.csv", "a/b.csv", "..", "", "a\0.csv"):
        assert (await ask("post", "/uploads", {"name": name, "bytes": 1})).status == 400


async def test_a_file_that_is_not_whole_cannot_be_imported(ask: Ask) -> None:
    """The rest comes first."""
    await ask("post", "/datasets", {"name": "trips"})
    upload = (await ask("post", "/uploads", {"name": "a.csv", "bytes": 10})).json["id"]
    found = await ask("post", "/jobs", {"dataset": "trips", "source": {"upload": upload}})
    assert (found.status, found.error["details"]["received"]) == (409, 0)
