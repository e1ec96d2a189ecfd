"""What can go wrong with codes."""

from infra.errors import NotFound


class CodeNotFound(NotFound):
    code = "code_not_found"
    message = "没有这个二维码"
    english = "There is no such code"


class CodeNotIssued(NotFound):
    code = "code_not_issued"
    message = "二维码正在生成，请稍后再试"
    english = "The code is being made, please wait a moment"
