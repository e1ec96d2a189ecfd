"""An S3 bucket as a store (or what speaks S3: MinIO, OSS, COS): objects `sha256/ab/cd/abcd…`."""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from datetime import datetime
from typing import Any, BinaryIO

import aiohttp
from aiobotocore.config import AioConfig
from aiobotocore.session import get_session
from botocore.exceptions import BotoCoreError, ClientError

from infra.errors import Unavailable
from infra.files.errors import BytesMissing
from infra.files.port import CHUNK_BYTES
from infra.logging import logger
from infra.settings import Settings

PART_BYTES = 8 * 1_048_576
_NOT_THERE = {"404", "NoSuchKey", "NotFound"}


class Bucket:
    """One client per process, made when first used. What is larger than a part goes up in parts."""

    def __init__(self, config: Settings) -> None:
        self._config = config
        self._stack = AsyncExitStack()
        self._made: Any = None
        self._making = asyncio.Lock()

    async def put(self, digest: str, source: BinaryIO) -> None:
        with _outages("put"):
            client = await self._client()
            source.seek(0)
            first = await asyncio.to_thread(source.read, PART_BYTES)
            if len(first) < PART_BYTES:
                await client.put_object(**self._where(digest), Body=first)
            else:
                await self._put_parts(client, digest, first, source)

    @asynccontextmanager
    async def open(self, digest: str, start: int = 0, length: int | None = None) -> AsyncIterator[AsyncIterator[bytes]]:
        with _outages("get"):
            client = await self._client()
            part = {} if length is None else {"Range": f"bytes={start}-{start + length - 1}"}
            answer = await client.get_object(**self._where(digest), **part)
        async with answer["Body"] as body:
            yield _chunks(body)

    async def exists(self, digest: str) -> bool:
        try:
            with _outages("head"):
                client = await self._client()
                await client.head_object(**self._where(digest))
        except BytesMissing:
            return False
        return True

    async def delete(self, digest: str) -> None:
        with suppress(BytesMissing), _outages("delete"):
            client = await self._client()
            await client.delete_object(**self._where(digest))

    async def sweep(self, before: datetime) -> int:
        with _outages("sweep"):
            client = await self._client()
            answer = await client.list_multipart_uploads(Bucket=self._config.files_s3_bucket, Prefix="sha256/")
            old = [upload for upload in answer.get("Uploads", []) if upload["Initiated"] < before]
            for upload in old:
                await client.abort_multipart_upload(
                    Bucket=self._config.files_s3_bucket, Key=upload["Key"], UploadId=upload["UploadId"]
                )
        return len(old)

    async def close(self) -> None:
        self._made = None
        await self._stack.aclose()

    async def _client(self) -> Any:
        async with self._making:
            if self._made is None:
                self._made = await self._stack.enter_async_context(_new_client(self._config))
            return self._made

    async def _put_parts(self, client: Any, digest: str, first: bytes, source: BinaryIO) -> None:
        where = self._where(digest)
        upload = where | {"UploadId": (await client.create_multipart_upload(**where))["UploadId"]}
        parts, part = list[dict[str, Any]](), first
        try:
            while part:
                number = len(parts) + 1
                answer = await client.upload_part(**upload, PartNumber=number, Body=part)
                parts.append({"PartNumber": number, "ETag": answer["ETag"]})
                part = await asyncio.to_thread(source.read, PART_BYTES)
            await client.complete_multipart_upload(**upload, MultipartUpload={"Parts": parts})
        except BaseException:
            # What isn't ended is paid for and never seen; if this fails too, `sweep` finds it.
            with suppress(BotoCoreError, ClientError, aiohttp.ClientError, OSError):
                await client.abort_multipart_upload(**upload)
            raise

    def _where(self, digest: str) -> dict[str, Any]:
        return {"Bucket": self._config.files_s3_bucket, "Key": f"sha256/{digest[:2]}/{digest[2:4]}/{digest}"}


def _new_client(config: Settings) -> Any:
    # At DEBUG they print the signed headers of every request.
    for name in ("botocore", "aiobotocore"):
        logging.getLogger(name).setLevel(logging.INFO)
    key, secret = config.files_s3_access_key, config.files_s3_secret_key
    return get_session().create_client(
        "s3",
        endpoint_url=config.files_s3_endpoint,
        region_name=config.files_s3_region,
        aws_access_key_id=key and key.get_secret_value(),
        aws_secret_access_key=secret and secret.get_secret_value(),
        config=AioConfig(
            connect_timeout=5,
            read_timeout=30,
            retries={"mode": "standard", "max_attempts": 2},
            s3={"addressing_style": config.files_s3_addressing},
            # Newer checksums are not known to what only speaks S3.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        ),
    )


async def _chunks(body: Any) -> AsyncIterator[bytes]:
    with _outages("get"):
        async for chunk in body.iter_chunks(CHUNK_BYTES):
            yield chunk


@contextmanager
def _outages(operation: str) -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "")
        if code in _NOT_THERE:
            raise BytesMissing from error
        logger().error("files_s3_refused", operation=operation, answer=code)
        raise Unavailable({"server": "files"}) from error
    except (BotoCoreError, aiohttp.ClientError, OSError) as error:
        logger().error("files_s3_failed", operation=operation, error=type(error).__name__)
        raise Unavailable({"server": "files"}) from error
