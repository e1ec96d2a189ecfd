"""An archive on the disk: a folder with the dump, the stored files, their list, and the manifest.

It is written beside its place (`….partial`) and renamed when everything is on the disk: one with a manifest is whole.
Everything here blocks; call it in a thread.
"""

import hashlib
import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from pydantic import ValidationError

from app.backups.errors import ArchiveBroken
from app.backups.manifest import Blob, Files, Manifest, Part
from infra.files.folder import Folder
from infra.files.port import Store

PARTIAL = ".partial"
DUMP = "database.dump"
_LIST = "files.txt"
_MANIFEST = "manifest.json"
_FILES = "files"


def begin(folder: Path, name: str) -> Path:
    """The unfinished archive's folder, which only we may enter."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    partial = folder / f"{name}{PARTIAL}"
    partial.mkdir(mode=0o700)
    return partial


def take_files(partial: Path, blobs: Sequence[Blob], store: Store) -> Files:
    """Files of a folder come along (as hard links where the disk is the same); those of a bucket are listed."""
    inside = isinstance(store, Folder)
    missing = sum(not _take(partial, blob, store) for blob in blobs) if isinstance(store, Folder) else 0
    (partial / _LIST).write_text("".join(f"{blob.digest} {blob.size}\n" for blob in blobs))
    size = sum(blob.size for blob in blobs)
    return Files(count=len(blobs), size=size, missing=missing, inside=inside, list=part(partial / _LIST))


def _take(partial: Path, blob: Blob, store: Folder) -> bool:
    source, target = store.path(blob.digest), _place(partial, blob.digest)
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        os.link(source, target)
    except FileNotFoundError:
        return False
    except OSError:  # another disk, or one without links
        shutil.copyfile(source, target)
        _synchronise(target)
    return True


def _place(archive: Path, digest: str) -> Path:
    return archive / _FILES / digest[:2] / digest


def finish(partial: Path, manifest: Manifest) -> int:
    """Put the manifest in, everything onto the disk, and the archive in its place; returns its size in bytes."""
    file = partial / _MANIFEST
    file.write_text(manifest.sealed().model_dump_json(indent=1))
    for path in (file, partial / DUMP, partial / _LIST, partial):
        _synchronise(path)
    whole = partial.with_name(manifest.name)
    partial.rename(whole)
    _synchronise(whole.parent)
    return sum(path.stat().st_size for path in whole.rglob("*") if path.is_file())


def read(archive: Path) -> Manifest:
    """The manifest of an archive of which every byte was looked at. Raises ArchiveBroken."""
    try:
        manifest = Manifest.model_validate_json((archive / _MANIFEST).read_bytes())
    except (OSError, ValidationError) as error:
        raise ArchiveBroken({"part": _MANIFEST}) from error
    if not manifest.is_genuine:
        raise ArchiveBroken({"part": _MANIFEST})
    for name, wanted in ((DUMP, manifest.dump), (_LIST, manifest.files.list)):
        try:
            found = part(archive / name)
        except OSError as error:
            raise ArchiveBroken({"part": name}) from error
        if found != wanted:
            raise ArchiveBroken({"part": name})
    if manifest.files.inside:
        _check_files(archive, manifest.files)
    return manifest


def _check_files(archive: Path, files: Files) -> None:
    missing = 0
    for blob in listed(archive):
        place = _place(archive, blob.digest)
        if not place.exists():
            missing += 1
        elif part(place) != Part(size=blob.size, sha256=blob.digest):
            raise ArchiveBroken({"part": f"{_FILES}/{blob.digest}"})
    if missing != files.missing:
        raise ArchiveBroken({"part": _FILES})


def listed(archive: Path) -> Iterator[Blob]:
    """The stored files that belong to the archive."""
    with (archive / _LIST).open() as lines:
        for line in lines:
            digest, size = line.split()
            yield Blob(digest, int(size))


def file_of(archive: Path, blob: Blob) -> Path | None:
    """Where a stored file lies in the archive, if it does."""
    place = _place(archive, blob.digest)
    return place if place.exists() else None


def remove(folder: Path, name: str) -> None:
    """Remove an archive, whole or not; what isn't there is no error."""
    shutil.rmtree(folder / name, ignore_errors=True)
    remove_partial(folder, name)


def remove_partial(folder: Path, name: str) -> None:
    """Remove what an interrupted run left; what already has its name is whole and stays."""
    shutil.rmtree(folder / f"{name}{PARTIAL}", ignore_errors=True)


def keep_newest(folder: Path, names: Iterable[str], most: int) -> None:
    """Of the archives with these names (the newest first) that lie here, remove all but so many."""
    here = [name for name in names if (folder / name).exists()]
    for name in here[most:]:
        remove(folder, name)


def part(file: Path) -> Part:
    with file.open("rb") as content:
        digest = hashlib.file_digest(content, "sha256").hexdigest()
    return Part(size=file.stat().st_size, sha256=digest)


def _synchronise(path: Path) -> None:
    number = os.open(path, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
