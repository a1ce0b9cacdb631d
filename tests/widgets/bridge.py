"""Widgets of this process in a bare page: their views are the built ones, their comms are function calls."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any

from ipywidgets import Widget
from playwright.sync_api import Page

SCRIPTS = {"DiffView": "diff.js", "History": "history.js", "MergeReview": "merge.js"}
SOURCE = Path(__file__).with_name("bridge.js")
Open = Callable[..., Page]
Reply = tuple[dict[str, Any], list[bytes]]


class Bridge:
    """A widget, and those that it shows in it."""

    def __init__(self, widget: Widget) -> None:
        self._root = widget
        self._widgets: dict[str, Any] = {}
        self._waiting: dict[str, Future[Reply]] = {}

    def show(self, open_page: Open, scheme: str = "light", width: int = 900) -> Page:
        """Show it in a page of some width."""
        page = open_page(f"const ROOT = {json.dumps(self._root.model_id)};\n{SOURCE.read_text()}", scheme, self._serve)
        page.locator("#host").evaluate("(node, width) => { node.style.width = `${width}px`; }", width)
        return page

    def _serve(self, page: Page) -> None:
        page.expose_function("model", self._describe)
        page.expose_function("kernel", self._answer)

    def _describe(self, id: str) -> dict[str, Any]:
        widget = self._root if id == self._root.model_id else _widgets()[id]
        self._widgets[id] = widget
        widget.comm.publish_msg = self._sent
        return {"script": SCRIPTS[type(widget).__name__], "state": _state(widget)}

    def _answer(self, id: str, content: dict[str, Any]) -> dict[str, Any]:
        expected: Future[Reply] = Future()
        asks = content.get("id") is not None and content.get("kind") != "cancel"
        if asks:
            self._waiting[content["id"]] = expected
        data = {"method": "custom", "content": content}
        self._widgets[id].comm.handle_msg({"content": {"data": data}, "buffers": []})
        answer, buffers = expected.result(60) if asks else (None, [])
        states = {id: _state(widget) for id, widget in self._widgets.items()}
        return {"content": answer, "buffers": [base64.b64encode(b).decode() for b in buffers], "states": states}

    def _sent(self, msg_type: str, data: Any = None, buffers: Any = None, **rest: Any) -> None:
        del msg_type, rest
        content = (data or {}).get("content", {})
        if content.get("id") in self._waiting:
            self._waiting.pop(content["id"]).set_result((content, [bytes(each) for each in buffers or []]))


def _widgets() -> dict[str, Any]:
    from ipywidgets.widgets.widget import _instances

    return dict(_instances)


def _state(widget: Any) -> dict[str, Any]:
    return {name: value for name, value in widget.get_state().items() if not name.startswith("_")}
