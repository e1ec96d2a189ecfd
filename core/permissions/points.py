"""Every operation point by module, with the titles an administrator reads.

A file of its own: the rules say what rights do, this says what there is. What isn't here is no operation point: nobody
may compose a role with it, and where one is stored from former times it counts for nothing.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from core.permissions.rules import READY_MADE, Rights, RoleKey, Scope, SpecialRight, special_rights_in


@dataclass(frozen=True, slots=True)
class Module:
    """A part of the product as menus show it; `points` are titles by operation point, `module:action`."""

    key: str
    title: str
    points: Mapping[str, str]


def _module(key: str, title: str, **actions: str) -> Module:
    return Module(key, title, {f"{key}:{action}": words for action, words in actions.items()})


_VIEW, _CHANGE = "查看", "新增与修改"

MODULES = (
    _module(
        "customers",
        "客户",
        read="查看客户及其动态",
        write="新增与修改客户",
        correct="审批手机号更正、处理号码争议",
        credit="设置信用等级与额度",
        **{"import": "导入客户"},
        export="导出客户",
        unmask="查看他人客户的完整号码",
        erase="遗忘客户、导出个人资料",
        transfer="转出自己的客户",
        assign="更改客户归属",
        merge="合并客户、撤销合并",
    ),
    _module("followups", "跟进", write="填写自己客户的跟进"),
    _module(
        "pool",
        "公海",
        read="查看公海客户",
        claim="领取公海客户",
        write="新增客户到公海",
        assign="批量分配公海客户",
        discard="废弃与还原公海客户",
    ),
    _module("fans", "粉丝", read="查看粉丝与画像", write="给粉丝打标签"),
    _module("tags", "客户标签与分组", read=_VIEW, write="新增、修改、删除与规则", attach="给客户打标签"),
    _module("fields", "自定义字段", read=_VIEW, write="新增、修改、排序与删除"),
    _module("views", "客户视图", share="与所有人共享"),
    _module("labels", "标签", read=_VIEW, write="新增、改名与删除"),
    _module("consents", "同意书", write="发布同意书文本"),
    _module("blocks", "黑名单", write="查看、拉黑与解除"),
    _module("ranking", "排行", read="查看排行与趋势"),
    _module("codes", "渠道码", read="查看、下载与统计", write="新增、修改与停用"),
    _module("inbox", "会话", read=_VIEW, reply="接待与回复", assign="转交会话、共用快捷回复", report="查看服务水平"),
    _module("words", "违禁词", write="查看、新增与删除"),
    _module("welcomes", "欢迎语", read=_VIEW, write=_CHANGE),
    _module("replies", "自动回复", read="查看与试用", write="新增、修改与删除"),
    _module("menus", "公众号菜单", read=_VIEW, write="编辑、发布与恢复"),
    _module("channels", "渠道", read=_VIEW, write=_CHANGE),
    _module("omnichannel", "全渠道", read="按渠道查看门店"),
    _module("stores", "门店", read=_VIEW, write="新增、修改与关闭"),
    _module("guides", "导购", read=_VIEW, write="新增"),
    _module("tasks", "任务", write="下达与跟进"),
    _module("announcements", "公告", write="发布与撤回"),
    _module("images", "图片库", read=_VIEW, write="上传与删除"),
    _module("departments", "部门与岗位", read=_VIEW, write="新增、修改、合并与删除"),
    _module("staff", "员工", read=_VIEW, write="新增、修改、停用与离职"),
    _module("handovers", "交接", write="预览与交接"),
    _module("roles", "角色", read=_VIEW, write="新增、修改与删除"),
    _module("accounts", "公众号与小程序", read=_VIEW, write="接入与修改"),
    _module("alerts", "告警", read=_VIEW),
    _module("audit", "操作日志", read=_VIEW),
    _module("parameters", "参数", read=_VIEW, write="修改"),
    _module("backups", "备份", read=_VIEW),
)

POINTS = frozenset(point for module in MODULES for point in module.points)

SCOPES: Mapping[Scope, str] = {
    Scope.OWN: "本人",
    Scope.STORE: "本店",
    Scope.DEPARTMENT: "本部门",
    Scope.BELOW: "本部门及下级",
    Scope.ALL: "全部",
}

SPECIAL_RIGHTS: Mapping[SpecialRight, str] = {
    SpecialRight.SCHEDULE: "近期日程",
    SpecialRight.UNHANDLED_CALLS: "未处理来电",
    SpecialRight.RECEIVABLE_PLAN: "应收计划",
    SpecialRight.PAYABLE_PLAN: "应付计划",
    SpecialRight.MONTH_RESULT: "本月业绩",
}


def rights_of_role(key: str | None, points: Iterable[str], scope: str, special_rights: Iterable[str]) -> Rights:
    """What a role gives: a ready-made one what the code says, any other what is stored and still exists."""
    if key:
        ready = READY_MADE[RoleKey(key)]
        return Rights(ready.points, ready.scope, ready.special_rights)
    return Rights(POINTS & frozenset(points), Scope(scope), special_rights_in(special_rights))
