"""People allow and refuse subscription notices: in a dialog, and in the settings of a chat."""

from simulator.messaging import balances, templates
from simulator.people import fans
from simulator.pushing import acts
from simulator.pushing.acts import Chat
from simulator.world.errors import ControlError
from simulator.world.records import Fields, Push

POPUP_TAG = "SubscribeMsgPopupEvent"
CHANGE_TAG = "SubscribeMsgChangeEvent"


def answer_dialog(chat: Chat, template_ids: list[str], accept: list[str], scene: str) -> Push:
    """Answer the dialog: each allowed template grants one more notice; 404 template_unknown, 409 not_following."""
    if len(template_ids) > chat.account.limits.subscribe_dialog_templates:
        raise ControlError(409, "too_many_templates", "the dialog does not ask about that many templates")
    _check(chat, template_ids)
    items: list[Fields] = []
    with chat.state.atomic():
        for template_id in template_ids:
            answer = "accept" if template_id in accept else "reject"
            if answer == "accept":
                _set(chat, template_id, more=1)
            items.append({"TemplateId": template_id, "SubscribeStatusString": answer, "PopupScene": scene})
        fields: Fields = {POPUP_TAG: {"List": [*items]}}
        text = f"订阅通知：允许 {len(accept)} 项，拒绝 {len(template_ids) - len(accept)} 项"
        return acts.event(chat, "subscribe_msg_popup_event", fields, text=text)


def switch_off(chat: Chat, template_ids: list[str]) -> Push:
    """Switch templates off in the chat's settings, which forgets what was allowed; 404, 409 not_following."""
    _check(chat, template_ids)
    items: list[Fields] = [{"TemplateId": each, "SubscribeStatusString": "reject"} for each in template_ids]
    with chat.state.atomic():
        for template_id in template_ids:
            _set(chat, template_id, more=None)
        # The sample on the official page carries the tag of the other event.
        tag = POPUP_TAG if chat.account.wrong_change_tag else CHANGE_TAG
        fields: Fields = {tag: {"List": [*items]}}
        text = f"订阅通知：关闭 {len(template_ids)} 项"
        return acts.event(chat, "subscribe_msg_change_event", fields, text=text)


def _check(chat: Chat, template_ids: list[str]) -> None:
    fans.check_in_chat(chat)
    for template_id in template_ids:
        templates.subscription(chat.state, chat.account, template_id)


def _set(chat: Chat, template_id: str, *, more: int | None) -> None:
    balance = balances.find(chat.state, chat.account.app_id, chat.fan_id, template_id)
    balance.left = 0 if more is None else balance.left + more
    chat.state.save(balance)
