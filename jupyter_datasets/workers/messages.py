"""The messages between parent and child: JSON lines."""

from __future__ import annotations

import json
from typing import Any, TypeAlias

Message: TypeAlias = dict[str, Any]


def encode(message: Message) -> bytes:
    """The message as one line."""
    return json.dumps(message).encode() + b"\n"


class Inbox:
    """Puts messages together from the pieces in which a pipe delivers them."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def feed(self, data: bytes) -> list[Message]:
        """Take a piece in; the messages that are complete now."""
        *lines, rest = data.split(b"\n")
        if not lines:
            self._pieces.append(rest)
            return []
        lines[0] = b"".join([*self._pieces, lines[0]])
        self._pieces = [rest]
        return [json.loads(line) for line in lines]
