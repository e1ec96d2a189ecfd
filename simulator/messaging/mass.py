"""Mass messages: one content for many followers, four times a month for each of them."""

import hashlib
from typing import Any

import orjson

from simulator.messaging import contents, recipients
from simulator.messaging.contents import OF_MASS, Part, Said, Speaker
from simulator.people import acts, phone
from simulator.people.acts import Chat
from simulator.people.contacts import Contact, of_person
from simulator.platform.tags import Tag
from simulator.world import memory, quotas
from simulator.world.errors import (
    CLIENT_ID_EXISTS,
    CLIENT_ID_TOO_FAST,
    CLIENT_ID_TOO_LONG,
    DATA_FORMAT,
    INVALID_ARGUMENTS,
    INVALID_MESSAGE_ID,
    INVALID_OPENID,
    INVALID_OPENID_LIST,
    MASS_USED_UP,
    TAG_INVALID,
    TOO_FEW_OPENIDS,
    PlatformError,
)
from simulator.world.records import Account, Fields, Follow, Push, Record
from simulator.world.state import State

SUCCESS = "send success"
SCOPE = "mass"


class MassJob(Record):
    """A mass message that was taken, as its account may ask about it."""

    app_id: str
    message_id: int
    sent_at: float
    deleted: bool = False

    def key(self) -> str:
        return f"{self.app_id}|{self.message_id}"


def send_all(speaker: Speaker, body: Part) -> tuple[dict[str, Any], Push]:
    """Answer `/cgi-bin/message/mass/sendall`: everybody, or who carries a tag; errcodes as `_send` has them.

    Errcode 45159 tag, 45028 everybody has been written to four times this month.
    """
    spend(speaker)
    state, account = speaker.state, speaker.account
    asked = body.get("filter")
    if not isinstance(asked, dict):
        raise PlatformError(DATA_FORMAT)
    followers = [each for each in state.follows[account.app_id].values() if each.following]
    if asked.get("is_to_all") is True:
        return _send(speaker, body, followers, to_all=True)
    tag_id = asked.get("tag_id")
    tag = state.every(Tag).get(f"{account.app_id}|{tag_id}")
    if tag is None or tag.deleted:
        raise PlatformError(TAG_INVALID)
    return _send(speaker, body, [each for each in followers if tag.tag_id in each.tags])


def send(speaker: Speaker, body: Part) -> tuple[dict[str, Any], Push]:
    """Answer `/cgi-bin/message/mass/send`: 40130 fewer than two openids, 40032 too many, 40003 a foreign one."""
    spend(speaker)
    account = speaker.account
    openids = body.get("touser")
    if not isinstance(openids, list) or not all(isinstance(each, str) for each in openids):
        raise PlatformError(DATA_FORMAT)
    if len(openids) < account.limits.mass_openids_least:
        raise PlatformError(TOO_FEW_OPENIDS)
    if len(openids) > account.limits.mass_openids_most:
        raise PlatformError(INVALID_OPENID_LIST)
    follows = [speaker.state.follows_by_openid.get((account.app_id, each)) for each in dict.fromkeys(openids)]
    known = [each for each in follows if each is not None]
    if len(known) < len(follows):
        raise PlatformError(INVALID_OPENID)
    return _send(speaker, body, known)


def preview(speaker: Speaker, body: Part) -> dict[str, Any]:
    """Answer `/cgi-bin/message/mass/preview`: to one follower, beside every count; errcode 40003, 43004, 43019."""
    recipient = recipients.find(speaker.state, speaker.account, body.get("touser"))
    said = contents.read(speaker, body, OF_MASS)
    recipients.check_follower(speaker.account, recipient)
    phone.show_sent(speaker.state, speaker.account.app_id, recipient.fan_id, channel="preview", said=said)
    return {"errcode": 0, "errmsg": "preview success", "msg_id": memory.new_message_id()}


def get(speaker: Speaker, body: Part) -> dict[str, Any]:
    """Answer `/cgi-bin/message/mass/get`; errcode 40059."""
    job = _job(speaker, body)
    return {"msg_id": job.message_id, "msg_status": "DELETE" if job.deleted else "SEND_SUCCESS"}


def delete(speaker: Speaker, body: Part) -> None:
    """Take a mass message back while it is fresh; errcode 40059, 40097 too late."""
    job = _job(speaker, body)
    if speaker.state.clock.now() - job.sent_at > speaker.account.limits.mass_delete_seconds:
        raise PlatformError(INVALID_ARGUMENTS)
    job.deleted = True
    speaker.state.save(job)


def spend(speaker: Speaker) -> None:
    """Count one call against what both endpoints may do together; errcode 45011, 45009."""
    quotas.spend_minute(speaker.state, speaker.account, "mass_sends_minute")
    quotas.spend(speaker.state, speaker.account, "mass_sends")


def _send(speaker: Speaker, body: Part, targets: list[Follow], *, to_all: bool = False) -> tuple[dict[str, Any], Push]:
    """Take a job and do it; return the answer and the event that tells later how many it reached.

    Errcode 40008 and those of the message type, 45065-45067 client's id, 45028 the month's messages to all. Who
    refuses messages, is on the black list, has left, or had four this month is filtered out (official text).
    """
    state, account = speaker.state, speaker.account
    client_id = _client_id(body)
    said = contents.read(speaker, body, OF_MASS)
    _check_repeat(state, account, client_id)
    with state.atomic():
        if to_all:
            quotas.spend_month(state, account, "mass_month_to_all", errcode=MASS_USED_UP)
        job = MassJob(app_id=account.app_id, message_id=memory.new_message_id(), sent_at=state.clock.now())
        state.save(job)
        memory.remember(state, account, SCOPE, client_id, job.message_id)
        ready = [follow for follow in targets if _may_receive(state, account, follow)]
        reached = ready if account.mass_status == SUCCESS else []
        for follow in reached:
            _deliver(state, account, follow, said)
        fields: Fields = {
            "MsgID": job.message_id,
            "Status": account.mass_status,
            "TotalCount": len(targets),
            "FilterCount": len(ready),
            "SentCount": len(reached),
            "ErrorCount": len(ready) - len(reached),
            "CopyrightCheckResult": {"Count": 0, "ResultList": "", "CheckState": 1},
        }
        push = acts.event(Chat(state, account), "MASSSENDJOBFINISH", fields)
    answer = {
        "errcode": 0,
        "errmsg": "send job submission success",
        "msg_id": job.message_id,
        "msg_data_id": job.message_id,
    }
    return answer, push


def _client_id(body: Part) -> str:
    given = body.get("clientmsgid")
    if given:
        return str(given)
    # Without one the platform makes it from whom the message is for and what it says.
    return hashlib.md5(orjson.dumps(body, option=orjson.OPT_SORT_KEYS), usedforsecurity=False).hexdigest()


def _check_repeat(state: State, account: Account, client_id: str) -> None:
    limits = account.limits
    if len(client_id.encode()) > limits.client_id_bytes:
        raise PlatformError(CLIENT_ID_TOO_LONG)
    known = memory.recall(state, account, SCOPE, client_id, seconds=limits.client_id_seconds)
    if known is None:
        return
    now = state.clock.now()
    too_fast = now - known.tried_at < limits.client_id_retry_seconds
    known.tried_at = now
    state.save(known)
    if too_fast:
        raise PlatformError(CLIENT_ID_TOO_FAST)
    raise PlatformError(CLIENT_ID_EXISTS, None, msg_id=known.message_id)


def _may_receive(state: State, account: Account, follow: Follow) -> bool:
    contact = of_person(state, account.app_id, follow.fan_id)
    if not follow.following or follow.blacklisted or contact.refuses:
        return False
    return _received(state, contact) < account.limits.mass_month_per_user


def _deliver(state: State, account: Account, follow: Follow, said: Said) -> None:
    contact = of_person(state, account.app_id, follow.fan_id)
    contact.mass_count = _received(state, contact) + 1
    contact.mass_month = quotas.month(state)
    state.save(contact)
    phone.show_sent(state, account.app_id, follow.fan_id, channel="mass", said=said)


def _received(state: State, contact: Contact) -> int:
    return contact.mass_count if contact.mass_month == quotas.month(state) else 0


def _job(speaker: Speaker, body: Part) -> MassJob:
    job = speaker.state.every(MassJob).get(f"{speaker.account.app_id}|{body.get('msg_id')}")
    if job is None:
        raise PlatformError(INVALID_MESSAGE_ID)
    return job
