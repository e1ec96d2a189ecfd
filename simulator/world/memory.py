"""What accounts call their own messages, so that one sent again is not sent twice."""

import secrets

from simulator.world.records import Account, Record
from simulator.world.state import State

MESSAGE_IDS = range(2_000_000_000_000, 3_000_000_000_000)


class Remembered(Record):
    """A message id under a client's own; `tried_at` is when that was last used."""

    app_id: str
    scope: str
    client_id: str
    message_id: int
    at: float
    tried_at: float

    def key(self) -> str:
        return f"{self.app_id}|{self.scope}|{self.client_id}"


def new_message_id() -> int:
    """Return a message id that no other message has."""
    return secrets.choice(MESSAGE_IDS)


def recall(state: State, account: Account, scope: str, client_id: str, *, seconds: float) -> Remembered | None:
    """Return what a client's id stands for if it was first used within that time."""
    found = state.every(Remembered).get(f"{account.app_id}|{scope}|{client_id}")
    return found if found is not None and state.clock.now() - found.at < seconds else None


def remember(state: State, account: Account, scope: str, client_id: str, message_id: int) -> None:
    """Keep a client's id."""
    now = state.clock.now()
    state.save(
        Remembered(app_id=account.app_id, scope=scope, client_id=client_id, message_id=message_id, at=now, tried_at=now)
    )
