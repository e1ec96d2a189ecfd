"""What people see on their phones."""

from dataclasses import dataclass
from typing import Literal

from simulator.world.records import Bubble, Channel, Fields, Push
from simulator.world.state import State

Sender = Literal["me", "account", "system"]


@dataclass(frozen=True, slots=True)
class Said:
    """A message as phones show it."""

    kind: str
    text: str
    content: Fields


def show(state: State, push: Push, *, sender: Sender, kind: str, text: str, content: Fields | None = None) -> None:
    """Put a line of the conversation on the person's phone."""
    _save(state, push.app_id, push.fan_id, sender=sender, kind=kind, text=text, content=content, push_id=push.push_id)


def show_sent(state: State, app_id: str, fan_id: str, *, channel: Channel, said: Said) -> None:
    """Put what an account sent through one of its channels on a person's phone."""
    _save(
        state,
        app_id,
        fan_id,
        sender="account",
        kind=said.kind,
        text=said.text,
        content=said.content,
        channel=channel,
    )


def sent(state: State, app_id: str) -> list[Bubble]:
    """Return what an account sent to people beyond answering their pushes; previews are no sends."""
    lines = (each for (owner, _), bubbles in state.bubbles.items() if owner == app_id for each in bubbles)
    return [bubble for bubble in lines if bubble.channel not in ("pushed", "preview")]


def _save(
    state: State,
    app_id: str,
    fan_id: str,
    *,
    sender: Sender,
    kind: str,
    text: str,
    content: Fields | None,
    channel: Channel = "pushed",
    push_id: str = "",
) -> None:
    state.save(
        Bubble(
            number=state.bubble_count + 1,
            app_id=app_id,
            fan_id=fan_id,
            at=state.clock.now(),
            sender=sender,
            kind=kind,
            text=text,
            content=content if content is not None else {"text": text},
            channel=channel,
            push_id=push_id,
        )
    )
