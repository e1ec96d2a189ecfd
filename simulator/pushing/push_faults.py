"""Trouble on the way to the push URL, switched on for an account."""

import base64
from typing import Literal, get_args

from simulator.pushing import deliveries, messages
from simulator.pushing.deliveries import Outgoing
from simulator.world import crypto
from simulator.world.records import Account, Fields, Push, Record
from simulator.world.state import State

Damage = Literal["bad_signature", "bad_plain_signature", "wrong_app_id", "truncated", "padded", "stale", "not_utf8"]
PushFaultKind = Literal["duplicate", "reorder", "burst", "drop", Damage]
HOLDING: tuple[PushFaultKind, ...] = ("burst", "reorder")

STALE_SECONDS = 3_600
PAIR = 2
OTHER_APP_ID = "wx00000000deadbeef"
OTHER_ORIGINAL_ID = "gh_00000000dead"


class PushFault(Record):
    """One switch; `times` counts down pushes, or deliveries where they are damaged, and None goes on for ever."""

    app_id: str
    kind: PushFaultKind
    times: int | None = None

    def key(self) -> str:
        return f"{self.app_id}|{self.kind}"

    @property
    def gathers(self) -> int | None:
        """How many pushes a holding fault holds back before it lets go; None is until it is switched off."""
        return PAIR if self.times is None and self.kind == "reorder" else self.times


def of_account(state: State, app_id: str) -> list[PushFault]:
    """Return what is switched on for an account."""
    return [fault for fault in state.every(PushFault).values() if fault.app_id == app_id]


def find(state: State, app_id: str, kind: str) -> PushFault | None:
    """Return one switch of an account if it is on."""
    return state.every(PushFault).get(f"{app_id}|{kind}")


def take(state: State, app_id: str, kind: str) -> bool:
    """Use a fault once; False when it is not switched on."""
    fault = find(state, app_id, kind)
    if fault is None:
        return False
    if fault.times is not None:
        fault.times -= 1
        if fault.times:
            state.save(fault)
        else:
            state.drop(fault)
    return True


def take_damage(state: State, app_id: str) -> Damage | None:
    """Use one of the faults that damage a delivery, if any is switched on."""
    return next((kind for kind in get_args(Damage) if take(state, app_id, kind)), None)


def damaged(account: Account, push: Push, timestamp: int, damage: Damage) -> Outgoing:
    """Return a push as nobody should accept it; where the damage allows it, the signature is right."""
    match damage:
        case "bad_signature":
            sealed = account.mode != "plain"
            request = _outgoing(account, push, timestamp, damage)
            return _with_foreign(request, "msg_signature" if sealed else "signature")
        case "bad_plain_signature":
            # What encrypts may look at the other signature only.
            return _with_foreign(_outgoing(account, push, timestamp, damage), "signature")
        case "stale":
            return _outgoing(account, push, timestamp - STALE_SECONDS, damage)
        case _ if account.mode == "plain":
            query = deliveries.push_query(account.keys, push.openid, timestamp, None)
            return Outgoing(query, _damaged_content(account, push.fields, damage), account.keys, damage)
        case _:
            encrypted = _damaged_cipher(account, push.fields, damage)
            query = deliveries.push_query(account.keys, push.openid, timestamp, encrypted)
            body = messages.body(account, push.fields, encrypted)
            return Outgoing(query, body.encode(), account.keys, damage)


def _outgoing(account: Account, push: Push, timestamp: int, fault: str) -> Outgoing:
    request = deliveries.sign(account, push, timestamp)
    return Outgoing(request.query, request.body.encode(), account.keys, fault)


def _with_foreign(request: Outgoing, name: str) -> Outgoing:
    foreign = {name: crypto.sha1_hex(request.query[name])}
    return Outgoing(request.query | foreign, request.body, request.keys, request.fault)


def _damaged_content(account: Account, fields: Fields, damage: str) -> bytes:
    if damage == "wrong_app_id":
        # A clear push names no app id; this one is for another account.
        return messages.write(account.push_format, {**fields, "ToUserName": OTHER_ORIGINAL_ID}).encode()
    content = messages.write(account.push_format, fields).encode()
    if damage == "truncated":
        return content[: len(content) // 2]
    if damage == "padded":
        return content + bytes(crypto.BLOCK)
    return _not_utf8(content, fields)


def _damaged_cipher(account: Account, fields: Fields, damage: str) -> str:
    key = account.keys.aes_key
    content = messages.write(account.push_format, fields).encode()
    if damage == "wrong_app_id":
        return crypto.encrypt(key, OTHER_APP_ID, content)
    if damage == "not_utf8":
        return crypto.encrypt(key, account.app_id, _not_utf8(content, fields))
    if damage == "truncated":
        sealed = base64.b64decode(crypto.encrypt(key, account.app_id, content))
        return base64.b64encode(sealed[: len(sealed) // 2 + 1]).decode()
    # No text ends in a padding of zero bytes.
    clear = crypto.envelope(account.app_id, content)
    return crypto.seal(key, clear + bytes(crypto.BLOCK - len(clear) % crypto.BLOCK))


def _not_utf8(content: bytes, fields: Fields) -> bytes:
    sender = str(fields["FromUserName"]).encode()
    return content.replace(sender, sender[:-1] + b"\xff")
