"""Are flaws known of the locked packages? `make audit`. Where nobody can be asked, it says so and passes."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

LOCK = Path(__file__).resolve().parents[1] / "requirements.lock"
SECONDS = 180


def main() -> int:
    if importlib.util.find_spec("pip_audit") is None:
        return unknown("pip-audit is not installed here")
    asked = ["--disable-pip", "--require-hashes", "--progress-spinner=off", "--timeout=10", "--format=json"]
    try:
        done = subprocess.run(
            [sys.executable, "-m", "pip_audit", "--requirement", str(LOCK), *asked],
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return unknown(f"no answer in {SECONDS} s")
    try:
        packages = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError, TypeError):
        said = (done.stderr or done.stdout).strip().splitlines()
        return unknown(said[-1] if said else f"pip-audit ended with {done.returncode}")
    return judged(packages)


def judged(packages: list[dict[str, object]]) -> int:
    """1 where a flaw is known."""
    known = [p for p in packages if "skip_reason" not in p]
    if not known:
        return unknown(f"nobody who was asked knows any of the {len(packages)} packages")
    flaws = [(p, flaw) for p in known for flaw in p.get("vulns") or ()]  # type: ignore[attr-defined]
    for package, flaw in flaws:
        mended = ", ".join(flaw.get("fix_versions") or ()) or "no version yet"
        print(f"{package['name']} {package['version']}: {flaw['id']}, mended in {mended}")
    left = f"; {len(packages) - len(known)} could not be asked about" if len(known) < len(packages) else ""
    print(f"Audited {len(known)} packages: {len(flaws) or 'no'} known flaws{left}.")
    return 1 if flaws else 0


def unknown(why: str) -> int:
    print(f"Not audited: {why}. Run make audit where there is a network.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
