"""The life of a menu, and what the platform's refusals mean. Pure."""

from enum import StrEnum

from wechat.platform.policy import ALERTS


class MenuState(StrEnum):
    """`publishing`: on its way to the platform, until it is known to be there; `former`: was live once."""

    DRAFT = "draft"
    PUBLISHING = "publishing"
    LIVE = "live"
    FORMER = "former"
    FAILED = "failed"


_SIZE, _KIND, _NAME, _KEY, _URL = "按钮数量", "按钮类型", "按钮名称", "按钮的 key", "按钮的链接"
_WRONG = {
    40016: _SIZE,
    40017: _KIND,
    40018: _NAME,
    40019: _KEY,
    40020: _URL,
    40023: f"子{_SIZE}",
    40024: f"子{_KIND}",
    40025: f"子{_NAME}",
    40026: f"子{_KEY}",
    40027: f"子{_URL}",
    40054: "子按钮的链接域名",
    40055: "按钮的链接域名",
    40165: "小程序页面路径",
    40166: "小程序 AppID（须已关联公众号）",
    45159: "个性化菜单的标签",
    65317: "个性化菜单的链接",
}
_WORDS = {
    45010: "创建菜单受限",
    45064: "没有在菜单中使用小程序的权限，请先关联小程序",
    65303: "没有默认菜单，不能新增个性化菜单",
    65304: "个性化菜单没有匹配条件",
    65305: "个性化菜单数量已达上限",
    65306: "该公众号不支持个性化菜单",
    65309: "个性化菜单功能已关闭",
    65316: "个性化菜单跳转的域名过多",
    65320: "个性化菜单的匹配条件含有隐私信息",
}


def words_of(errcode: int) -> str:
    """What a refusal means to whoever made the menu."""
    what = f"{_WRONG[errcode]}不合要求" if errcode in _WRONG else _WORDS.get(errcode) or ALERTS.get(errcode)
    return f"微信拒绝了这份菜单：{what or '未说明原因'}（{errcode}）"
