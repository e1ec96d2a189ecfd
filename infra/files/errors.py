"""What can be wrong with bytes."""

from infra.errors import DomainError, NotFound


class FileTooLarge(DomainError):
    """`details` name the limit: `most_bytes` or `most_pixels`."""

    code = "file_too_large"
    status = 413
    message = "文件过大"
    english = "The file is too large"


class FileTypeRefused(DomainError):
    code = "file_type_refused"
    status = 415
    message = "不支持这种文件"
    english = "Files of this kind are not accepted here"


class BytesMissing(NotFound):
    """A row says that there are bytes, and there are none."""

    code = "file_bytes_missing"
    message = "文件内容已丢失"
    english = "The bytes of the file are lost"
