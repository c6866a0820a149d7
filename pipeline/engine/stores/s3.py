"""Amazon S3, and what speaks as it does (MinIO, Ceph, R2), by botocore: credentials and addresses as that finds them.

Writes can be made to depend on what lies there (`If-None-Match: *`, `If-Match`): of two that meet one is refused.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
"""

from __future__ import annotations

import functools
import os
from collections.abc import Iterator, Sequence
from email.utils import parsedate_to_datetime
from typing import IO, Any, NamedTuple

from pipeline.engine.stores.store import ChangedError, Object, library
from pipeline.errors import CopydeskError, SettingsError, StoreError

_ATTEMPTS = 3  # to read a body to its end; botocore itself tries again to get an answer
_HINT = "pip install 'copydesk[s3]'"
_REFUSED = (401, 403)
# Of no object but of all: credentials that have ended, or are none.
_OF_ALL = ("ExpiredToken", "InvalidToken", "InvalidAccessKeyId", "SignatureDoesNotMatch", "RequestTimeTooSkewed")
_CHANGED = (409, 412)


class Found(NamedTuple):
    """An object with its bytes, its tag, and how many seconds ago it was written, by the clock of the store."""

    content: bytes
    tag: str
    age: float


class S3:
    """A bucket."""

    def __init__(self, bucket: str) -> None:
        self._bucket = bucket
        self._botocore = library("botocore.exceptions", _HINT)

    def objects(self, prefix: str) -> Iterator[Object]:
        """All objects whose keys begin so, in the order of keys; see `Store`."""
        try:
            pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=prefix)
            for page in pages:
                for found in page.get("Contents", ()):
                    yield Object(found["Key"], found["Size"], found["ETag"], found["LastModified"].timestamp())
        except self._errors as error:
            raise self._as_error(error, prefix) from error

    def fetch(self, found: Object, start: int, size: int) -> bytes:
        """At most so many bytes of an object from `start` on, if it is still the one that was listed; see `Store`."""
        end = min(start + size, found.size)
        if start >= end:
            return b""
        where = {"Bucket": self._bucket, "Key": found.key}
        for attempt in range(_ATTEMPTS):
            try:
                answer = self._client.get_object(**where, Range=f"bytes={start}-{end - 1}", IfMatch=found.tag)
                return bytes(answer["Body"].read())
            except self._errors as error:
                if _status(error) is None and attempt + 1 < _ATTEMPTS:
                    continue
                raise self._as_fault(error, found.key) from error
        raise AssertionError

    def read(self, key: str) -> Found | None:
        """A small object; None when there is none.

        Raises:
            SettingsError, StoreError: as `objects` does.
        """
        try:
            answer = self._client.get_object(Bucket=self._bucket, Key=key)
            now = parsedate_to_datetime(answer["ResponseMetadata"]["HTTPHeaders"]["date"])
            return Found(answer["Body"].read(), answer["ETag"], (now - answer["LastModified"]).total_seconds())
        except self._errors as error:
            if _status(error) == 404 and _code(error) != "NoSuchBucket":
                return None
            raise self._as_error(error, key) from error

    def write(self, key: str, content: bytes | IO[bytes], over: str | None = None) -> str:
        """Write an object in one step; returns its tag. `over`: only over the object with that tag, "": over none.

        Raises:
            ChangedError: something else lies there.
            SettingsError, StoreError: as `objects` does.
        """
        only = {} if over is None else {"IfMatch": over} if over else {"IfNoneMatch": "*"}
        try:
            return str(self._client.put_object(Bucket=self._bucket, Key=key, Body=content, **only)["ETag"])
        except self._errors as error:
            gone = bool(over) and _status(error) == 404 and _code(error) != "NoSuchBucket"
            if gone or (only and _status(error) in _CHANGED):
                raise ChangedError(f"{self._url(key)}: has changed meanwhile") from error
            raise self._as_error(error, key) from error

    def remove(self, keys: Sequence[str]) -> None:
        """Remove objects; one that is not there is no error."""
        for key in keys:  # one by one: what speaks as S3 does often knows no other way
            try:
                self._client.delete_object(Bucket=self._bucket, Key=key)
            except self._errors as error:
                raise self._as_error(error, key) from error

    # --- the library, and what it says ---

    @property
    def _client(self) -> Any:
        told = tuple(sorted((name, value) for name, value in os.environ.items() if name.startswith("AWS_")))
        try:
            return _client(os.getpid(), told)
        except self._errors as error:
            raise self._as_error(error, "") from error

    @property
    def _errors(self) -> tuple[type[Exception], ...]:
        return (self._botocore.BotoCoreError, self._botocore.ClientError, OSError)

    def _url(self, key: str) -> str:
        return f"s3://{self._bucket}/{key}"

    def _as_error(self, error: Exception, key: str) -> CopydeskError:
        """What the library says, as an error of ours that names the object."""
        where, status, code = self._url(key), _status(error), _code(error)
        if code == "NoSuchBucket":
            return SettingsError(f"s3://{self._bucket}: no such bucket; name one that is there")
        if status in _REFUSED or code in _OF_ALL or (status is None and isinstance(error, self._of_credentials)):
            return SettingsError(
                f"{where}: access is refused ({code or type(error).__name__}); look at the credentials, "
                "AWS_PROFILE or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, and at what they allow"
            )
        if status == 501:
            return SettingsError(f"{where}: the store does not know what is asked of it ({code})")
        return StoreError(
            f"{where}: the store does not answer as it should ({code or type(error).__name__}); try again"
        )

    @property
    def _of_credentials(self) -> tuple[type[Exception], ...]:
        known = self._botocore
        return (
            *(
                known.NoCredentialsError,
                known.PartialCredentialsError,
                known.ProfileNotFound,
                known.TokenRetrievalError,
            ),
            *(known.CredentialRetrievalError, known.NoAuthTokenError, known.ConfigParseError, known.NoRegionError),
        )

    def _as_fault(self, error: Exception, key: str) -> Exception:
        """The same where one object cannot be read: that costs no other one."""
        status, code = _status(error), _code(error)
        if status is None or status >= 500 or code in _OF_ALL:
            return StoreError(str(self._as_error(error, key)))
        why = "changed while it was read" if status in _CHANGED else f"{code or status}"
        return OSError(f"{self._url(key)}: {'gone' if status == 404 else why}")


def _status(error: Exception) -> int | None:
    answer = getattr(error, "response", None) or {}
    status = answer.get("ResponseMetadata", {}).get("HTTPStatusCode")
    return int(status) if status else None


def _code(error: Exception) -> str:
    answer = getattr(error, "response", None) or {}
    return str(answer.get("Error", {}).get("Code", ""))


@functools.lru_cache(maxsize=1)
def _client(process: int, told: tuple[tuple[str, str], ...]) -> Any:
    """The client of a process: it takes 0.1 s to make; `told` are the variables that it is made by."""
    session = library("botocore.session", _HINT).get_session()
    config = library("botocore.config", _HINT).Config(connect_timeout=10, read_timeout=30)
    return session.create_client("s3", config=config)
