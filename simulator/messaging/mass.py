"""Mass messages: one content for many followers, four times a month for each of them."""

import hashlib
from typing import Any

import orjson

from simulator.messaging import contents, mass_jobs, recipients
from simulator.messaging.contents import OF_MASS, Part, Speaker
from simulator.messaging.mass_jobs import MassJob
from simulator.platform.tags import Tag
from simulator.world import memory, phone, quotas
from simulator.world.errors import (
    CLIENT_ID_EXISTS,
    CLIENT_ID_TOO_FAST,
    CLIENT_ID_TOO_LONG,
    DATA_FORMAT,
    INVALID_ARGUMENTS,
    INVALID_MESSAGE_ID,
    INVALID_OPENID,
    INVALID_OPENID_LIST,
    TAG_INVALID,
    TOO_FEW_OPENIDS,
    PlatformError,
)
from simulator.world.records import Account, Follow, Push
from simulator.world.state import State

SCOPE = "mass"


def send_all(speaker: Speaker, body: Part) -> tuple[dict[str, Any], Push | None]:
    """Answer `/cgi-bin/message/mass/sendall`: everybody, or who carries a tag; errcodes as `_send` has them.

    Errcode 45159 tag, 45028 everybody has been written to four times this month.
    """
    _spend(speaker)
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


def send(speaker: Speaker, body: Part) -> tuple[dict[str, Any], Push | None]:
    """Answer `/cgi-bin/message/mass/send`: 40130 fewer than two openids, 40032 too many, 40003 a foreign one."""
    _spend(speaker)
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
    return {"msg_id": job.message_id, "msg_status": mass_jobs.status_of(speaker.state, speaker.account, job)}


def delete(speaker: Speaker, body: Part) -> None:
    """Take a mass message back while it is fresh; errcode 40059, 40097 too late."""
    job = _job(speaker, body)
    if speaker.state.clock.now() - job.sent_at > speaker.account.limits.mass_delete_seconds:
        raise PlatformError(INVALID_ARGUMENTS)
    job.deleted = True
    speaker.state.save(job)


def _spend(speaker: Speaker) -> None:
    """Count one call against what both endpoints may do together; errcode 45011, 45009."""
    quotas.spend_minute(speaker.state, speaker.account, "mass_sends_minute")
    quotas.spend(speaker.state, speaker.account, "mass_sends")


def _send(
    speaker: Speaker, body: Part, targets: list[Follow], *, to_all: bool = False
) -> tuple[dict[str, Any], Push | None]:
    """Take a job and do it; return the answer and the event that tells later how many it reached.

    A message to all of a protected account waits for the administrator, and there is no event yet. Errcode 40008
    and those of the message type, 45065-45067 client's id, 45028 used up.
    """
    state, account = speaker.state, speaker.account
    client_id = _client_id(body)
    said = contents.read(speaker, body, OF_MASS)
    _check_repeat(state, account, client_id)
    with state.atomic():
        mass_jobs.spend(state, account, to_all=to_all)
        job = mass_jobs.take(state, account, said, targets)
        memory.remember(state, account, SCOPE, client_id, job.message_id)
        waits = to_all and account.send_protection
        push = None if waits else mass_jobs.finish(state, account, job, account.mass_status)
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


def _job(speaker: Speaker, body: Part) -> MassJob:
    job = speaker.state.every(MassJob).get(f"{speaker.account.app_id}|{body.get('msg_id')}")
    if job is None:
        raise PlatformError(INVALID_MESSAGE_ID)
    return job
