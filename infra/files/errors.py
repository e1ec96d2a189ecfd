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
    message = "文件为空，或不支持这种文件"
    english = "The file is empty, or of a kind that is not accepted here"


class BytesMissing(NotFound):
    """A row says that there are bytes, and there are none."""

    code = "file_bytes_missing"
    message = "文件内容已丢失"
    english = "The bytes of the file are lost"
