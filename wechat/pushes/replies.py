"""The XML of a passive reply."""

from datetime import datetime

from wechat.pushes.messages import Push


def text_reply(push: Push, content: str, at: datetime) -> str:
    """A text as passive reply.

    XML also to a push that came as JSON: the platform describes no other form (our choice, to be checked on a real
    account).
    """
    return (
        f"<xml><ToUserName>{_cdata(push.openid)}</ToUserName><FromUserName>{_cdata(push.to)}</FromUserName>"
        f"<CreateTime>{int(at.timestamp())}</CreateTime><MsgType><![CDATA[text]]></MsgType>"
        f"<Content>{_cdata(content)}</Content></xml>"
    )


def _cdata(text: str) -> str:
    # A `]]>` inside can't end the section: it is split over two.
    return f"<![CDATA[{text.replace(']]>', ']]]]><![CDATA[>')}]]>"
