"""The store of this process, chosen by the settings: a bucket if one is named, else a folder."""

from infra.files.folder import Folder
from infra.files.port import Store
from infra.settings import settings

_store: Store | None = None


def store() -> Store:
    """The process's store; it connects when first used."""
    global _store  # noqa: PLW0603 - one per process
    if _store is None:
        _store = _configured()
    return _store


def _configured() -> Store:
    if settings().files_s3_bucket is None:
        return Folder(settings().files_folder)
    # Late: the client's library takes a quarter of a second and much memory, which a folder doesn't need.
    from infra.files.s3 import Bucket

    return Bucket(settings())


async def close() -> None:
    """Give back its connections; what the settings say then is used next."""
    global _store  # noqa: PLW0603
    if _store is not None:
        await _store.close()
        _store = None
