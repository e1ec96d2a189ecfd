"""Messages of every kind that people write to an account."""

from simulator.messaging import media
from simulator.messaging.media import FileKind, Media
from simulator.people import fans
from simulator.people.act_schemas import (
    LinkSent,
    LocationSent,
    MiniProgramPageSent,
    PictureSent,
    Place,
    SendIn,
    TextSent,
    VideoSent,
    VoiceSent,
)
from simulator.pushing import acts
from simulator.pushing.acts import Chat, Shown
from simulator.world.records import Fields, Push


def send(chat: Chat, body: SendIn) -> Push:
    """Write a message; 409 not_following, because only a follower's chat has a field to write in."""
    fans.check_in_chat(chat)
    push: Push
    match body:
        case TextSent():
            push = _text(chat, body)
        case PictureSent():
            push = picture(chat, body.media_id)
        case VoiceSent():
            push = _voice(chat, body)
        case VideoSent():
            push = _video(chat, body)
        case LocationSent():
            push = location(chat, body.place())
        case LinkSent():
            push = _link(chat, body)
        case MiniProgramPageSent():
            push = _page(chat, body)
    return push


def picture(chat: Chat, media_id: str | None) -> Push:
    """Send a picture that the account's files hold, or one just taken."""
    file = _file(chat, "image", media_id)
    address = media.address(chat.base, file.media_id)
    content: Fields = {"media_id": file.media_id, "url": address}
    return acts.message(chat, "image", {"PicUrl": address, "MediaId": file.media_id}, Shown("[图片]", content))


def location(chat: Chat, place: Place) -> Push:
    """Send a place on the map."""
    fields: Fields = {
        "Location_X": place.latitude,
        "Location_Y": place.longitude,
        "Scale": place.scale,
        "Label": place.label,
    }
    return acts.message(chat, "location", fields, Shown(f"[位置] {place.label}".strip(), place.model_dump()))


def _text(chat: Chat, body: TextSent) -> Push:
    fields: Fields = {"Content": body.text}
    fields |= {} if body.msgmenu_id is None else {"bizmsgmenuid": body.msgmenu_id}
    # A tap on an item of a menu message counts as one on the menu (official text).
    action = "message" if body.msgmenu_id is None or chat.account.kind == "mini" else "menu"
    return acts.message(chat, "text", fields, Shown(body.text, {"text": body.text}, action))


def _voice(chat: Chat, body: VoiceSent) -> Push:
    file = _file(chat, "voice", body.media_id)
    fields: Fields = {"MediaId": file.media_id, "Format": body.format, "Recognition": body.recognition}
    content: Fields = {
        "media_id": file.media_id,
        "url": media.address(chat.base, file.media_id),
        "recognition": body.recognition,
    }
    return acts.message(chat, "voice", fields, Shown(f"[语音] {body.recognition}".strip(), content))


def _video(chat: Chat, body: VideoSent) -> Push:
    file = _file(chat, "video", body.media_id)
    thumb = _file(chat, "thumb", body.thumb_media_id)
    fields: Fields = {"MediaId": file.media_id, "ThumbMediaId": thumb.media_id}
    content: Fields = {
        "media_id": file.media_id,
        "url": media.address(chat.base, file.media_id),
        "thumb_url": media.address(chat.base, thumb.media_id),
    }
    return acts.message(chat, body.msgtype, fields, Shown("[视频]", content))


def _link(chat: Chat, body: LinkSent) -> Push:
    fields: Fields = {"Title": body.title, "Description": body.description, "Url": body.url}
    content: Fields = {"title": body.title, "description": body.description, "url": body.url}
    return acts.message(chat, "link", fields, Shown(f"[链接] {body.title}", content))


def _page(chat: Chat, body: MiniProgramPageSent) -> Push:
    thumb = _file(chat, "thumb", body.thumb_media_id)
    address = media.address(chat.base, thumb.media_id)
    fields: Fields = {
        "Title": body.title,
        "AppId": body.page_app_id,
        "PagePath": body.page_path,
        "ThumbUrl": address,
        "ThumbMediaId": thumb.media_id,
    }
    content: Fields = {
        "title": body.title,
        "app_id": body.page_app_id,
        "page_path": body.page_path,
        "thumb_url": address,
    }
    return acts.message(chat, "miniprogrampage", fields, Shown(f"[小程序] {body.title}", content))


def _file(chat: Chat, kind: FileKind, media_id: str | None) -> Media:
    if media_id is None:
        return media.sample(chat.state, chat.account, kind)
    return media.of_phone(chat.state, chat.account, media_id, kind)
