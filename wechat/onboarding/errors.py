"""What can be missing on the first day."""

from infra.errors import NotFound


class MenuNotRead(NotFound):
    code = "menu_not_read"
    message = "还没有从微信读到菜单"
    english = "The menu has not been read from the platform yet"


class VerifyFileNotFound(NotFound):
    code = "verify_file_not_found"
    message = "没有这个验证文件"
    english = "There is no such verification file"
