"""What we say, in the platform's words; pictures are brought to the platform on the way."""

from collections.abc import Mapping
from typing import Any

from pydantic import TypeAdapter

from wechat.accounts.queries import Credentials
from wechat.outbound import uploads
from wechat.outbound.contents import Content, ImageContent, MiniProgramContent, NewsContent, TextContent
from wechat.outbound.uploads import Kind

_content: TypeAdapter[Content] = TypeAdapter(Content)


async def worded(account: Credentials, payload: Mapping[str, Any]) -> dict[str, Any]:
    """A content, as the ledger holds it, for `customer_messages.send`. Raises as `uploads.named` does."""
    match _content.validate_python(payload):
        case TextContent(text=text):
            return {"msgtype": "text", "text": {"content": text}}
        case ImageContent(file_id=file_id):
            return {"msgtype": "image", "image": {"media_id": await uploads.named(account, file_id, Kind.IMAGE)}}
        case NewsContent() as card:
            return {"msgtype": "news", "news": {"articles": [await _article(account, card)]}}
        case MiniProgramContent() as card:
            page = {
                "title": card.title,
                "appid": card.app_id,
                "pagepath": card.page,
                "thumb_media_id": await uploads.named(account, card.picture_id, Kind.IMAGE),
            }
            return {"msgtype": "miniprogrampage", "miniprogrampage": page}


def media_ids(message: Mapping[str, Any]) -> list[str]:
    """The media that a worded message names."""
    part = message[message["msgtype"]]
    return [part[name] for name in ("media_id", "thumb_media_id") if name in part]


async def _article(account: Credentials, card: NewsContent) -> dict[str, str]:
    article = {"title": card.title, "description": card.description, "url": card.url}
    if card.picture_id is not None:
        article["picurl"] = await uploads.named(account, card.picture_id, Kind.ARTICLE)
    return article
