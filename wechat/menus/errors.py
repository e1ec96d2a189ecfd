"""What can go wrong with menus."""

from infra.errors import Conflict, InvalidInput, NotFound


class MenuNotFound(NotFound):
    code = "menu_not_found"
    message = "没有这个菜单版本"
    english = "There is no such edition of the menu"


class AccountHasNoMenu(Conflict):
    code = "account_has_no_menu"
    message = "小程序没有自定义菜单"
    english = "A mini-program has no menu"


class AccountNotImported(Conflict):
    code = "account_not_imported"
    message = "该公众号原有的菜单和标签还没有读取完，请稍后再试"
    english = "What the account had on the platform has not been read yet"


class MenuChanged(Conflict):
    """`version`: the draft's present one, 0 when there is none."""

    code = "menu_changed"
    message = "菜单草稿已被他人修改或发布，请刷新后再试"
    english = "The draft was changed or published by somebody else"


class MenuOnItsWay(Conflict):
    code = "menu_on_its_way"
    message = "上一次发布还没有完成，请稍后再试"
    english = "Another edition is being published"


class MenuNotPublished(Conflict):
    code = "menu_not_published"
    message = "这个版本还没有发布过，不能恢复"
    english = "This edition was never published"


class MenuUnfit(InvalidInput):
    """`problems`: where, code and words of each."""

    code = "menu_unfit"
    message = "菜单不符合微信的规定，请先改正"
    english = "The platform would refuse this menu"


class LiveMenuUnread(Conflict):
    """`reason`: the code of what the platform answered instead, with its `errcode` if it gave one."""

    code = "live_menu_unread"
    message = "暂时读不到微信上的菜单，请稍后再试"
    english = "The platform does not tell its menu now"
