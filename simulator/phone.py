"""What people see on their phones."""

from typing import Literal

from simulator.records import Bubble, Push
from simulator.state import State


def show(state: State, push: Push, *, sender: Literal["me", "account", "system"], kind: str, text: str) -> None:
    """Put a line on the person's phone."""
    state.save(
        Bubble(
            number=state.bubble_count + 1,
            app_id=push.app_id,
            fan_id=push.fan_id,
            at=state.clock.now(),
            sender=sender,
            kind=kind,
            text=text,
            push_id=push.push_id,
        )
    )
