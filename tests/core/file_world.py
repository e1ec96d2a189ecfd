"""Uploading in tests: over HTTP, with the bytes of tests.infra.some_bytes."""

import shutil

from infra.files.stores import store
from tests import factories as make

UPLOAD = "/staff/v1/files"


def empty_store():
    """Forget the bytes of former tests."""
    shutil.rmtree(store()._root, ignore_errors=True)


async def upload(http, headers, content, *, name="照片.jpg", purpose="attachment", key=None):
    more = {} if key is None else {"Idempotency-Key": key}
    return await http.post(UPLOAD, headers=headers | more, params={"name": name, "purpose": purpose}, content=content)


async def uploaded(http, headers, content, **values):
    """What the API says of a new file."""
    answer = await upload(http, headers, content, **values)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def digests():
    """The rows of bytes, and whether each has its bytes."""
    rows = await make.rows("SELECT digest FROM file_blob ORDER BY digest")
    return {row["digest"]: await store().exists(row["digest"]) for row in rows}


async def lone_bytes():
    """How many files lie in the store's folder for which there is no row."""
    known = await digests()
    return [path.name for path in store()._root.glob("??/??/*") if path.name not in known]
