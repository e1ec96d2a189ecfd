"""The XML of a passive reply (wechat-platform §2.5): of a text, or of a card without a picture."""

from datetime import datetime
from typing import TypeGuard

from infra.parameters import Parameter
from wechat.outbound.contents import Content, NewsContent, TextContent
from wechat.pushes.messages import Push

REPLY_TEXT_BYTES = Parameter(
    name="wechat.reply_text_bytes",
    default=2048,
    least=100,
    most=10_000,
    help="自动回复文字的最大字节数（微信约 2048）",
    english="The longest text of an automatic reply in bytes (WeChat takes about 2048)",
)


def is_passive(content: Content) -> TypeGuard[TextContent | NewsContent]:
    """Whether it can be said without calling the platform first: pictures have to be taken there."""
    return isinstance(content, TextContent) or (isinstance(content, NewsContent) and content.picture_id is None)


def cut(content: Content, longest_bytes: int) -> Content:
    """A text as long as the platform shows it; anything else as it is."""
    if not isinstance(content, TextContent):
        return content
    encoded = content.text.encode()
    if len(encoded) <= longest_bytes:
        return content
    return TextContent.model_construct(text=encoded[:longest_bytes].decode(errors="ignore"))


def reply(push: Push, content: TextContent | NewsContent, at: datetime) -> str:
    """The passive reply.

    XML also to a push that came as JSON: the platform describes no other form (our choice, to be checked on a real
    account).
    """
    if isinstance(content, TextContent):
        return text_reply(push, content.text, at)
    return _reply(
        push,
        at,
        "news",
        f"<ArticleCount>1</ArticleCount><Articles><item><Title>{_cdata(content.title)}</Title>"
        f"<Description>{_cdata(content.description)}</Description><PicUrl></PicUrl>"
        f"<Url>{_cdata(content.url)}</Url></item></Articles>",
    )


def text_reply(push: Push, content: str, at: datetime) -> str:
    """A text as passive reply."""
    return _reply(push, at, "text", f"<Content>{_cdata(content)}</Content>")


def _reply(push: Push, at: datetime, kind: str, content: str) -> str:
    return (
        f"<xml><ToUserName>{_cdata(push.openid)}</ToUserName><FromUserName>{_cdata(push.to)}</FromUserName>"
        f"<CreateTime>{int(at.timestamp())}</CreateTime><MsgType><![CDATA[{kind}]]></MsgType>{content}</xml>"
    )


def _cdata(text: str) -> str:
    # A `]]>` inside can't end the section: it is split over two.
    return f"<![CDATA[{text.replace(']]>', ']]]]><![CDATA[>')}]]>"
