"""The template of an account that carries notices, and the message that a notice becomes in it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import orjson

from core.notices.queries import ToSend
from core.notices.rules import kinds
from infra import audit, clock, database
from infra.database import Connection, transaction
from infra.ids import new_id
from infra.parameters import Parameter
from infra.settings import settings
from wechat.accounts import queries as accounts
from wechat.accounts.queries import Credentials
from wechat.accounts.rules import Kind
from wechat.colleagues.errors import (
    NotForMiniPrograms,
    NoticeTemplateChanged,
    NoticeTemplateNotFound,
    TemplateFieldsWrong,
    TemplateUnknown,
)
from wechat.colleagues.models import NoticeTemplate
from wechat.colleagues.rules import Lengths, fits, keys_of, values
from wechat.outbound.rules import TemplatePayload
from wechat.platform import templates
from wechat.platform.errors import AccountDisabled, PlatformAway, PlatformRefused, QuotaSpent

THING = Parameter(
    name="wechat.template_thing",
    default=20,
    least=5,
    most=100,
    help="模板 thing 字段最多的字符数",
    english="The most characters of a thing field of a template",
)
PHRASE = Parameter(
    name="wechat.template_phrase",
    default=5,
    least=1,
    most=20,
    help="模板 phrase 字段最多的汉字数",
    english="The most Chinese characters of a phrase field of a template",
)
OTHER = Parameter(
    name="wechat.template_other",
    default=32,
    least=5,
    most=200,
    help="模板其他字段最多的字符数",
    english="The most characters of other fields of a template",
)

_TEMPLATES = """
SELECT a.app_id, a.id AS account_id, t.template_id, t.fields_of_keys,
       a.shadow OR a.disabled_at IS NOT NULL AS silent
FROM wechat_notice_template t JOIN wechat_account a ON a.id = t.account_id ORDER BY a.id
"""

_ADD = """
INSERT INTO wechat_notice_template (id, account_id, template_id, fields_of_keys, changed_at, version)
VALUES ($1, $2, $3, $4::jsonb, $5, 1) ON CONFLICT (account_id) DO NOTHING
"""

_CHANGE = """
UPDATE wechat_notice_template SET template_id = $3, fields_of_keys = $4::jsonb, changed_at = $5, version = version + 1
WHERE account_id = $2 AND version = $1
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Carrier:
    """An account with a template for notices; a `silent` one sends nothing."""

    account_id: UUID
    template_id: str
    fields_of_keys: Mapping[str, str]
    silent: bool


async def carriers(connection: Connection) -> dict[str, Carrier]:
    """By app id, in the order the accounts were added."""
    return {
        row["app_id"]: Carrier(
            account_id=row["account_id"],
            template_id=row["template_id"],
            fields_of_keys=orjson.loads(row["fields_of_keys"]),
            silent=row["silent"],
        )
        for row in await connection.fetch(_TEMPLATES)
    }


async def lengths() -> Lengths:
    """How many characters the platform takes."""
    return Lengths(thing=await THING.get(), phrase=await PHRASE.get(), other=await OTHER.get())


def payload(carrier: Carrier, notice: ToSend, most: Lengths) -> TemplatePayload:
    """The message of a notice; a tap leads to the notice's page."""
    said: dict[str, str | datetime] = {
        "title": notice.title,
        "body": notice.body,
        "kind": kinds[notice.kind].title if notice.kind in kinds else notice.kind,
        "time": notice.created_at,
    }
    origin = settings().public_url
    return TemplatePayload(
        template_id=carrier.template_id,
        data=values(carrier.fields_of_keys, said, most, settings().timezone),
        url=origin + notice.link if origin and notice.link else "",
    )


async def of_account(account_id: UUID) -> NoticeTemplate:
    """Raises AccountNotFound, NoticeTemplateNotFound."""
    account = await accounts.account_by_id(account_id)
    found = await NoticeTemplate.get_or_none(account_id=account.id)
    if found is None:
        raise NoticeTemplateNotFound
    return found


async def present(account: Credentials) -> bool | None:
    """Whether the platform still has the account's template; None: there is none. Raises as `call` does."""
    template = await NoticeTemplate.get_or_none(account_id=account.id)
    if template is None:
        return None
    return any(each["template_id"] == template.template_id for each in await templates.listed(account))


async def put(account_id: UUID, template_id: str, fields: dict[str, str], version: int) -> tuple[NoticeTemplate, bool]:
    """Set an account's template: (it, whether the platform knows it with these keys). Not asked is not known.

    Raises AccountNotFound, NotForMiniPrograms, TemplateFieldsWrong, TemplateUnknown, NoticeTemplateChanged.
    """
    account = await accounts.credentials((await accounts.account_by_id(account_id)).app_id)
    if account.kind is not Kind.OFFICIAL:
        raise NotForMiniPrograms
    most = await lengths()
    if unfit := sorted(key for key, field in fields.items() if not fits(key, field, most)):
        raise TemplateFieldsWrong({"unfit": unfit})
    checked = await _check(account, template_id, fields)
    async with transaction():
        saved = await _save(account_id, template_id, fields, version)
        await audit.note("notice_template.changed", "account", account_id, {"template_id": template_id})
    return saved, checked


async def _save(account_id: UUID, template_id: str, fields: dict[str, str], version: int) -> NoticeTemplate:
    said = (account_id, template_id, orjson.dumps(fields).decode(), clock.now())
    if version == 0:
        changed = await database.execute(_ADD, new_id(), *said)
    else:
        changed = await database.execute(_CHANGE, version, *said)
    saved = await NoticeTemplate.get_or_none(account_id=account_id)
    if saved is None:
        raise NoticeTemplateNotFound
    if not changed:
        raise NoticeTemplateChanged({"version": saved.version})
    return saved


async def remove(account_id: UUID) -> None:
    """The account carries no notices any more. Raises AccountNotFound, NoticeTemplateNotFound."""
    async with transaction():
        await (await of_account(account_id)).delete()
        await audit.note("notice_template.removed", "account", account_id)


async def _check(account: Credentials, template_id: str, fields: dict[str, str]) -> bool:
    try:
        listed = {each["template_id"]: each for each in await templates.listed(account)}
    except (PlatformAway, PlatformRefused, QuotaSpent, AccountDisabled):
        return False
    if template_id not in listed:
        raise TemplateUnknown
    keys = keys_of(str(listed[template_id].get("content", "")))
    missing, unknown = [key for key in keys if key not in fields], sorted(fields.keys() - set(keys))
    if missing or unknown:
        raise TemplateFieldsWrong({"missing": missing, "unknown": unknown})
    return True
