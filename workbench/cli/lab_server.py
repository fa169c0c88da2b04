"""JupyterLab as its settings have it, unless they open it to others: `python -m workbench.cli.lab_server OPTION...`.

What a server is in the end comes from the command line, files in five folders and the environment. So it is asked
itself, when it has read all of them and serves nobody yet.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Any

LOOPBACK = ("127.0.0.1", "localhost", "::1")


def main(arguments: Sequence[str]) -> int:
    """Serve until stopped; 2 where its settings would let others in."""
    from jupyter_core.application import NoStart
    from jupyterlab.labapp import LabApp  # type: ignore[import-untyped]

    try:
        server = LabApp.initialize_server(argv=[*arguments, "--ServerApp.allow_unauthenticated_access=False"])
    except NoStart:
        return 0
    open_to = weakened(server)
    os.environ.pop("JUPYTER_TOKEN", None)  # which has been read; kernels have no use for it
    if open_to:
        server.stop()
        print(
            f"Error: JupyterLab would be open to others: {'; '.join(open_to)}. Whoever reaches it can run anything as "
            "you. Take that out of the options or of Jupyter's settings (jupyter --paths names their folders); to "
            "reach it from elsewhere, tunnel: ssh -L 8888:localhost:8888 HOST",
            file=sys.stderr,
        )
        return 2
    server.start()
    return 0


def weakened(server: Any) -> list[str]:
    """What in a server's settings lets others in, in the words of those settings."""
    identity = server.identity_provider
    found = []
    if server.ip not in LOOPBACK:
        found.append(f"it listens on {server.ip or 'all addresses'} (ServerApp.ip)")
    if server.sock and not server.sock_mode.endswith("600"):
        found.append(f"others may use its socket (ServerApp.sock_mode {server.sock_mode})")
    if not identity.auth_enabled:
        found.append("it asks for no token (IdentityProvider.token is empty)")
    elif identity.token and not identity.token_generated and len(identity.token) < 32:
        found.append("its token can be guessed (IdentityProvider.token has less than 32 characters)")
    found += [
        f"{what} (ServerApp.{name})"
        for name, what in (
            ("allow_remote_access", "it answers by any host name"),
            ("disable_check_xsrf", "other pages may act in your name"),
            ("allow_origin", "other pages may talk to it"),
            ("allow_origin_pat", "other pages may talk to it"),
            ("allow_credentials", "other pages may talk to it"),
        )
        if getattr(server, name)
    ]
    return found


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
