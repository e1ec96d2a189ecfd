"""What can go wrong with roles."""

from infra.errors import Conflict, InvalidInput


class RoleNameTaken(Conflict):
    code = "role_name_taken"
    message = "已有同名角色"
    english = "A role of this name exists"


class RoleChanged(Conflict):
    """`version` is the present one."""

    code = "role_changed"
    message = "角色已被他人修改，请刷新后再试"
    english = "The role was changed by somebody else"


class RoleReadyMade(Conflict):
    code = "role_ready_made"
    message = "系统自带的角色不能修改或删除，请复制后修改"
    english = "A ready-made role is neither changed nor deleted: make a copy"


class RoleHeld(Conflict):
    """`holders` colleagues who have not left hold it."""

    code = "role_held"
    message = "仍有员工使用该角色，请先为他们更换角色"
    english = "Colleagues hold this role: give them another one first"


class UnknownPoints(InvalidInput):
    """`points` are no operation points."""

    code = "unknown_points"
    message = "含有不存在的操作权限"
    english = "There are no such operation points"
