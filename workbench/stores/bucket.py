"""A bucket of any S3-compatible service, through obstore."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

from ..errors import UsageError
from .base import Entry, StorageError, Store, checked

if TYPE_CHECKING:
    from obstore.store import S3Config

TIMEOUT_SECONDS = 60
"""For one request, the whole file included."""
CONNECT_SECONDS = 10
RETRIES = 4
RETRY_SECONDS = 90

_CODE = re.compile(r"<Code>(\w{1,60})</Code>")
_STATUS = re.compile(r"status code: (\d{3})")
_MD5 = re.compile(r'"?([0-9a-f]{32})"?')
_NOT_LET_IN = {
    "AccessDenied", "ExpiredToken", "InvalidAccessKeyId", "InvalidToken", "SignatureDoesNotMatch",
    "TokenRefreshRequired", "Unauthorized", "401", "403",
}  # fmt: skip

_WHY = {
    "dns error": "nobody knows its name",
    "Connection refused": "nothing listens there",
    "certificate": "its certificate is not trusted",
    "timed out": "it does not answer in time",
    "TimedOut": "it does not answer in time",
}
"""What the library's text says of a failed request -> what is told: its own text quotes requests."""


class Bucket(Store):
    """The keys are read from the environment by the library and never held here, so no repr or pickle has them."""

    def __init__(
        self, bucket: str, prefix: str, *, endpoint: str, plain: bool, named: tuple[str, str]
    ) -> None:
        from obstore.exceptions import BaseError
        from obstore.store import S3Store

        self.bucket, self.prefix, self.endpoint, self.named = bucket, prefix, endpoint, named
        self.place = f"s3://{bucket}/{prefix}".rstrip("/")
        region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
        config: S3Config = {
            "region": region or ("auto" if endpoint else "us-east-1"),
            "checksum_algorithm": "SHA256",  # the service refuses what arrives otherwise than it was sent
            "virtual_hosted_style_request": False,
        }
        if endpoint:
            config["endpoint"] = endpoint
        try:
            self._store = S3Store(
                bucket,
                prefix=prefix or None,
                config=config,
                client_options={
                    "allow_http": plain,
                    "timeout": f"{TIMEOUT_SECONDS}s",
                    "connect_timeout": f"{CONNECT_SECONDS}s",
                },
                retry_config={"max_retries": RETRIES, "retry_timeout": timedelta(seconds=RETRY_SECONDS)},
            )
            return
        except (BaseError, ValueError):
            pass  # it quotes the value, which may be a key: not even as the cause of another error
        names = ", ".join(sorted(name for name in os.environ if name.startswith("AWS_")))
        raise UsageError(f"{self.place} can't be opened with this environment. Check the values of {names}.")

    def __repr__(self) -> str:
        return f"Bucket({self.place!r})"

    def entry(self, key: str) -> Entry | None:
        import obstore

        with self._told(key):
            try:
                return _entry(obstore.head(self._store, checked(key)))
            except FileNotFoundError:
                return None

    def entries(self, under: str = "") -> Iterator[Entry]:
        import obstore

        with self._told(under):
            for chunk in obstore.list(self._store, prefix=checked(under) if under else None):
                yield from map(_entry, chunk)

    def delete(self, key: str) -> None:
        import obstore

        with self._told(key):
            obstore.delete(self._store, checked(key))

    def _write(self, key: str, data: bytes, media_type: str | None) -> None:
        import obstore

        with self._told(key):
            obstore.put(
                self._store,
                key,
                data,
                use_multipart=False,  # parts of a killed upload would stay behind, unseen and paid for
                attributes={"Content-Type": media_type} if media_type else None,
            )

    def _read(self, key: str) -> bytes:
        import obstore

        with self._told(key):
            return bytes(obstore.get(self._store, key).bytes())

    @contextmanager
    def _told(self, key: str) -> Iterator[None]:
        """The library's errors in our words; theirs quote requests, so they are not chained."""
        import obstore.exceptions

        try:
            yield
        except FileNotFoundError as e:
            told = self._no_bucket() if "NoSuchBucket" in str(e) else self.missing(key)
        except (obstore.exceptions.BaseError, ValueError, OSError) as e:
            told = self._error(str(e))
        else:
            return
        raise told from None

    def _no_bucket(self) -> StorageError:
        return StorageError(
            f"There is no bucket {self.bucket} at {self.endpoint or 'AWS'}. Create it, or mend {self.named[0]} or "
            f"{self.named[1]}."
        )

    def _error(self, text: str) -> StorageError:
        head = text.split("Debug source:")[0]
        code = _CODE.search(head) or _STATUS.search(head)
        where = f"{self.place} at {self.endpoint or 'AWS'}"
        if code and code[1] == "NoSuchBucket":
            return self._no_bucket()
        if code and (code[1] in _NOT_LET_IN or "status code: 403" in head or "status code: 401" in head):
            return StorageError(
                f"{where} does not let us in ({code[1]}). Check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, and "
                "that this key may read and write this bucket."
            )
        if code:
            return StorageError(f"{where} can't do it: it answers {code[1]}. Check AWS_REGION, or try later.")
        if "redirect" in head:
            return StorageError(f"{where} is in another region. Set AWS_REGION to the bucket's.")
        why = next(
            (told for word, told in _WHY.items() if word in text), "it can't be reached or stopped answering"
        )
        return StorageError(f"{where}: {why}. Check the network and {self.named[1]}, then try again.")


def _entry(found: object) -> Entry:
    md5 = _MD5.fullmatch(str(found["e_tag"] or ""))  # type: ignore[index]
    return Entry(str(found["path"]), int(found["size"]), md5[1] if md5 else None)  # type: ignore[index]
