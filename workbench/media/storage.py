"""Where pictures are kept: by content, in a folder or a bucket."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator

from ..settings import Settings
from ..stores import Entry, StorageError, Store, open_store

__all__ = ["Storage", "StorageError", "key_digest", "local_storage", "open_storage", "picture_key"]

PICTURES = "pictures"
_KEY = re.compile(rf"{PICTURES}/([0-9a-f]{{2}})/(\1[0-9a-f]{{62}})\.([a-z0-9]+)")
_EXTENSIONS = {
    "image/jpeg": "jpg", "image/png": "png", "image/webp": "webp", "image/gif": "gif", "image/heic": "heic",
    "image/heif": "heif", "image/avif": "avif", "image/bmp": "bmp", "image/tiff": "tiff",
}  # fmt: skip
_MEDIA_TYPES = {extension: media_type for media_type, extension in _EXTENSIONS.items()}


def picture_key(sha256: str, media_type: str) -> str:
    """Key of a picture: pictures/ab/abcd....jpg, by the hexadecimal digest of its bytes and what it is."""
    return f"{PICTURES}/{sha256[:2]}/{sha256}.{_EXTENSIONS.get(media_type, 'bin')}"


def key_digest(key: str) -> str | None:
    """The SHA-256 that a picture's key holds; None for what is no such key."""
    match = _KEY.fullmatch(key)
    return match[2] if match else None


def open_storage(settings: Settings) -> Storage:
    """The settings' folder or bucket. Nothing is asked of a bucket yet; keys come from the environment."""
    return Storage(
        open_store(
            settings.media_storage or settings.data / "media",
            settings.media_endpoint,
            home=settings.home,
            plain_hosts=[host.strip() for host in settings.media_private_hosts.split(",") if host.strip()],
        )
    )


def local_storage(settings: Settings) -> Storage:
    """The folder on this machine that pictures are kept in unless the settings name a bucket."""
    return Storage(open_store(settings.data / "media"))


class Storage:
    """Pictures by key. Threads may share one; a process opens its own."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def __repr__(self) -> str:
        return f"Storage({self.store!r})"

    @property
    def place(self) -> str:
        """The folder, or s3://bucket/prefix."""
        return self.store.place

    def put(self, key: str, data: bytes, *, is_absent: bool = False) -> bool:
        """Keep a picture; False where it lay there already, whole. What is damaged is replaced.

        `is_absent` spares a question where a listing did not name it. Raises StorageError unless what lies there
        in the end has the data's size and checksum.
        """
        if _digest(key) != hashlib.sha256(data).hexdigest():
            raise StorageError(f"{key} is not the key of this picture: its content has another hash.")
        if not is_absent and self.store.holds(key, data):
            return False
        self.store.put(key, data, media_type=_MEDIA_TYPES.get(key.rpartition(".")[2]))
        return True

    def get(self, key: str) -> bytes:
        """The picture's bytes, which have the key's hash; StorageError where they are missing or damaged."""
        digest = _digest(key)
        data = self.store.get(key)
        if hashlib.sha256(data).hexdigest() != digest:
            raise StorageError(
                f"{key} in {self.place} is damaged: its content has another hash. Fetch or add it again; the damaged "
                "one is then replaced."
            )
        return data

    def has(self, key: str) -> bool:
        """Whether something lies under the key; `get` says whether it is whole."""
        _digest(key)
        return self.store.has(key)

    def entry(self, key: str) -> Entry | None:
        """What lies under the key, unread: its size, and its MD5 where a bucket tells it."""
        _digest(key)
        return self.store.entry(key)

    def entries(self) -> Iterator[Entry]:
        """Every picture with its size, in no order."""
        return (entry for entry in self.store.entries(PICTURES) if _KEY.fullmatch(entry.key))

    def keys(self) -> Iterator[str]:
        """The key of every picture, in no order."""
        return (entry.key for entry in self.entries())

    def delete(self, key: str) -> None:
        _digest(key)
        self.store.delete(key)


def _digest(key: str) -> str:
    digest = key_digest(key)
    if digest is None:
        raise StorageError(
            f"{key[:100]!r} is not the key of a picture, which looks like pictures/ab/ab12....jpg."
        )
    return digest
