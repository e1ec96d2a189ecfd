"""Whom an account sends something to, and what stands against it."""

from dataclasses import dataclass

from simulator.world import contacts
from simulator.world.contacts import Contact
from simulator.world.errors import (
    INVALID_OPENID,
    RECEIVER_BLACKLISTED,
    REQUIRE_SUBSCRIBE,
    USER_REFUSES,
    PlatformError,
)
from simulator.world.records import Account, Follow, Visit
from simulator.world.state import State


@dataclass(frozen=True, slots=True)
class Recipient:
    """A person as an account knows them; whoever only visited its pages has no follow."""

    fan_id: str
    openid: str
    follow: Follow | None
    contact: Contact


def find(state: State, account: Account, openid: object) -> Recipient:
    """Return whom an openid of this account names; errcode 40003."""
    key = str(openid)
    follow = state.follows_by_openid.get((account.app_id, key))
    known = follow or state.every(Visit).get(f"{account.app_id}|{key}")
    if known is None:
        raise PlatformError(INVALID_OPENID)
    return Recipient(known.fan_id, key, follow, contacts.of_person(state, account.app_id, known.fan_id))


def check_known_follower(account: Account, recipient: Recipient) -> None:
    """Refuse somebody who never followed an official account (43004) or is on its black list (43019)."""
    if account.kind == "official" and recipient.follow is None:
        raise PlatformError(REQUIRE_SUBSCRIBE)
    if recipient.follow is not None and recipient.follow.blacklisted:
        raise PlatformError(RECEIVER_BLACKLISTED)


def check_follower(account: Account, recipient: Recipient) -> None:
    """Refuse somebody who does not follow now, too (43004)."""
    check_known_follower(account, recipient)
    if recipient.follow is not None and not recipient.follow.following:
        raise PlatformError(REQUIRE_SUBSCRIBE)


def check_refusal(recipient: Recipient) -> None:
    """Refuse somebody who switched the account's messages off (48002)."""
    if recipient.contact.refuses:
        raise PlatformError(USER_REFUSES)
