"""What can go wrong with departments."""

from infra.errors import Conflict


class DepartmentNameTaken(Conflict):
    """`details` name the clashes when departments are merged."""

    code = "department_name_taken"
    message = "同级已有同名部门"
    english = "A department of this name exists beside it"


class DepartmentBelowItself(Conflict):
    code = "department_below_itself"
    message = "部门不能移到自己或下级部门之下"
    english = "A department can't stand below itself or one of its own"


class DepartmentInUse(Conflict):
    """`details` count what stands against it."""

    code = "department_in_use"
    message = "部门仍有下级部门、人员或门店，不能删除"
    english = "The department still has departments, people or stores"


class DepartmentsChanged(Conflict):
    """`details.ids` are the departments that stand there now."""

    code = "departments_changed"
    message = "同级部门已有变动，请刷新后再试"
    english = "These are not the departments that stand there now"
