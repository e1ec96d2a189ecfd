"""What can go wrong with posts."""

from infra.errors import Conflict


class PostNameTaken(Conflict):
    code = "post_name_taken"
    message = "该部门已有同名岗位"
    english = "The department has a post of this name"


class PostInUse(Conflict):
    """`details.people` says how many."""

    code = "post_in_use"
    message = "岗位仍有人员，不能删除"
    english = "Somebody still holds the post"
