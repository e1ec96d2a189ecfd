"""Use cases around welcomes."""

from typing import Any
from uuid import UUID

from infra.database import constraint_errors, transaction
from infra.ids import new_id
from wechat.welcomes.errors import TargetNotFound, UnknownPlaceholder, WelcomeChanged
from wechat.welcomes.models import Welcome
from wechat.welcomes.rules import unknown_placeholders

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
    """Write a welcome (version 0: a new one). Raises UnknownPlaceholder, TargetNotFound, WelcomeChanged."""
    unknown = sorted({*unknown_placeholders(follow_text), *unknown_placeholders(scan_text or "")})
    if unknown:
        raise UnknownPlaceholder({"placeholders": unknown})
    target: dict[str, Any] = {"guide_id": guide_id, "store_id": store_id, "channel_id": channel_id}
    words: dict[str, Any] = {"follow_text": follow_text, "scan_text": scan_text, "version": version + 1}
    with constraint_errors(_CONSTRAINTS):
        async with transaction():
            if version == 0:
                return await Welcome.create(id=new_id(), **target, **words)
            if not await Welcome.filter(**target, version=version).update(**words):
                present = await Welcome.get_or_none(**target)
                raise WelcomeChanged({"version": present.version if present else 0})
            return await Welcome.get(**target)
