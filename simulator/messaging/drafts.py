"""Articles of an official account: drafts, and what was published of them."""

import secrets
from typing import Any, TypeVar

from pydantic import JsonValue

from simulator.messaging import media
from simulator.world.errors import (
    CONTENT_TOO_LONG,
    DATA_FORMAT,
    EMPTY_CONTENT,
    EMPTY_NEWS,
    INVALID_ARGUMENTS,
    INVALID_MEDIA_ID,
    INVALID_PUBLISH_ID,
    TITLE_TOO_LONG,
    TOO_MANY_ARTICLES,
    PlatformError,
)
from simulator.world.records import Account, Fields, Record
from simulator.world.state import State

PUBLISH_IDS = range(100_000_000, 1_000_000_000)
TEXTS = ("title", "author", "digest", "content", "content_source_url", "thumb_media_id")
SWITCHES = ("need_open_comment", "only_fans_can_comment")


D = TypeVar("D")


class Draft(Record):
    """One or several articles under one media id."""

    media_id: str
    app_id: str
    articles: list[Fields]
    updated_at: float

    def key(self) -> str:
        return self.media_id


class Publication(Record):
    """A draft that was published; it is a draft no more."""

    publish_id: str
    app_id: str
    article_id: str
    articles: list[Fields]
    published_at: float

    def key(self) -> str:
        return self.publish_id


def find(state: State, account: Account, media_id: object) -> Draft:
    """Return a draft of the account; errcode 40007."""
    draft = state.every(Draft).get(str(media_id))
    if draft is None or draft.app_id != account.app_id:
        raise PlatformError(INVALID_MEDIA_ID)
    return draft


def add(state: State, account: Account, body: dict[str, Any]) -> dict[str, Any]:
    """Answer `/cgi-bin/draft/add`; errcodes as for one article, 45008 too many."""
    given = body.get("articles")
    if not isinstance(given, list):
        raise PlatformError(DATA_FORMAT)
    if not given:
        raise PlatformError(EMPTY_NEWS)
    if len(given) > account.limits.draft_articles:
        raise PlatformError(TOO_MANY_ARTICLES)
    articles = [_article(state, account, each) for each in given]
    draft = Draft(media_id=media.new_id(), app_id=account.app_id, articles=articles, updated_at=int(state.clock.now()))
    state.save(draft)
    return {"media_id": draft.media_id}


def get(state: State, account: Account, body: dict[str, Any]) -> dict[str, Any]:
    """Answer `/cgi-bin/draft/get`; errcode 40007."""
    return _content(find(state, account, body.get("media_id")).articles)


def update(state: State, account: Account, body: dict[str, Any]) -> None:
    """Replace one article of a draft; errcode 40007, 40097 no such index, and those of an article."""
    draft = find(state, account, body.get("media_id"))
    index = body.get("index", 0)
    if not isinstance(index, int) or not 0 <= index < len(draft.articles):
        raise PlatformError(INVALID_ARGUMENTS)
    draft.articles[index] = _article(state, account, body.get("articles"))
    draft.updated_at = int(state.clock.now())
    state.save(draft)


def delete(state: State, account: Account, body: dict[str, Any]) -> None:
    """Delete a draft; errcode 40007."""
    state.drop(find(state, account, body.get("media_id")))


def count(state: State, account: Account) -> dict[str, Any]:
    """Answer `/cgi-bin/draft/count`."""
    return {"total_count": len(_of_account(state, account))}


def batch(state: State, account: Account, body: dict[str, Any]) -> dict[str, Any]:
    """Answer `/cgi-bin/draft/batchget`, newest first; errcode 40097 offset or count."""
    everything = sorted(_of_account(state, account), key=lambda draft: draft.updated_at, reverse=True)
    page = _paged(account, body, everything)
    bare = body.get("no_content") == 1
    items = [
        {
            "media_id": draft.media_id,
            "content": _content(draft.articles, bare=bare),
            "update_time": int(draft.updated_at),
        }
        for draft in page
    ]
    return {"total_count": len(everything), "item_count": len(items), "item": items}


def publish(state: State, account: Account, body: dict[str, Any]) -> dict[str, Any]:
    """Answer `/cgi-bin/freepublish/submit`; errcode 40007. Nobody is told of what is published."""
    draft = find(state, account, body.get("media_id"))
    publication = Publication(
        publish_id=str(secrets.choice(PUBLISH_IDS)),
        app_id=account.app_id,
        article_id=media.new_id(),
        articles=draft.articles,
        published_at=state.clock.now(),
    )
    with state.atomic():
        state.save(publication)
        state.drop(draft)
    return {"errcode": 0, "errmsg": "ok", "publish_id": publication.publish_id, "msg_data_id": 1}


def publication(state: State, account: Account, body: dict[str, Any]) -> dict[str, Any]:
    """Answer `/cgi-bin/freepublish/get`: it has always been published by then; errcode 53600."""
    found = state.every(Publication).get(str(body.get("publish_id")))
    if found is None or found.app_id != account.app_id:
        raise PlatformError(INVALID_PUBLISH_ID)
    items = [{"idx": index, "article_url": _address(found, index)} for index in range(1, len(found.articles) + 1)]
    return {
        "publish_id": found.publish_id,
        "publish_status": 0,
        "article_id": found.article_id,
        "article_detail": {"count": len(items), "item": items},
        "fail_idx": [],
    }


def unpublish(state: State, account: Account, body: dict[str, Any]) -> None:
    """Answer `/cgi-bin/freepublish/delete`: one article by `index`, or all of them; errcode 40007, 40097."""
    found = published(state, account, body.get("article_id"))
    index = body.get("index") or 0
    if not isinstance(index, int) or not 0 <= index <= len(found.articles):
        raise PlatformError(INVALID_ARGUMENTS)
    if index and len(found.articles) > 1:
        del found.articles[index - 1]
        state.save(found)
    else:
        state.drop(found)


def publications(state: State, account: Account, body: dict[str, Any]) -> dict[str, Any]:
    """Answer `/cgi-bin/freepublish/batchget`, newest first; errcode 40097 offset or count."""
    mine = [each for each in state.every(Publication).values() if each.app_id == account.app_id]
    page = _paged(account, body, mine[::-1])
    bare = body.get("no_content") == 1
    items = [
        {
            "article_id": each.article_id,
            "content": _content(each.articles, bare=bare),
            "update_time": int(each.published_at),
        }
        for each in page
    ]
    return {"total_count": len(mine), "item_count": len(items), "item": items}


def published(state: State, account: Account, article_id: object) -> Publication:
    """Return what was published under an article id; errcode 40007."""
    for each in state.every(Publication).values():
        if (each.app_id, each.article_id) == (account.app_id, article_id):
            return each
    raise PlatformError(INVALID_MEDIA_ID)


def cards(articles: list[Fields], base: str) -> list[JsonValue]:
    """Return articles as phones show them."""
    return [
        {
            "title": article["title"],
            "description": article["digest"],
            "picurl": media.address(base, str(article["thumb_media_id"])),
            "url": article["content_source_url"],
        }
        for article in articles
    ]


def _of_account(state: State, account: Account) -> list[Draft]:
    return [draft for draft in state.every(Draft).values() if draft.app_id == account.app_id]


def _paged(account: Account, body: dict[str, Any], everything: list[D]) -> list[D]:
    offset, most = body.get("offset"), body.get("count")
    if not isinstance(offset, int) or not isinstance(most, int) or offset < 0:
        raise PlatformError(INVALID_ARGUMENTS)
    if not 1 <= most <= account.limits.draft_page:
        raise PlatformError(INVALID_ARGUMENTS)
    return everything[offset : offset + most]


def _article(state: State, account: Account, given: object) -> Fields:
    if not isinstance(given, dict):
        raise PlatformError(DATA_FORMAT)
    article: Fields = {name: str(given.get(name, "")) for name in TEXTS}
    article |= {name: 1 if given.get(name) == 1 else 0 for name in SWITCHES}
    if not article["title"] or not article["content"]:
        raise PlatformError(EMPTY_CONTENT)
    if len(str(article["title"])) > account.limits.draft_title_length:
        raise PlatformError(TITLE_TOO_LONG)
    if len(str(article["content"])) > account.limits.draft_content_length:
        raise PlatformError(CONTENT_TOO_LONG)
    cover = media.find(state, account, article["thumb_media_id"], "image", "thumb")
    if cover.expires_at is not None:
        raise PlatformError(INVALID_MEDIA_ID)
    return article


def _content(articles: list[Fields], *, bare: bool = False) -> dict[str, Any]:
    hidden = {"content"} if bare else set()
    items = [{name: value for name, value in article.items() if name not in hidden} for article in articles]
    return {"news_item": items}


def _address(found: Publication, index: int) -> str:
    return f"http://mp.weixin.qq.com/s?__biz={found.article_id[:16]}&idx={index}"
