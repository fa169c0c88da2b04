"""Files of a home folder as a person writes them."""

from __future__ import annotations

from pathlib import Path


def write_settings(home: Path, text: str | bytes) -> Path:
    """A home's workbench.toml, which only its owner may read."""
    file = home / "workbench.toml"
    file.touch(mode=0o600)
    file.chmod(0o600)
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return file
