"""The states of a run, and what the platform's word about a person means."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any


class RunState(StrEnum):
    """It reads the list page by page, counts who is missing from it, has them asked about, and clears up."""

    READING = "reading"
    COMPARING = "comparing"
    SETTLING = "settling"
    CLEARING = "clearing"
    DONE = "done"


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What the platform told about a person; but for `openid` and `follows` only of one who follows."""

    openid: str
    follows: bool
    since: datetime | None = None
    unionid: str | None = None
    scene: str | None = None
    subscribe_scene: str | None = None
    tags: tuple[int, ...] = ()


def read(info: Mapping[str, Any]) -> Told | None:
    """A person out of an answer (wechat-platform §5); None for what isn't one."""
    openid, follows = info.get("openid"), info.get("subscribe")
    if not isinstance(openid, str) or follows not in {0, 1}:
        return None
    if not follows:
        return Told(openid=openid, follows=False)
    since, number = info.get("subscribe_time"), info.get("qr_scene")
    tags = info.get("tagid_list")
    return Told(
        openid=openid,
        follows=True,
        since=datetime.fromtimestamp(since, UTC) if isinstance(since, int) and since > 0 else None,
        unionid=_text(info, "unionid"),
        scene=_text(info, "qr_scene_str") or (str(number) if isinstance(number, int) and number else None),
        subscribe_scene=_text(info, "subscribe_scene"),
        tags=tuple(tag for tag in tags if isinstance(tag, int)) if isinstance(tags, list) else (),
    )


def list_is_short(seen: int, missing: int, most: int, most_percent: int) -> bool:
    """Whether more are missing from the list than can have left unnoticed."""
    return missing > most and missing * 100 > (seen + missing) * most_percent


def _text(info: Mapping[str, Any], name: str) -> str | None:
    value = info.get(name)
    return value[:64] if isinstance(value, str) and value else None
