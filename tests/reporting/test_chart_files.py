"""Charts as pictures: drawn in processes of their own, the same bytes each time, pointing at nothing outside."""

from __future__ import annotations

import io
import subprocess
import sys
import time
from concurrent.futures import CancelledError, ThreadPoolExecutor
from pathlib import Path
from xml.etree import ElementTree

import pandas as pd
import pytest
from PIL import Image

from tests.reporting.made_pages import page
from workbench.display import theme
from workbench.display.charts import line, ranked
from workbench.reporting import chart_files
from workbench.reporting.chart_files import drawings, static_pictures, write_charts
from workbench.reporting.chart_worker import SMALL, broken, heads, tidy, titled
from workbench.reporting.shown import charts_shown

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = "</text><script>alert(1)</script> =1+1 \u202eabc שלום"


def spec(title: str = "Reach fell for the third week", n: int = 12, **more) -> dict:
    data = pd.DataFrame({"account_id": [f"a{i:02}" for i in range(n)], "views": range(1, n + 1)})
    chart = ranked(data, label="account_id", value="views", title=title, subtitle="A subtitle")
    return {"config": theme.config(), **chart.to_dict(), **more}


def weekly() -> dict:
    data = pd.DataFrame({"week": ["W1", "W2"], "views": [1, 2], "account_id": ["a", HOSTILE]})
    chart = line(data, x="week", y="views", series="account_id", title=HOSTILE)
    return {"config": theme.config(), **chart.to_dict()}


def test_a_chart_becomes_an_svg_with_its_title_and_a_png_of_twice_the_size():
    [made] = drawings([spec()])
    root = ElementTree.fromstring(made.svg)
    assert made.error == "" and root.attrib["width"] == "720"
    texts = [t.text for t in root.findall(f"{SVG}text")]
    assert texts == ["Reach fell for the third week", "A subtitle"]
    with Image.open(io.BytesIO(made.png)) as picture:
        assert picture.width == 1440 and abs(picture.height - 2 * float(root.attrib["height"])) <= 2
        assert picture.mode == "P"
        drawn = picture.convert("RGB").getcolors(1 << 20)
    assert drawn and len(drawn) > 8, "nothing is drawn"


def test_static_pictures_are_small_and_without_the_title_the_page_shows():
    small, other = static_pictures([spec(n=30), weekly()])
    assert 1_000 < len(small) <= SMALL and 1_000 < len(other) <= SMALL
    with Image.open(io.BytesIO(small)) as picture:
        assert picture.width == 720
        [whole] = drawings([spec(n=30)])
        assert picture.height < float(ElementTree.fromstring(whole.svg).attrib["height"])


def test_what_strangers_wrote_is_text_in_a_drawing():
    [made] = drawings([weekly()])
    root = ElementTree.fromstring(made.svg)
    assert not [e.tag for e in root.iter() if e.tag.rpartition("}")[2] in ("script", "foreignObject", "a")]
    assert "<script>alert" not in made.svg and "\u202e" not in made.svg
    assert any("alert(1)" in (t.text or "") for t in root.iter(f"{SVG}text"))


@pytest.mark.long
def test_the_same_chart_is_the_same_bytes_whatever_was_drawn_before():
    clipped = [spec(f"Chart {n}", n=3) for n in range(3)]
    first = drawings([weekly(), *clipped])
    chart_files.stop_drawing()
    again = drawings([*reversed(clipped), weekly()])
    assert [(d.svg, d.png, d.small) for d in again] == [
        (d.svg, d.png, d.small) for d in (*first[:0:-1], first[0])
    ]


def test_nothing_outside_is_asked_for_or_pointed_at(tmp_path):
    secret = tmp_path / "secret.csv"
    secret.write_text("a\n12345\n")
    far, near = (
        {"data": {"url": url}, "mark": "bar", "encoding": {"x": {"field": "a"}}}
        for url in ("https://example.invalid/x.csv", f"file://{secret}")
    )
    row = {"u": "https://example.invalid/x.png", "h": "https://example.invalid/", "j": "javascript:alert(1)"}
    image, linked, evil = (
        {"data": {"values": [row]}, "mark": mark, "encoding": {channel: {"field": field}}}
        for mark, channel, field in (("image", "url", "u"), ("point", "href", "h"), ("point", "href", "j"))
    )
    made = drawings([far, near, image, linked, evil])
    assert "not allowed" in made[0].error and made[0].svg == ""
    assert "12345" not in made[1].svg
    assert made[2].svg and made[3].svg and 'href="http' not in made[2].svg + made[3].svg
    assert "javascript" not in made[4].svg


@pytest.mark.long
def test_a_chart_that_fails_takes_no_other_down_with_it():
    evil = {
        "data": {"values": [{"j": "javascript:alert(1)"}]},
        "mark": "point",
        "encoding": {"href": {"field": "j"}},
    }
    chart_files.stop_drawing()
    bad = [{**evil, "description": str(n)} for n in range(2)]
    made = drawings([x for n, b in enumerate(bad) for x in (b, spec(f"After {n}", n=3))])
    assert all(m.error for m in made[::2]) and not any(m.error for m in made[1::2])


def test_a_chart_that_cannot_be_drawn_says_why_and_the_others_go_on(tmp_path):
    pages = [page("Reach", {theme.MIME: {"mark": 3}}, {theme.MIME: spec()})]
    failed, seconds = write_charts(charts_shown(pages), tmp_path / "charts")
    assert seconds > 0 and list(failed) == ["2_accounts-01-reach"] and failed["2_accounts-01-reach"]
    assert sorted(f.name for f in (tmp_path / "charts").iterdir()) == [
        "2_accounts-02-reach.png",
        "2_accounts-02-reach.svg",
    ]
    assert static_pictures([{"mark": 3}]) == [b""]


def test_a_chart_that_takes_too_long_is_given_up_and_the_next_one_drawn(monkeypatch):
    chart_files.stop_drawing()
    monkeypatch.setattr(chart_files, "_SECONDS", 0.0)
    [late] = drawings([spec("Late")])
    assert "longer than 0 s" in late.error
    monkeypatch.setattr(chart_files, "_SECONDS", 60.0)
    [made] = drawings([spec("In time")])
    assert made.error == ""


def test_an_interrupted_run_does_not_wait_for_charts():
    charts = [spec(f"Waiting {n}", n=30) for n in range(40)]
    with ThreadPoolExecutor(1) as asking:
        waiting = asking.submit(drawings, charts)
        time.sleep(0.5)
        began = time.monotonic()
        chart_files.stop_drawing()
        with pytest.raises(CancelledError):
            waiting.result()
    assert time.monotonic() - began < 10
    assert drawings([spec("Afterwards", n=3)])[0].error == ""


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="asks Linux which processes live")
def test_the_drawing_processes_end_with_the_process_that_started_them():
    program = (
        "from workbench.reporting import chart_files\n"
        "chart_files.drawings([{'mark': 'bar', 'data': {'values': [{'a': 1}]}, 'encoding': {'x': {'field': 'a'}}}])\n"
        "worker = chart_files._STUDIO._idle.get() or chart_files._STUDIO._idle.get()\n"
        "print(worker._process.pid, flush=True)\n"
        "import os; os._exit(1)\n"
    )
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    number = int(said.stdout)
    for _ in range(100):
        try:
            state = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            return
        if state == "Z":  # ended; nobody has asked after it yet
            return
        time.sleep(0.05)
    raise AssertionError("a drawing process lives on")


def test_titles_are_broken_into_lines_that_fit():
    words = "one two three four five six"
    assert broken(words, 100) == [words]
    lines = broken(words * 10, 20)
    assert " ".join(lines) == words * 10 and all(len(x) < 45 for x in lines)
    assert broken("", 10) == [] and broken("x" * 500, 10) == ["x" * 500]
    assert len(broken("漢 " * 10, 10)) > len(broken("i " * 10, 10))


def test_a_title_may_be_a_text_a_list_of_lines_or_nothing():
    assert heads({"title": "t"}) == ("t", "")
    assert heads({"title": {"text": ["a", "b"], "subtitle": ["c", "d"]}}) == ("a b", "c d")
    assert heads({}) == ("", "")
    bare = '<svg width="10" height="20" viewBox="0 0 10 20"></svg>'
    whole, top = titled(bare, "", "", "Words")
    assert top == 0 and 'height="20"' in whole and "<text" not in whole


def test_names_within_a_drawing_are_numbered_anew_and_texts_are_left_alone():
    one = '<g clip-path="url(#clip61)"><clipPath id="clip61"/></g><text>url(#clip61) id="clip61"</text>'
    assert tidy(one) == tidy(one.replace('clip61)"', 'clip7)"').replace('id="clip61"/', 'id="clip7"/'))
    assert tidy(one).endswith('<text>url(#clip61) id="clip61"</text>')


def test_a_drawing_process_that_can_not_be_started_is_told_and_nothing_waits_for_it(monkeypatch):
    chart_files.stop_drawing()
    with monkeypatch.context() as m:
        m.setattr(chart_files.sys, "executable", "/no/such/python")
        made = drawings([spec(f"Not drawn {n}") for n in range(9)])
    assert all("could be started: " in d.error for d in made)
    assert drawings([spec("Drawn")])[0].error == ""
    chart_files.stop_drawing()  # the drawings that were not made are remembered no longer
