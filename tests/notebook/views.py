"""What a browser does with a widget, without a browser."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Future
from typing import Any

import pyarrow as pa

Reply = tuple[dict[str, Any], list[bytes]]


class View:
    """What a browser does with a widget: asks, and waits for the message with the same id."""

    def __init__(self, widget: Any, name: str = "view") -> None:
        self._widget = widget
        self._name = name
        self._asked = 0
        self._replies: dict[str, Future[Reply]] = {}
        self._pass_on = widget.comm.publish_msg
        widget.comm.publish_msg = self._sent

    def ask(self, kind: str, **body: Any) -> Future[Reply]:
        self._asked += 1
        id = f"{self._name}-{self._asked}"
        self._replies[id] = Future()
        self.say({"id": id, "view": self._name, "kind": kind, **body})
        return self._replies[id]

    def say(self, content: Any) -> None:
        data = {"method": "custom", "content": content}
        self._widget.comm.handle_msg({"content": {"data": data}, "buffers": []})

    def content(self, kind: str, **body: Any) -> dict[str, Any]:
        """What the answer says, which must be no error."""
        content, _ = self.ask(kind, **body).result(60)
        assert "error" not in content, content["error"]
        return content

    def page(self, offset: int, limit: int, first: int = 0, count: int = 5, kind: str = "page") -> pa.Table:
        future = self.ask(kind, offset=offset, limit=limit, first_column=first, column_count=count)
        _, buffers = future.result(30)
        return pa.ipc.open_stream(buffers[0]).read_all()

    def error(self, kind: str, **body: Any) -> Mapping[str, Any]:
        content, buffers = self.ask(kind, **body).result(30)
        assert buffers == []
        error: Mapping[str, Any] = content["error"]
        return error

    def _sent(self, msg_type: str, data: Any = None, buffers: Any = None, **rest: Any) -> None:
        content = (data or {}).get("content", {})
        if msg_type == "comm_msg" and content.get("id") in self._replies:
            self._replies[content["id"]].set_result((content, list(buffers or [])))
        else:  # for another view
            self._pass_on(msg_type, data=data, buffers=buffers, **rest)
