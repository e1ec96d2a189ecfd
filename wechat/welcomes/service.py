"""Use cases around welcomes."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from infra import audit
from infra.database import constraint_errors, transaction
from infra.ids import new_id
from wechat.conversations.words import refuse_banned
from wechat.outbound.contents import TextContent
from wechat.welcomes.errors import PlaceholderHasNoValue, TargetNotFound, UnknownPlaceholder, WelcomeChanged
from wechat.welcomes.models import Welcome
from wechat.welcomes.rules import OF_CHANNEL, OF_EVERYBODY, PLACEHOLDERS, placeholders_beyond

_CONSTRAINTS = {
    "welcome_target_key": WelcomeChanged,
    "welcome_guide_id_fkey": TargetNotFound,
    "welcome_store_id_fkey": TargetNotFound,
    "welcome_channel_id_fkey": TargetNotFound,
}


async def set_welcome(
    *,
    guide_id: UUID | None,
    store_id: UUID | None,
    channel_id: UUID | None,
    follow_text: str,
    scan_text: str | None,
    version: int,
) -> Welcome:
    """Write a welcome (version 0: a new one).

    Raises UnknownPlaceholder, PlaceholderHasNoValue, BannedWordInText, TargetNotFound, WelcomeChanged.
    """
    if unknown := placeholders_beyond(PLACEHOLDERS, follow_text, scan_text):
        raise UnknownPlaceholder({"placeholders": unknown})
    target: dict[str, Any] = {"guide_id": guide_id, "store_id": store_id, "channel_id": channel_id}
    if guide_id is None and store_id is None:
        allowed = OF_EVERYBODY if channel_id is None else OF_CHANNEL
        if empty := placeholders_beyond(allowed, follow_text, scan_text):
            raise PlaceholderHasNoValue({"placeholders": empty})
    await refuse_banned(*(TextContent(text=text) for text in (follow_text, scan_text) if text))
    words: dict[str, Any] = {"follow_text": follow_text, "scan_text": scan_text, "version": version + 1}
    with constraint_errors(_CONSTRAINTS):
        async with transaction():
            welcome = await _write(target, words, version)
            await audit.note("welcome.changed", "welcome", welcome.id, target | words)
    return welcome


async def _write(target: Mapping[str, Any], words: Mapping[str, Any], version: int) -> Welcome:
    if version == 0:
        return await Welcome.create(id=new_id(), **target, **words)
    if not await Welcome.filter(**target, version=version).update(**words):
        present = await Welcome.get_or_none(**target)
        raise WelcomeChanged({"version": present.version if present else 0})
    return await Welcome.get(**target)
