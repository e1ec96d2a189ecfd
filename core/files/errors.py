"""What can go wrong with files, links and the library."""

from infra.errors import Conflict, DomainError, Forbidden, InvalidInput, NotFound


class FileNotFound(NotFound):
    code = "file_not_found"
    message = "没有这个文件"
    english = "There is no such file"


class FileInUse(Conflict):
    code = "file_in_use"
    message = "文件已被使用，不能删除"
    english = "The file is in use and can't be deleted"


class PurposeUnknown(InvalidInput):
    code = "file_purpose_unknown"
    message = "没有这种文件用途"
    english = "There is no such purpose of files"


class LinkForged(Forbidden):
    code = "file_link_invalid"
    message = "链接无效"
    english = "The link is not one of ours"


class LinkExpired(DomainError):
    """Its time is over, or its viewer is not logged in any more."""

    code = "file_link_expired"
    status = 410
    message = "链接已失效，请刷新页面"
    english = "The link has expired; ask for a fresh one"


class RangeNotThere(DomainError):
    code = "file_range_not_there"
    status = 416
    message = "请求的范围超出文件大小"
    english = "The file has no such bytes"


class ImageNotFound(NotFound):
    code = "image_not_found"
    message = "没有这张图片"
    english = "There is no such picture"


class ImageExists(Conflict):
    """`details.image_id` is the one that is there."""

    code = "image_exists"
    message = "图片库里已有这张图片"
    english = "The library holds this picture already"


class ImageChanged(Conflict):
    """`details.version` is the present one."""

    code = "image_changed"
    message = "图片信息已被他人修改，请刷新后再试"
    english = "The picture's title or tags were changed by somebody else"
