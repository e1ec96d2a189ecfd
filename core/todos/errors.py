"""What can go wrong with to-dos."""

from infra.errors import Conflict, NotFound


class TodoNotFound(NotFound):
    code = "todo_not_found"
    message = "没有这条待办"
    english = "There is no such to-do"


class NotDoneByHand(Conflict):
    code = "todo_not_by_hand"
    message = "该待办在其来源处完成后自动消失"
    english = "This to-do ends where it comes from"
