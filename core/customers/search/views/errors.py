"""What can go wrong with views."""

from infra.errors import Conflict, NotFound


class ViewNotFound(NotFound):
    code = "view_not_found"
    message = "没有这个视图"
    english = "There is no such view"


class ViewNameTaken(Conflict):
    code = "view_name_taken"
    message = "您已有同名视图"
    english = "You have a view of this name"


class ViewChanged(Conflict):
    code = "view_changed"
    message = "视图已被修改，请刷新后再试"
    english = "The view was changed meanwhile"


class ViewsUsedUp(Conflict):
    code = "views_used_up"
    message = "保存的视图已达上限"
    english = "You have as many views as are allowed"


class ViewOrderIncomplete(Conflict):
    code = "view_order_incomplete"
    message = "须列出自己的全部视图，每个一次"
    english = "An order names every own view once"
