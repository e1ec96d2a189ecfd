"""How far an account may write to a person: the customer-service windows, and what the person refuses."""

from pydantic import BaseModel, Field

from simulator.world import quotas
from simulator.world.errors import COUNT_USED_UP, OUTSIDE_WINDOW, PlatformError
from simulator.world.records import Account, Record
from simulator.world.state import State

# The counter of messages that were tried outside the window.
REFUSED = "refused_outside_window"
ACTIONS = {
    "official": {
        "CLICK": "menu",
        "scancode_push": "menu",
        "scancode_waitmsg": "menu",
        "subscribe": "follow",
        "SCAN": "scan",
    },
    "mini": {"user_enter_tempsession": "enter"},
}


class Allowance(BaseModel):
    """What one kind of action still allows: so many messages until a platform time."""

    remaining: int
    until: float


class Contact(Record):
    """A person at an account: windows by action, mass messages of a month, switches of the phone."""

    app_id: str
    fan_id: str
    windows: dict[str, Allowance] = Field(default_factory=dict)
    wrote_at: float = 0
    typing_until: float = 0
    refuses: bool = False
    mass_month: str = ""
    mass_count: int = 0

    def key(self) -> str:
        return f"{self.app_id}|{self.fan_id}"


def of_person(state: State, app_id: str, fan_id: str) -> Contact:
    """Return what is known of a person at an account, or a blank that is not saved yet."""
    blank = Contact(app_id=app_id, fan_id=fan_id)
    return state.every(Contact).get(blank.key(), blank)


def open_window(state: State, account: Account, fan_id: str, action: str) -> None:
    """Set what an action allows to its maximum in count and time; quotas of actions never add up."""
    contact = of_person(state, account.app_id, fan_id)
    now = state.clock.now()
    most = getattr(account.limits, f"window_{action}")
    if most:
        until = now + getattr(account.limits, f"window_{action}_seconds")
        contact.windows[action] = Allowance(remaining=most, until=until)
    if action == "message":
        contact.wrote_at = now
    state.save(contact)


def close_windows(state: State, account: Account, fan_id: str) -> None:
    """Allow nothing more: the person has left."""
    contact = of_person(state, account.app_id, fan_id)
    contact.windows = {}
    state.save(contact)


def window(state: State, app_id: str, fan_id: str) -> tuple[int, float | None]:
    """Return how many messages may be sent now, and until when at the latest one may."""
    usable = [each for each in _open(state, of_person(state, app_id, fan_id)) if each.remaining]
    remaining = max((each.remaining for each in usable), default=0)
    return remaining, max((each.until for each in usable), default=None)


def check_window(state: State, account: Account, contact: Contact) -> None:
    """Refuse a message outside every window (45015) or beyond the count (45047), and count that one was tried."""
    windows = _open(state, contact)
    if any(each.remaining for each in windows):
        return
    quotas.note(state, account, REFUSED)
    raise PlatformError(COUNT_USED_UP if windows else OUTSIDE_WINDOW)


def spend(state: State, contact: Contact) -> None:
    """Count one message against every open window: it would otherwise add up what two actions allow."""
    for each in _open(state, contact):
        each.remaining = max(each.remaining - 1, 0)
    contact.typing_until = 0
    state.save(contact)


def _open(state: State, contact: Contact) -> list[Allowance]:
    now = state.clock.now()
    return [each for each in contact.windows.values() if now < each.until]
