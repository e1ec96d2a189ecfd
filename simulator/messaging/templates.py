"""Message templates of an account."""

from typing import Any, Literal

from simulator.messaging import library, media
from simulator.world import quotas
from simulator.world.errors import (
    DAY_LIMIT,
    INVALID_KEYWORDS,
    INVALID_TEMPLATE_ID,
    TEMPLATES_USED_UP,
    ControlError,
    PlatformError,
)
from simulator.world.limits import Limits
from simulator.world.records import Account, Record
from simulator.world.state import State

TemplateKind = Literal["template", "subscribe"]


class Template(Record):
    """A template with its typed keys and their names.

    `status` is what a send reports later; `error_code` goes with that of a notice.
    """

    app_id: str
    template_id: str
    kind: TemplateKind
    title: str
    keys: dict[str, str]
    category: int | None = None
    marketing: bool = False
    status: str = "success"
    error_code: str = "0"

    def key(self) -> str:
        return f"{self.app_id}|{self.template_id}"

    @property
    def content(self) -> str:
        """The text with the places of its values."""
        return "\n".join(f"{name}:{{{{{key}.DATA}}}}" for key, name in self.keys.items())


def find(state: State, account: Account, template_id: object, kind: TemplateKind) -> Template:
    """Return the account's template of that kind; errcode 40037."""
    template = state.every(Template).get(f"{account.app_id}|{template_id}")
    if template is None or template.kind != kind:
        raise PlatformError(INVALID_TEMPLATE_ID)
    return template


def of_account(state: State, app_id: str, kind: TemplateKind | None = None) -> list[Template]:
    """Return an account's templates, oldest first."""
    everything = state.every(Template).values()
    return [each for each in everything if each.app_id == app_id and kind in (None, each.kind)]


def subscription(state: State, account: Account, template_id: str) -> Template:
    """Return a subscription template; 404 template_unknown."""
    try:
        return find(state, account, template_id, "subscribe")
    except PlatformError as error:
        raise ControlError(404, "template_unknown", "this account has no such subscription template") from error


def add(state: State, account: Account, kind: TemplateKind, title_id: object, keywords: object) -> Template:
    """Pick a public template with some of its key words, by number or name.

    Errcode 200012 no such title, 200014 key words, 45026 too many templates or categories, 45009 too many changes.
    """
    public = library.title(title_id)
    mine = of_account(state, account.app_id, kind)
    categories = {each.category for each in mine if each.category is not None} | {public.category}
    if len(mine) >= account.limits.templates or len(categories) > account.limits.categories:
        raise PlatformError(TEMPLATES_USED_UP)
    template = Template(
        app_id=account.app_id,
        template_id=media.new_id()[:43],
        kind=kind,
        title=public.title,
        keys=_keys(account.limits, public.keywords, keywords),
        category=public.category,
    )
    _spend_change(state, account, kind)
    state.save(template)
    return template


def delete(state: State, account: Account, template_id: object, kind: TemplateKind) -> None:
    """Delete a template; errcode 40037, 45009 too many changes."""
    template = find(state, account, template_id, kind)
    _spend_change(state, account, kind)
    state.drop(template)


def _spend_change(state: State, account: Account, kind: TemplateKind) -> None:
    # The number of changes is said of message templates only (official text).
    if kind == "template":
        quotas.spend_month(state, account, "template_changes_month", errcode=DAY_LIMIT)


def _keys(limits: Limits, known: dict[int, tuple[str, str]], keywords: object) -> dict[str, str]:
    given = keywords if isinstance(keywords, list) else []
    picked = [number for each in given for number in known if each in (number, known[number][1])]
    right = len(picked) == len(given) == len(set(picked))
    if not right or not limits.template_keywords_least <= len(picked) <= limits.template_keywords_most:
        raise PlatformError(INVALID_KEYWORDS)
    return {f"{known[number][0]}{number}": known[number][1] for number in picked}


def listed(template: Template, industries: tuple[library.Industry, library.Industry]) -> dict[str, Any]:
    """Return a template as `get_all_private_template` lists it."""
    return {
        "template_id": template.template_id,
        "title": template.title,
        "primary_industry": industries[0].first_class,
        "deputy_industry": industries[1].first_class,
        "content": template.content,
        "example": "",
    }


def listed_subscription(template: Template) -> dict[str, Any]:
    """Return a template as `newtmpl/gettemplate` lists it; type 2 allows one message each time."""
    return {
        "priTmplId": template.template_id,
        "title": template.title,
        "content": template.content,
        "example": "",
        "type": 2,
    }
