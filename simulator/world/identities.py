"""Who a person is to an account and to an open platform, and when the person was there last."""

import base64
import hashlib

from simulator.world.records import Account, Visit
from simulator.world.state import State

ID_CHARACTERS = 27


def openid_of(app_id: str, fan_id: str) -> str:
    """Return "o" and 27 characters that this person always has at this account."""
    return _identifier("openid", app_id, fan_id)


def unionid_of(open_platform: str, fan_id: str) -> str:
    """Return "o" and 27 characters that this person has at every account of this open platform."""
    return _identifier("unionid", open_platform, fan_id)


def visit(state: State, account: Account, fan_id: str) -> str:
    """Remember that a person is here now; return the openid."""
    openid = openid_of(account.app_id, fan_id)
    state.save(Visit(app_id=account.app_id, fan_id=fan_id, openid=openid, at=state.clock.now()))
    return openid


def _identifier(*parts: str) -> str:
    digest = hashlib.sha256("\0".join(parts).encode()).digest()
    return "o" + base64.urlsafe_b64encode(digest).decode()[:ID_CHARACTERS]
