"""The event bus."""

from __future__ import annotations

from dataclasses import dataclass

from jupyter_datasets.catalog.events import Event, EventBus


@dataclass(frozen=True, kw_only=True, slots=True)
class Changed(Event):
    name: str


class Other(Event):
    pass


def test_a_listener_hears_its_type_and_derived_ones_in_order():
    bus, heard = EventBus(), []
    bus.subscribe(Changed, heard.append)
    bus.subscribe(Event, lambda event: heard.append(type(event)))
    bus.publish([Changed(name="a"), Other()])
    assert heard == [Changed(name="a"), Changed, Other]


def test_a_failing_listener_is_logged_and_the_next_one_still_hears(caplog):
    bus, heard = EventBus(), []
    bus.subscribe(Changed, lambda _: 1 / 0)
    bus.subscribe(Changed, heard.append)
    bus.publish([Changed(name="a")])
    assert heard == [Changed(name="a")]
    assert "ZeroDivisionError" in caplog.text
