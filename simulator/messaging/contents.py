"""What an account may say: the message types of its sending endpoints, read as phones show them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from simulator.messaging import drafts, media
from simulator.messaging.media import FileKind
from simulator.world.errors import (
    CONTENT_TOO_LONG,
    DATA_FORMAT,
    EMPTY_CONTENT,
    INVALID_ARGUMENT,
    INVALID_MESSAGE_TYPE,
    INVALID_MINI_APP_ID,
    TOO_MANY_ARTICLES,
    PlatformError,
)
from simulator.world.phone import Said
from simulator.world.records import Account, Fields
from simulator.world.state import State

Part = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Speaker:
    """Whose messages are read, and the address under which phones find their pictures."""

    state: State
    account: Account
    base: str


def read(speaker: Speaker, body: Part, types: dict[str, Callable[[Speaker, Part], Said]]) -> Said:
    """Read a message of one of the types; errcode 40008 type, 47001 shape, and those of the type."""
    msgtype = body.get("msgtype")
    if not isinstance(msgtype, str) or msgtype not in types:
        raise PlatformError(INVALID_MESSAGE_TYPE)
    part = body.get(msgtype)
    if not isinstance(part, dict):
        raise PlatformError(DATA_FORMAT)
    return types[msgtype](speaker, part)


def _text(speaker: Speaker, part: Part) -> Said:
    content = part.get("content")
    if not isinstance(content, str) or not content:
        raise PlatformError(EMPTY_CONTENT)
    if len(content.encode()) > speaker.account.limits.custom_text_bytes:
        raise PlatformError(CONTENT_TOO_LONG)
    return Said("text", content, {"text": content})


def _file(kind: FileKind, text: str) -> Callable[[Speaker, Part], Said]:
    def read_file(speaker: Speaker, part: Part) -> Said:
        file = media.find(speaker.state, speaker.account, part.get("media_id"), kind)
        content: Fields = {"media_id": file.media_id, "url": media.address(speaker.base, file.media_id)}
        content |= {name: str(part[name]) for name in ("title", "description") if name in part}
        return Said(kind, text, content)

    return read_file


def _images(speaker: Speaker, part: Part) -> Said:
    ids = part.get("media_ids")
    if not isinstance(ids, list) or not ids:
        raise PlatformError(DATA_FORMAT)
    files = [media.find(speaker.state, speaker.account, each, "image") for each in ids]
    urls = [media.address(speaker.base, file.media_id) for file in files]
    return Said("images", f"[图片] {len(urls)} 张", {"urls": [*urls]})


def _music(speaker: Speaker, part: Part) -> Said:
    thumb = media.find(speaker.state, speaker.account, part.get("thumb_media_id"), "thumb", "image")
    url = _need(part, "musicurl")
    title = str(part.get("title", ""))
    content: Fields = {
        "title": title,
        "description": str(part.get("description", "")),
        "url": url,
        "hq_url": str(part.get("hqmusicurl", "")),
        "thumb_media_id": thumb.media_id,
    }
    return Said("music", f"[音乐] {title}", content)


def _news(speaker: Speaker, part: Part) -> Said:
    articles = part.get("articles")
    if not isinstance(articles, list) or not articles or not all(isinstance(each, dict) for each in articles):
        raise PlatformError(DATA_FORMAT)
    if len(articles) > speaker.account.limits.custom_articles:
        raise PlatformError(TOO_MANY_ARTICLES)
    shown: list[Fields] = [
        {
            "title": _need(each, "title"),
            "description": str(each.get("description", "")),
            "picurl": str(each.get("picurl", "")),
            "url": str(each.get("url", "")),
        }
        for each in articles
    ]
    return Said("news", "\n".join(str(each["title"]) for each in shown), {"articles": [*shown]})


def _draft(speaker: Speaker, part: Part) -> Said:
    draft = drafts.find(speaker.state, speaker.account, part.get("media_id"))
    return _articles(speaker, draft.articles)


def _published(speaker: Speaker, part: Part) -> Said:
    publication = drafts.published(speaker.state, speaker.account, part.get("article_id"))
    return _articles(speaker, publication.articles)


def _articles(speaker: Speaker, articles: list[Fields]) -> Said:
    text = "\n".join(str(article["title"]) for article in articles)
    return Said("news", text, {"articles": drafts.cards(articles, speaker.base)})


def _menu(_speaker: Speaker, part: Part) -> Said:
    items = part.get("list")
    if not isinstance(items, list) or not items or not all(isinstance(each, dict) for each in items):
        raise PlatformError(DATA_FORMAT)
    head, tail = str(part.get("head_content", "")), str(part.get("tail_content", ""))
    shown: list[Fields] = [{"id": _need(each, "id"), "content": _need(each, "content")} for each in items]
    lines = [head, *(str(each["content"]) for each in shown), tail]
    return Said("msgmenu", "\n".join(filter(None, lines)), {"head": head, "items": [*shown], "tail": tail})


def _mini_page(speaker: Speaker, part: Part) -> Said:
    own = speaker.account.kind == "mini"
    app_id = speaker.account.app_id if own else str(part.get("appid", ""))
    linked = speaker.state.accounts.get(app_id)
    if linked is None or linked.kind != "mini":
        raise PlatformError(INVALID_MINI_APP_ID)
    thumb = media.find(speaker.state, speaker.account, part.get("thumb_media_id"), "thumb", "image")
    title = _need(part, "title")
    content: Fields = {
        "title": title,
        "app_id": app_id,
        "page_path": _need(part, "pagepath"),
        "thumb_url": media.address(speaker.base, thumb.media_id),
    }
    return Said("miniprogrampage", f"[小程序] {title}", content)


def _link(_speaker: Speaker, part: Part) -> Said:
    title = _need(part, "title")
    content: Fields = {
        "title": title,
        "description": str(part.get("description", "")),
        "url": _need(part, "url"),
        "thumb_url": str(part.get("thumb_url", "")),
    }
    return Said("link", f"[链接] {title}", content)


def _need(part: Part, name: str) -> str:
    value = part.get(name)
    if not isinstance(value, str) or not value:
        raise PlatformError(INVALID_ARGUMENT)
    return value


OF_OFFICIAL = {
    "text": _text,
    "image": _file("image", "[图片]"),
    "voice": _file("voice", "[语音]"),
    "video": _file("video", "[视频]"),
    "music": _music,
    "news": _news,
    "mpnews": _draft,
    "mpnewsarticle": _published,
    "msgmenu": _menu,
    "miniprogrampage": _mini_page,
}
OF_MINI = {"text": _text, "image": _file("image", "[图片]"), "link": _link, "miniprogrampage": _mini_page}
OF_MASS = {
    "text": _text,
    "voice": _file("voice", "[语音]"),
    "images": _images,
    "image": _file("image", "[图片]"),
    "mpvideo": _file("video", "[视频]"),
    "mpnews": _draft,
}
