"""Tickets for the signatures of pages, and the check that a phone makes of such a signature."""

import secrets
from typing import Literal

from simulator.world.crypto import sha1_hex
from simulator.world.records import Account, Record
from simulator.world.state import State

Reason = Literal["no_ticket", "wrong_signature", "ticket_expired"]


class Ticket(Record):
    """One ticket of an account; a newer one leaves it alone."""

    value: str
    app_id: str
    expires_at: float

    def key(self) -> str:
        return self.value


def issue(state: State, account: Account) -> Ticket:
    """Make a ticket."""
    expires_at = state.clock.now() + account.limits.ticket_seconds
    ticket = Ticket(value=secrets.token_urlsafe(64), app_id=account.app_id, expires_at=expires_at)
    state.save(ticket)
    return ticket


def fault_of(state: State, account: Account, *, url: str, timestamp: str, nonce: str, signature: str) -> Reason | None:
    """Say what is wrong with the signature of the page at an address, or None; the part behind `#` is not signed."""
    mine = [ticket for ticket in state.every(Ticket).values() if ticket.app_id == account.app_id]
    if not mine:
        return "no_ticket"
    rest = f"noncestr={nonce}&timestamp={timestamp}&url={url.partition('#')[0]}"
    used = next((each for each in mine if sha1_hex(f"jsapi_ticket={each.value}&{rest}") == signature), None)
    if used is None:
        return "wrong_signature"
    return None if state.clock.now() < used.expires_at else "ticket_expired"
