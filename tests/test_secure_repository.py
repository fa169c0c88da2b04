"""No secret lies in the repository: in no tracked file, and in none that its history ever had."""

from __future__ import annotations

import math
import re
import shutil
import subprocess
from collections import Counter
from pathlib import Path

import pytest

from workbench.reporting.checking.secrets import _FORMS

ROOT = Path(__file__).resolve().parents[1]
FORMS = {
    **_FORMS,
    "a Stripe or Twilio key": re.compile(r"\b(?:[rs]k_live_[0-9A-Za-z]{16,}|SK[0-9a-f]{32}\b)"),
    "a token of PyPI, npm or GitLab": re.compile(
        r"\b(?:pypi-AgE[\w-]{20,}|npm_[A-Za-z0-9]{36}|glpat-[\w-]{20})"
    ),
    "a JSON web token": re.compile(r"\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,}"),
    "a Discord or Telegram token": re.compile(r"\b\d{8,10}:AA[\w-]{33}\b"),
    "a key of a mail service": re.compile(r"\b(?:SG\.[\w-]{22}\.[\w-]{43}|key-[0-9a-f]{32})\b"),
}
ASSIGNED = re.compile(
    r"""(?i)(?:passw(?:or)?d|secret|token|api_?key|access_?key|credential)\w*["']?\s*[:=]\s*["']([^"'\s]{8,})["']"""
)
EXAMPLES = re.compile(
    r":word@|example|evil|hunter2\b|canary|geheim|secret|token|passw|wrong|x{4,}|\.\.\.|\{|\$|<|test|other",
    re.I,
)
"""Words that no random value has, and that ours for tests have."""
NOT_TEXT = re.compile(r"\.(png|jpg|heic|webp|gif|duckdb|parquet|db|xlsx|zip|gz|woff2?|pdf)$")
HASHES = re.compile(r"sha256[:=-]|--hash")


def bits(value: str) -> float:
    """How hard a value is to guess by its letters: about 3 a letter for words, 4.5 and more for random ones."""
    counts = Counter(value)
    return -sum(n / len(value) * math.log2(n / len(value)) for n in counts.values())


def secrets_in(text: str) -> list[str]:
    """What in a text is a secret by its form, or is called one and looks random. Never the secret itself."""
    found = [(m, kind) for kind, form in FORMS.items() for m in form.finditer(text)]
    random = [m for m in ASSIGNED.finditer(text) if bits(m[1]) > 3.7 and re.search(r"\d", m[1])]
    found += [(m, "what is called a secret and looks random") for m in random]
    told = []
    for m, kind in found:
        begins = text.rfind("\n", 0, m.start()) + 1
        line = text[begins : text.find("\n", m.end()) if "\n" in text[m.end() :] else None]
        if not EXAMPLES.search(m[0] if m.re is not ASSIGNED else m[1]) and not HASHES.search(line):
            told.append(f"line {text.count(chr(10), 0, m.start()) + 1}: {kind}")
    return told


def git(*words: str, given: bytes = b"") -> bytes:
    return subprocess.run(
        ["git", "-C", str(ROOT), *words], input=given, capture_output=True, check=True
    ).stdout


@pytest.fixture
def repository() -> None:
    if not (ROOT / ".git").exists() or shutil.which("git") is None:
        pytest.skip("this is a copy without its history")


def test_no_tracked_file_holds_a_secret(repository: None) -> None:
    names = [n for n in git("ls-files", "-z").decode().split("\0") if n and not NOT_TEXT.search(n)]
    assert len(names) > 300
    found = {}
    for name in names:
        file = ROOT / name
        if file.is_file() and (told := secrets_in(file.read_text(encoding="utf-8", errors="replace"))):
            found[name] = told
    assert found == {}


@pytest.mark.long
def test_no_file_of_the_history_holds_a_secret(repository: None) -> None:
    """Every version of every file that any commit had, once each: removing a secret does not take it back."""
    objects = dict(
        line.split(" ", 1)[::1]
        for line in git("rev-list", "--all", "--objects").decode("utf-8", "replace").splitlines()
        if " " in line and not NOT_TEXT.search(line) and not line.endswith(".lock")
    )
    told = git("cat-file", "--batch", given="\n".join(objects).encode())
    found, at, seen = {}, 0, 0
    while at < len(told):
        head, _, _ = (
            told[at:].partition(b"\n") if len(told) - at < 200 else told[at : at + 200].partition(b"\n")
        )
        name, kind, size = head.decode().split()
        start = at + len(head) + 1
        if kind == "blob":
            seen += 1
            data = told[start : start + int(size)]
            if b"\0" not in data[:1000] and (said := secrets_in(data.decode("utf-8", "replace"))):
                found[objects[name]] = said
        at = start + int(size) + 1
    assert found == {}
    assert seen > 300


def test_no_file_for_passwords_or_keys_is_tracked(repository: None) -> None:
    names = git("ls-files").decode().splitlines()
    kept = re.compile(
        r"(^|/)(\.env.*|\.netrc|\.pypirc|\.npmrc|id_[a-z0-9]+|[^/]*\.(pem|key|p12|pfx|kdbx))$|^data/.+|^reports/.+"
    )
    assert [n for n in names if kept.search(n) and not n.endswith(".gitkeep")] == []
    assert "workbench.toml" not in names


@pytest.mark.parametrize(
    "secret",
    [
        "AKIA" + "IOSFODNN7ZQ4MPLE"[:16],
        "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8",
        "-----BEGIN RSA " + "PRIVATE KEY-----",
        "xoxb-" + "123456789012-abcdefGHIJ",
        "sk_live_" + "4eC39HqLyjWDarjtZ1zdp7dc",
        "rk_live_" + "51Hq9LyjWDarjtZ1",
        "smtp_password = '" + "q8Zr2Lw9Xk4Vt7Bn'",
        '"api_key": "' + '9f8e7d6c5b4a39281706f5e4d3c2b1a0"',
        "https://user:" + "hunter22@mail.acme.io/",
        "eyJhbGciOiJIUzI1" + ".eyJzdWIiOiIxMjM0NTY3ODkwIn0.abcdefghijklmnop".replace(".eyJ", "NiJ9.eyJ"),
    ],
)
def test_a_secret_would_be_found(secret: str) -> None:
    assert secrets_in(f"before\n{secret}\nafter")


def test_words_and_hashes_are_no_secrets() -> None:
    assert secrets_in('password = os.environ["WORKBENCH_SMTP_PASSWORD"]') == []
    assert (
        secrets_in("    --hash=sha256:9f8e7d6c5b4a39281706f5e4d3c2b1a09f8e7d6c5b4a39281706f5e4d3c2b1a0") == []
    )
    assert secrets_in("token = 'the-word-of-a-sentence'") == []
