"""What can go wrong with staff."""

from infra.errors import Conflict, Forbidden, InvalidInput, NotFound, Unauthenticated


class WrongPassword(Unauthenticated):
    code = "wrong_password"
    message = "账号或密码不正确"
    english = "Wrong user name or password"


class UsernameTaken(Conflict):
    code = "username_taken"
    message = "登录名已被使用"
    english = "The user name is taken"


class StaffNotFound(NotFound):
    code = "staff_not_found"
    message = "没有这位员工"
    english = "There is no such colleague"


class AlreadyBound(Conflict):
    code = "wechat_already_bound"
    message = "该微信已绑定其他员工"
    english = "This WeChat identity is bound to another colleague"


class BindingNotFound(NotFound):
    code = "binding_not_found"
    message = "没有这个微信绑定"
    english = "There is no such binding"


class RoleNotFound(NotFound):
    code = "role_not_found"
    message = "没有这个角色"
    english = "There is no such role"


class DepartmentNotFound(NotFound):
    code = "department_not_found"
    message = "没有这个部门"
    english = "There is no such department"


class PostNotFound(NotFound):
    code = "post_not_found"
    message = "该部门没有这个岗位"
    english = "The department has no such post"


class WorkplaceNotFound(NotFound):
    code = "store_not_found"
    message = "没有这家门店"
    english = "There is no such store"


class StoreNeeded(InvalidInput):
    code = "store_needed"
    message = "导购须有所属门店"
    english = "A guide works in a store"


class LastAdministrator(Conflict):
    code = "last_administrator"
    message = "这是最后一位在职的管理员，请先设置另一位"
    english = "This is the last administrator at work: make another one first"


class RightNotYours(Forbidden):
    """What was given, taken or opened reaches further than the own rights; `details.beyond` names what is too much."""

    code = "right_not_yours"
    message = "涉及您自己没有的权限或数据范围，请由权限更大的管理员操作"
    english = "This reaches further than your own rights: ask somebody who holds them"


class AudienceOutOfReach(InvalidInput):
    code = "audience_out_of_reach"
    message = "对象中有不存在或不在您管理范围内的人员、部门、岗位或门店"
    english = "The audience names what does not exist, or means people out of your reach"


class AudienceEmpty(InvalidInput):
    code = "audience_empty"
    message = "所选对象中没有在职员工"
    english = "The audience means nobody"
