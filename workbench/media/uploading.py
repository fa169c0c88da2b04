"""Pictures of the local folder brought to where the settings keep them: whole, verified, as often as it takes."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from .storage import Storage, StorageError

AT_ONCE = 8
"""Files under way at a time."""
MOST_IN_A_ROW = 10
"""Failures one after the other, after which the rest is not tried."""

Progress = Callable[[str, int, int], None]


@dataclass
class Uploaded:
    """What became of the pictures."""

    n_sent: int = 0
    n_bytes: int = 0
    """Of those."""
    n_there: int = 0
    """Pictures that lay there already."""
    n_deleted: int = 0
    """Pictures taken out of the local folder."""
    failed: dict[str, str] = field(default_factory=dict)
    """Key -> why it did not arrive."""
    n_untried: int = 0


def upload(
    local: Storage,
    remote: Storage,
    *,
    delete_local: bool = False,
    progress: Progress = lambda name, n, total: None,
) -> Uploaded:
    """Bring every picture of `local` to `remote`; what lies there is told by one listing and not sent again.

    A picture counts as there when its size and checksum are those of the local one, whose content is checked against
    its key first. With `delete_local`, it is then deleted locally.
    Raises StorageError where `remote` can't be listed.
    """
    there = {entry.key: entry for entry in remote.entries()}
    keys = sorted(local.keys())
    done = Uploaded()
    in_a_row = 0

    def bring(key: str) -> tuple[bool, int] | StorageError | None:
        """Whether it was sent, and its size; None where it was not tried."""
        if in_a_row >= MOST_IN_A_ROW:
            return None
        try:
            data = local.get(key)
            found = there.get(key)
            sent = not (found and remote.store.holds(key, data, entry=found))
            if sent:
                remote.put(key, data, is_absent=True)
            if delete_local:
                local.delete(key)
        except StorageError as e:
            return e
        return sent, len(data)

    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="upload") as threads:
        try:
            for n, (key, outcome) in enumerate(zip(keys, threads.map(bring, keys), strict=True), 1):
                progress(key, n, len(keys))
                if outcome is None:
                    done.n_untried += 1
                elif isinstance(outcome, StorageError):
                    done.failed[key] = str(outcome)
                    in_a_row += 1
                else:
                    sent, size = outcome
                    in_a_row = 0
                    done.n_sent += sent
                    done.n_bytes += size if sent else 0
                    done.n_there += not sent
                    done.n_deleted += delete_local
        except BaseException:
            threads.shutdown(cancel_futures=True)  # an interrupt waits for what is under way only
            raise
    return done
