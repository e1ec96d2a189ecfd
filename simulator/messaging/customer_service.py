"""Customer-service messages: what an account may say while a conversation is fresh."""

from simulator.messaging import contents, recipients
from simulator.messaging.contents import OF_MINI, OF_OFFICIAL, Part, Speaker
from simulator.world import contacts, phone
from simulator.world.errors import INVALID_COMMAND, TYPING_ALREADY, TYPING_TOO_LATE, PlatformError


def send(speaker: Speaker, body: Part) -> None:
    """Answer `/cgi-bin/message/custom/send`.

    Errcode 40003 receiver, 40008 and those of the message type, 43004 never followed, 43019 on the black list,
    48002 refuses messages, 45015 outside every window (an unfollow closes them), 45047 count used up.
    """
    state, account = speaker.state, speaker.account
    recipient = recipients.find(state, account, body.get("touser"))
    said = contents.read(speaker, body, OF_MINI if account.kind == "mini" else OF_OFFICIAL)
    recipients.check_known_follower(account, recipient)
    recipients.check_refusal(recipient)
    contacts.check_window(state, account, recipient.contact)
    with state.atomic():
        contacts.spend(state, recipient.contact)
        phone.show_sent(state, account.app_id, recipient.fan_id, channel="custom", said=said)


def set_typing(speaker: Speaker, body: Part) -> None:
    """Answer `/cgi-bin/message/custom/typing`; errcode 45072 command, 45080 nothing written lately, 45081 shown."""
    state, limits = speaker.state, speaker.account.limits
    contact = recipients.find(state, speaker.account, body.get("touser")).contact
    now = state.clock.now()
    if body.get("command") not in ("Typing", "CancelTyping"):
        raise PlatformError(INVALID_COMMAND)
    if now - contact.wrote_at > limits.typing_after_message_seconds:
        raise PlatformError(TYPING_TOO_LATE)
    if body["command"] == "Typing" and now < contact.typing_until:
        raise PlatformError(TYPING_ALREADY)
    contact.typing_until = now + limits.typing_shown_seconds if body["command"] == "Typing" else 0
    state.save(contact)
