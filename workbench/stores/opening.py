"""Which store an address names."""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Collection
from pathlib import Path
from urllib.parse import urlsplit

from ..errors import UsageError
from .base import Store, checked
from .folder import Folder

KEYS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
_BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,62}")


def open_store(
    address: str | Path,
    endpoint: str = "",
    *,
    home: Path | None = None,
    plain_hosts: Collection[str] = (),
    named: tuple[str, str] = ("media_storage", "media_endpoint"),
) -> Store:
    """The folder or bucket of an address; no connection is made yet.

    Parameters
    ----------
    address
        A folder (relative to `home`), or s3://bucket/prefix.
    endpoint
        Address of an S3-compatible service; empty: AWS's own. https, except on this machine and `plain_hosts`.
    plain_hosts
        Hosts (or host:port) that may be talked to without encryption.
    named
        The settings that hold the address and the endpoint, for what is said when they are wrong.
    """
    text = str(address)
    if "://" not in text:
        return Folder(((home or Path.cwd()) / Path(text).expanduser()).resolve())
    scheme, rest = text.split("://", 1)
    if scheme != "s3":
        raise UsageError(
            f"Files can't be kept at an address of {scheme}://. Write a folder, or s3://bucket/prefix."
        )
    bucket, _, prefix = rest.partition("/")
    prefix = prefix.strip("/")
    if not _BUCKET.fullmatch(bucket):
        raise UsageError(
            "The address of the bucket can't be understood. Write s3://bucket/prefix, without a key; keys belong "
            f"into {' and '.join(KEYS)}."
        )
    if prefix:
        checked(prefix)
    plain = _plain(endpoint, plain_hosts, named[1]) if endpoint else False
    missing = [name for name in KEYS if not os.environ.get(name)]
    if missing:
        raise UsageError(
            f"s3://{bucket} wants {' and '.join(missing)} in the environment. Set "
            f"{'it' if len(missing) == 1 else 'them'}, or set {named[0]} to a folder."
        )
    for name in (*KEYS, "AWS_SESSION_TOKEN", "AWS_REGION"):
        if not re.fullmatch(r"[!-~]*", os.environ.get(name, "")):  # the library would panic
            raise UsageError(
                f"{name} holds a blank, a line end or a letter with an accent. Copy it again without."
            )
    from .bucket import Bucket

    return Bucket(bucket, prefix, endpoint=endpoint.rstrip("/"), plain=plain, named=named)


def _plain(endpoint: str, plain_hosts: Collection[str], named: str) -> bool:
    """Whether the endpoint is talked to without encryption; UsageError where it must not or makes no sense."""
    try:
        parts = urlsplit(endpoint)
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port, parts = None, None, urlsplit("")
    if (
        host is None
        or parts.scheme not in ("http", "https")
        or parts.username
        or parts.password
        or parts.query
    ):
        raise UsageError(
            f"The address of the S3 service ({named}) can't be understood. Write it like "
            f"https://ACCOUNT.r2.cloudflarestorage.com, without a key; keys belong into {' and '.join(KEYS)}."
        )
    if parts.scheme == "https":
        return False
    if _loopback(host) or {host, f"{host}:{port}"} & set(plain_hosts):
        return True
    raise UsageError(
        f"{host} would be talked to without encryption, keys and pictures in sight. Write https://, or name the host "
        "in media_private_hosts if it stands in your own network."
    )


def _loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
