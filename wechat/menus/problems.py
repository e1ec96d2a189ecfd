"""What the platform would refuse of a menu, told before anything leaves; and what people should think about.

A file of its own: the limits are the platform's and may change, the rest is one walk over the buttons.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from unicodedata import east_asian_width
from urllib.parse import urlsplit
from uuid import UUID

from infra.parameters import Parameter
from wechat.menus.schemas import ButtonIn, ButtonKind, Level, MenuProblemOut, PersonalIn
from wechat.menus.wording import TYPES, fields_of


def _limit(name: str, default: int, unit: str, words: str, english: str) -> Parameter[int]:
    return Parameter(
        name=f"wechat.menu_{name}", default=default, least=1, most=10_000, unit=unit, help=words, english=english
    )


BUTTONS = _limit("buttons", 3, "个", "一级菜单最多几个（平台规定）", "The most buttons of a menu (set by WeChat)")
CHILDREN = _limit(
    "children", 5, "个", "每个一级菜单下最多几个子菜单（平台规定）", "The most items below a button (set by WeChat)"
)
TITLE_BYTES = _limit(
    "title_bytes",
    16,
    "字节",
    "一级菜单名称的最大字节数（平台规定，一个汉字 3 字节）",
    "The longest name of a button (set by WeChat; a Chinese character has 3 bytes)",
)
CHILD_TITLE_BYTES = _limit(
    "child_title_bytes",
    60,
    "字节",
    "子菜单名称的最大字节数（平台规定，一个汉字 3 字节）",
    "The longest name of an item below a button (set by WeChat; a Chinese character has 3 bytes)",
)
TITLE_SHOWN = _limit(
    "title_shown", 4, "字", "手机上一级菜单名称最多显示几个汉字", "How much of the name of a button a phone shows"
)
CHILD_TITLE_SHOWN = _limit(
    "child_title_shown",
    7,
    "字",
    "手机上子菜单名称最多显示几个汉字",
    "How much of the name of an item below a button a phone shows",
)
KEY_BYTES = _limit(
    "key_bytes", 128, "字节", "菜单 key 的最大字节数（平台规定）", "The longest key of a button (set by WeChat)"
)
URL_BYTES = _limit(
    "url_bytes", 1024, "字节", "菜单链接的最大字节数（平台规定）", "The longest link of a button (set by WeChat)"
)
PERSONAL_DOMAINS = _limit(
    "personal_domains",
    3,
    "个",
    "所有个性化菜单最多跳转到几个域名（平台规定）",
    "The most domains all personal menus may lead to (set by WeChat)",
)

# Taps after which the fan waits for words of ours.
_WAITED_FOR: frozenset[ButtonKind] = frozenset({"click", "scan_wait"})
_MISSING = {
    "key": ("请填写按钮代号", "Please fill in the button's key"),
    "url": ("请填写链接", "Please fill in the link"),
    "app_id": ("请填写小程序 AppID", "Please fill in the mini-program's AppID"),
    "page": ("请填写小程序页面路径", "Please fill in the mini-program's page"),
}


@dataclass(frozen=True, slots=True)
class Limits:
    """The platform's; pairs are of main buttons and of their children."""

    buttons: tuple[int, int]
    title_bytes: tuple[int, int]
    title_shown: tuple[int, int]
    key_bytes: int
    url_bytes: int
    personal_domains: int


async def limits() -> Limits:
    """Those in force."""
    return Limits(
        buttons=(await BUTTONS.get(), await CHILDREN.get()),
        title_bytes=(await TITLE_BYTES.get(), await CHILD_TITLE_BYTES.get()),
        title_shown=(await TITLE_SHOWN.get(), await CHILD_TITLE_SHOWN.get()),
        key_bytes=await KEY_BYTES.get(),
        url_bytes=await URL_BYTES.get(),
        personal_domains=await PERSONAL_DOMAINS.get(),
    )


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of an account: its labels with the platform's number of each, keys that something answers.

    `answered` are those of rules, and words of commands of the chat; `events` are answered whatever their key.
    """

    answered: frozenset[str] = frozenset()
    events: frozenset[str] = frozenset()
    labels: Mapping[UUID, int | None] | None = None


def problems_of(
    buttons: Sequence[ButtonIn], personal: Sequence[PersonalIn], most: Limits, known: Known
) -> list[MenuProblemOut]:
    """All there is to say about a menu, from its first button to its last."""
    check = _Check(most, known)
    return [*check.menu("buttons", buttons), *check.personal(buttons, personal)]


def errors_in(problems: Sequence[MenuProblemOut]) -> list[MenuProblemOut]:
    """Those with which it can't be published."""
    return [problem for problem in problems if problem.level == "error"]


def _problem(where: str, code: str, words: str, english: str, level: Level = "error") -> MenuProblemOut:
    return MenuProblemOut(where=where, code=code, words=words, english=english, level=level)


@dataclass(frozen=True, slots=True)
class _Check:
    most: Limits
    known: Known

    def menu(self, where: str, buttons: Sequence[ButtonIn], level: int = 0) -> Iterator[MenuProblemOut]:
        most = self.most.buttons[level]
        if len(buttons) > most:
            words = f"一个菜单下最多 {most} 个子菜单" if level else f"一级菜单最多 {most} 个"
            english = f"No more than {most} {'items below a button' if level else 'buttons'}"
            yield _problem(where, "too_many_buttons", words, english)
        for place, button in enumerate(buttons):
            yield from self.button(f"{where}.{place}", button, level)

    def button(self, where: str, button: ButtonIn, level: int) -> Iterator[MenuProblemOut]:
        yield from self.title(where, button.title, level)
        if button.children and level:
            english = "There are no items below an item"
            yield _problem(f"{where}.children", "too_deep", "子菜单下不能再有子菜单", english)
        elif button.children:
            if button.kind is not None:
                words = "有子菜单的按钮只用来打开子菜单，请去掉它自己的动作"
                english = "A button with items only opens them: please take away what it does itself"
                yield _problem(f"{where}.kind", "opens_children", words, english)
            yield from self.menu(f"{where}.children", button.children, level + 1)
        elif button.kind is None:
            english = "Please choose what a tap does, or add items"
            yield _problem(f"{where}.kind", "action_missing", "请选择点击后做什么，或添加子菜单", english)
        else:
            yield from self.action(where, button)

    def title(self, where: str, title: str, level: int) -> Iterator[MenuProblemOut]:
        where, most, shown = f"{where}.title", self.most.title_bytes[level], self.most.title_shown[level]
        if len(title.encode()) > most:
            words = f"名称最多 {most} 字节（约 {most // 3} 个汉字）"
            english = f"A name has {most} bytes at most (a Chinese character has 3)"
            yield _problem(where, "title_too_long", words, english)
        elif _width(title) > 2 * shown:
            words = f"手机上最多显示约 {shown} 个汉字，多出的部分会被截断"
            english = f"A phone shows about {2 * shown} letters and cuts off the rest"
            yield _problem(where, "title_cut", words, english, "warning")

    def action(self, where: str, button: ButtonIn) -> Iterator[MenuProblemOut]:
        for name in fields_of(button.kind):
            value, there = getattr(button, name), f"{where}.{name}"
            most = self.most.key_bytes if name == "key" else self.most.url_bytes
            if not value:
                yield _problem(there, f"{name}_missing", *_MISSING[name])
            elif len(value.encode()) > most:
                yield _problem(there, f"{name}_too_long", f"最多 {most} 字节", f"{most} bytes at most")
            elif name == "url" and _host(value) is None:
                english = "A link begins with http:// or https://"
                yield _problem(there, "url_invalid", "链接须以 http:// 或 https:// 开头", english)
        if button.kind in _WAITED_FOR and button.key and not self._is_answered(button.kind, button.key):
            words = "还没有自动回复规则回答这个按钮代号，粉丝点击后收不到回复"
            english = "No automatic reply answers this key: a fan who taps hears nothing"
            yield _problem(f"{where}.key", "key_unanswered", words, english, "warning")

    def _is_answered(self, kind: ButtonKind, key: str) -> bool:
        return key in self.known.answered or TYPES[kind] in self.known.events

    def personal(self, buttons: Sequence[ButtonIn], menus: Sequence[PersonalIn]) -> Iterator[MenuProblemOut]:
        if menus and not buttons:
            english = "Beside personal menus there has to be one for everybody"
            yield _problem("buttons", "default_missing", "有个性化菜单时，须有默认菜单", english)
        most, seen = self.most.personal_domains, set[tuple[UUID | None, str | None]]()
        if len(_hosts([button for menu in menus for button in menu.buttons])) > most:
            words = f"所有个性化菜单的链接最多跳转到 {most} 个域名"
            english = f"All personal menus together lead to {most} domains at most"
            yield _problem("personal", "too_many_domains", words, english)
        for place, menu in enumerate(menus):
            where, whom = f"personal.{place}", (menu.for_whom.label_id, menu.for_whom.client)
            yield from self.whom(f"{where}.for_whom", menu)
            if whom in seen:
                words = "前面已有条件相同的个性化菜单，这一份不会被看到"
                english = "A personal menu before this one is for the same fans: nobody will see this"
                yield _problem(f"{where}.for_whom", "never_shown", words, english, "warning")
            seen.add(whom)
            if not menu.buttons:
                english = "A personal menu has one button at least"
                yield _problem(f"{where}.buttons", "menu_empty", "个性化菜单至少有一个按钮", english)
            yield from self.menu(f"{where}.buttons", menu.buttons)

    def whom(self, where: str, menu: PersonalIn) -> Iterator[MenuProblemOut]:
        label_id = menu.for_whom.label_id
        if label_id is None:
            if menu.for_whom.client is None:
                english = "Please choose which fans see it: by label, phone, or both"
                yield _problem(where, "nobody_chosen", "请选择给哪些粉丝看：标签、手机系统，或两者", english)
            return
        labels = self.known.labels or {}
        if label_id not in labels:
            english = "The account has no such label: it may have been deleted"
            yield _problem(f"{where}.label_id", "label_unknown", "该公众号没有这个标签，可能已被删除", english)
        elif labels[label_id] is None:
            english = "The label isn't at WeChat yet: please try again later"
            yield _problem(f"{where}.label_id", "label_waits", "这个标签还没有同步到微信，请稍后再试", english)


def _width(text: str) -> int:
    """In half-widths: a Chinese character takes two."""
    return sum(2 if east_asian_width(character) in "WF" else 1 for character in text)


def _host(url: str) -> str | None:
    try:
        address = urlsplit(url)
    except ValueError:
        return None
    return address.hostname if address.scheme in {"http", "https"} else None


def _hosts(buttons: Sequence[ButtonIn]) -> set[str]:
    own = {host for button in buttons if button.url and not button.children and (host := _host(button.url))}
    return own.union(*(_hosts(button.children) for button in buttons))
