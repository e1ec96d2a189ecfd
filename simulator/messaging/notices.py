"""Template messages and subscription notices: messages of fixed form that need no conversation."""

from simulator.messaging import balances, blocked, recipients, templates, values
from simulator.messaging.contents import Part, Speaker
from simulator.messaging.recipients import Recipient
from simulator.messaging.templates import Template
from simulator.pushing import acts
from simulator.pushing.acts import Chat
from simulator.world import memory, phone, quotas
from simulator.world.errors import (
    INVALID_ARGUMENTS,
    INVALID_MINI_APP_ID,
    INVALID_PAGE,
    NOT_SUBSCRIBED,
    TEMPLATE_ID_SIZE,
    PlatformError,
)
from simulator.world.phone import Said
from simulator.world.records import Channel, Fields, Push

# The counter of messages by templates that were declared to be marketing, which the platform forbids.
MARKETING = "marketing_templates"
SUCCESS = "success"
BLOCKED = "failed:user block"
STATES = ("developer", "trial", "formal")
LANGUAGES = ("zh_CN", "en_US", "zh_HK", "zh_TW")


def send_template(speaker: Speaker, body: Part) -> tuple[int, Push | None]:
    """Answer `/cgi-bin/message/template/send`: the message id, and the event that tells later what became of it.

    Errcode 40003 receiver, 40036 no template id, 40037 template, 47003 value, 43004 not following, 40166
    mini-program. The same `client_msg_id` for the same person is one message for ten minutes.
    """
    state, account = speaker.state, speaker.account
    recipient = recipients.find(state, account, body.get("touser"))
    if not body.get("template_id"):
        raise PlatformError(TEMPLATE_ID_SIZE)
    template = templates.find(state, account, body["template_id"], "template")
    content = _content(speaker, template, body)
    recipients.check_follower(account, recipient)
    client_id = str(body.get("client_msg_id") or "")
    scope = f"template|{recipient.openid}"
    known = memory.recall(state, account, scope, client_id, seconds=account.limits.template_memory_seconds)
    if client_id and known is not None:
        return known.message_id, None
    with state.atomic():
        message_id = memory.new_message_id()
        if client_id:
            memory.remember(state, account, scope, client_id, message_id)
        status = BLOCKED if recipient.contact.refuses else template.status
        if status == SUCCESS:
            _show(speaker, recipient, template, content, "template")
        if template.marketing:
            quotas.note(state, account, MARKETING)
            blocked.note(state, account, template.template_id, template.title, recipient.openid)
        fields: Fields = {"MsgID": message_id, "Status": status}
        return message_id, acts.event(Chat(state, account, recipient.fan_id), "TEMPLATESENDJOBFINISH", fields)


def send_subscription(speaker: Speaker, body: Part) -> Push:
    """Answer the send of either kind of account; return the event that tells later what became of it.

    Errcode 40003 receiver, 40037 template, 47003 value, 41030 page, 40097 state or language, 43101 refused or
    balance used up.
    """
    state, account = speaker.state, speaker.account
    recipient = recipients.find(state, account, body.get("touser"))
    template = templates.find(state, account, body.get("template_id"), "subscribe")
    if account.kind == "mini":
        _check_mini(speaker, body)
    content = _content(speaker, template, body)
    balance = balances.find(state, account.app_id, recipient.fan_id, template.template_id)
    if not balance.left or recipient.contact.refuses:
        raise PlatformError(NOT_SUBSCRIBED)
    with state.atomic():
        balance.left -= 1
        state.save(balance)
        if template.status == SUCCESS:
            _show(speaker, recipient, template, content, "subscribe")
        if template.marketing:
            quotas.note(state, account, MARKETING)
        item: Fields = {
            "TemplateId": template.template_id,
            "MsgID": str(memory.new_message_id()),
            "ErrorCode": template.error_code,
            "ErrorStatus": template.status,
        }
        fields: Fields = {"SubscribeMsgSentEvent": {"List": [item]}}
        return acts.event(Chat(state, account, recipient.fan_id), "subscribe_msg_sent_event", fields)


def _content(speaker: Speaker, template: Template, body: Part) -> Fields:
    given = values.check(speaker.account.limits, template.keys, body.get("data"))
    rows: list[Fields] = [{"key": key, "name": template.keys[key], "value": value} for key, value in given.items()]
    url = str(body.get("url") or body.get("page") or "")
    return {"title": template.title, "rows": [*rows], "url": url, "miniprogram": _mini_program(speaker, body)}


def _mini_program(speaker: Speaker, body: Part) -> Fields | None:
    given = body.get("miniprogram")
    if not given:
        return None
    linked = speaker.state.accounts.get(str(given.get("appid"))) if isinstance(given, dict) else None
    if linked is None or linked.kind != "mini":
        raise PlatformError(INVALID_MINI_APP_ID)
    page = str(given.get("pagepath", ""))
    _check_page(linked.pages, page)
    return {"app_id": linked.app_id, "page_path": page}


def _check_mini(speaker: Speaker, body: Part) -> None:
    if body.get("miniprogram_state", STATES[-1]) not in STATES or body.get("lang", LANGUAGES[0]) not in LANGUAGES:
        raise PlatformError(INVALID_ARGUMENTS)
    _check_page(speaker.account.pages, str(body.get("page", "")))


def _check_page(pages: list[str], page: str) -> None:
    # Without a page the message cannot be tapped; a query is the page's own business.
    if page and page.split("?", maxsplit=1)[0] not in pages:
        raise PlatformError(INVALID_PAGE)


def _show(speaker: Speaker, recipient: Recipient, template: Template, content: Fields, channel: Channel) -> None:
    app_id = speaker.account.app_id
    said = Said(channel, f"[{template.title}]", content)
    phone.show_sent(speaker.state, app_id, recipient.fan_id, channel=channel, said=said)
