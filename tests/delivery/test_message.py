"""What the mail of a set holds: figures, findings and pictures, under 1 MB, and what strangers wrote as text."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from html.parser import HTMLParser

import pytest
from made_sets import chart, shown
from PIL import Image

from workbench.display.blocks import Tile, finding, tiles
from workbench.errors import UsageError
from workbench.reporting.delivery import message
from workbench.reporting.delivery.addresses import given, recipients, sender
from workbench.reporting.delivery.digest import digest
from workbench.reporting.delivery.message import MOST_BYTES, Mail, mail_of, message_id
from workbench.reporting.delivery.sets import ReportSet

FROM = sender("Reports <reports@example.com>")
MakeSet = Callable[..., ReportSet]


def received(mail: Mail, to: str = "ann@example.com") -> EmailMessage:
    data = mail.to(to, FROM, "<1@example.com>", datetime(2025, 10, 6, 6, tzinfo=UTC))
    return message_from_bytes(data, policy=policy.default)  # type: ignore[return-value]


class Elements(HTMLParser):
    """The elements and addresses of a mail."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str, str]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]


def test_the_summary_says_figures_and_findings_and_shows_charts(make_set: MakeSet) -> None:
    mail = received(mail_of(make_set()))
    text = mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    html = mail.get_body(("html",)).get_content()  # type: ignore[union-attr]
    assert mail["Subject"] == "Report: Week 40, 29 Sep to 5 Oct 2025"
    for said in (
        "Median views",
        "3,246",
        "+8.2",
        "above the usual 2,917 to 3,122",
        "Median views rose to 3,246.",
        "10 accounts to push, 4 to drop",
        "201 weak images still in use",
        "Few posts. So take care.",
        "Views rose for the third week",
    ):
        assert said in text and said in html, said
    assert "Of 147 accounts" not in text  # the finding's title is enough; the page has the rest
    pictures = [p for p in mail.walk() if p.get_content_type() == "image/png"]
    named = re.findall(r'src="cid:([^"]+)"', html)
    assert [p["Content-ID"] for p in pictures] == [f"<{cid}>" for cid in named]
    with Image.open(io.BytesIO(pictures[0].get_content())) as image:
        assert image.width > 500 and len(image.getcolors() or []) > 2


def test_nothing_of_a_mail_is_a_script_or_comes_from_a_network(make_set: MakeSet) -> None:
    seen = Elements(mail_of(make_set(), link="https://reports.example.com").html)
    assert seen.tags.isdisjoint({"script", "link", "iframe", "object", "embed", "form", "style", "base"})
    assert [a for a in seen.attributes if a[1].startswith("on") or a[1] in ("srcset", "background")] == []
    assert all(value.startswith("cid:") for tag, name, value in seen.attributes if name == "src")
    links = {value for tag, name, value in seen.attributes if name == "href"}
    assert links == {
        "https://reports.example.com/2025-W40/0_overview.html",
        "https://reports.example.com/2025-W40/1_slides.html",
    }


def test_the_zip_opens_anywhere_and_holds_no_code(make_set: MakeSet) -> None:
    mail = mail_of(make_set())
    (attached,) = received(mail).iter_attachments()
    assert attached.get_filename() == "report-2025-W40.zip"
    with zipfile.ZipFile(io.BytesIO(attached.get_content())) as archive:
        assert archive.namelist() == [
            "2025-W40/0_overview.html",
            "2025-W40/1_slides.html",
            "2025-W40/tables/accounts.csv",
            "index.html",
        ]
        index = archive.read("index.html").decode()
        assert {i.date_time for i in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    links = re.findall(r'href="([^"#]+)"', index)
    assert set(links) <= {"2025-W40/0_overview.html", "2025-W40/1_slides.html"} and links


def test_the_same_set_makes_the_same_mail(make_set: MakeSet) -> None:
    report = make_set()
    at = datetime(2025, 10, 6, tzinfo=UTC)
    first, second = (mail_of(report).to("a@example.com", FROM, "<1@x>", at) for _ in range(2))
    assert first == second


def test_what_is_too_large_to_attach_is_left_at_home_and_said(make_set: MakeSet) -> None:
    report = make_set()
    (report.folder / "workbook.xlsx").write_bytes(bytes(range(256)) * 8_000)
    pages_only = mail_of(report, attachment_mb=1)
    with zipfile.ZipFile(io.BytesIO(pages_only.attachment or b"")) as archive:
        assert [n for n in archive.namelist() if not n.endswith(".html")] == []
    assert "Only the pages are attached" in pages_only.html
    alone = mail_of(report, attachment_mb=0.0001)
    assert alone.attachment is None
    assert "The pages are not attached" in alone.text and "The pages are not attached" in alone.told[0]
    linked = mail_of(report, attachment_mb=0.0001, link="https://reports.example.com/")
    assert (linked.attachment, list(linked.told)) == (None, [])
    assert 'href="https://reports.example.com/2025-W40/0_overview.html"' in linked.html


def test_many_pages_of_charts_and_long_texts_stay_under_a_megabyte(
    make_set: MakeSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    import numpy as np

    monkeypatch.setattr(message, "_MOST_CHARTS", 80)
    noise = np.random.default_rng(1)
    long = "ünïcödé " * 100
    pages = {
        f"{n:02}_page": (
            f"Page {n} {long}",
            shown(
                tiles(*(Tile(label=f"{n} {i} {long}", value=i, note=long) for i in range(20))),
                *(finding(f"{i} {long}") for i in range(20)),
                chart(f"Chart {n} {long}", tuple(noise.integers(0, 10**6, 400).tolist())) if n < 3 else "",
            ),
            "",
        )
        for n in range(22)
    }
    mail = mail_of(make_set(pages=pages))
    assert 300_000 < mail.n_summary_bytes < MOST_BYTES
    assert "more pages." in mail.html


def test_a_chart_that_can_not_be_drawn_is_told_in_words(make_set: MakeSet) -> None:
    broken = chart("Views fell")
    spec = next(iter(broken.values()))
    spec["mark"] = {"type": "no such mark"}
    mail = mail_of(make_set(pages={"0_a": ("A", shown(broken), "")}))
    assert not mail.pictures and "Views fell" in mail.html


def test_drawing_fetches_nothing(make_set: MakeSet) -> None:
    far = chart("Views")
    spec = next(iter(far.values()))
    spec["data"] = {"url": "http://127.0.0.1:9/x.csv"}
    spec.pop("datasets", None)
    mail = mail_of(make_set(pages={"0_a": ("A", shown(far), "")}))
    assert "127.0.0.1" not in mail.html


def test_a_set_with_a_failed_page_says_so_in_its_subject_and_shows_nothing_of_it(make_set: MakeSet) -> None:
    pages = {
        "0_a": ("A", shown(finding("Half a finding")), "UsageError: There is no table 'x'."),
        "1_b": ("B", shown(finding("A whole one")), ""),
    }
    mail = mail_of(make_set(pages=pages))
    assert mail.subject == "[1 of 2 pages not made] Report: Week 40, 29 Sep to 5 Oct 2025"
    assert "Half a finding" not in mail.html + mail.text
    assert "1 of 2 pages could not be made: A." in mail.text
    assert "There is no table &#39;x&#39;." in mail.html


def test_data_that_are_too_old_are_in_the_subject_and_what_is_late_in_the_mail(make_set: MakeSet) -> None:
    late = [{"name": "scrapes", "detail": "3 active accounts were not looked at"}]
    old = {"late": late, "stale": "The newest counts are 50 hours old.", "is_stale": True, "unfinished": ""}
    mail = mail_of(make_set(freshness=old))
    assert mail.subject == "[data too old] Report: Week 40, 29 Sep to 5 Oct 2025"
    assert "The newest counts are 50 hours old." in mail.text
    assert "Late: 3 active accounts were not looked at." in mail.html
    fresh = mail_of(make_set("2025-W41", freshness={"late": late, "stale": "", "unfinished": ""}))
    assert fresh.subject.startswith("Report: ")


HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "</td></table><style>*{display:none}</style>",
    "a\r\nBcc: everybody@example.com\r\n\r\nbody",
    "\u202etxt.exe\u202c",
    '=HYPERLINK("http://x")',
    "{{ 7 * 7 }} {% for x in y %}",
    "💥" * 5_000,
    "שלום",
]


@pytest.mark.parametrize("hostile", HOSTILE, ids=range(len(HOSTILE)))
def test_what_strangers_wrote_is_text(make_set: MakeSet, hostile: str) -> None:
    pages = {
        "0_a": (
            hostile,
            shown(
                tiles(Tile(label=hostile, value=1, note=hostile)),
                finding(hostile),
                f'<div class="wb-box wb-finding"><p class="wb-title">{hostile}</p></div>',
                chart(hostile),
            ),
            "",
        ),
        "1_b": ("B", shown(), hostile),
    }
    report = make_set(pages=pages)
    report.manifest["period"] = hostile
    made = mail_of(report)
    mail = received(made)
    assert sorted(mail.keys()) == [
        "Auto-Submitted", "Content-Type", "Date", "From", "MIME-Version", "Message-ID", "Subject", "To",
        "X-Auto-Response-Suppress",
    ]  # fmt: skip
    assert not re.search("[\r\n\u202a-\u202e]", mail["Subject"])
    assert mail["To"] == "ann@example.com"
    seen = Elements(made.html)
    assert seen.tags <= {
        "html", "head", "meta", "title", "body", "table", "tr", "td", "h1", "h2", "p", "strong", "span", "br", "ul",
        "li", "img",
    }  # fmt: skip
    assert [a for a in seen.attributes if a[1].startswith("on")] == []
    assert "\u202e" not in made.html + made.text
    assert made.n_summary_bytes < 200_000


@pytest.mark.parametrize(
    "link", ["javascript:alert(1)", "//x", "http://u:p@x.example/", "reports", "https://"]
)
def test_a_link_that_is_no_web_address_is_refused(make_set: MakeSet, link: str) -> None:
    with pytest.raises(UsageError, match=r"report_link: .* is no web address"):
        mail_of(make_set(), link=link)


def test_the_digest_says_each_thing_once(make_set: MakeSet) -> None:
    overview, slides = digest(make_set())
    (figure,) = overview.figures
    assert (figure.label, figure.value, figure.news) == ("Median views", "3,246", "good")
    assert overview.findings == ["10 accounts to push, 4 to drop"]
    assert [c.title for c in overview.charts] == ["Views rose for the third week"]
    assert slides.warnings == ["Few posts. So take care."]


def test_a_figure_that_two_pages_have_is_in_the_mail_once(make_set: MakeSet) -> None:
    same = shown(tiles(Tile(label="Median views", value=3246)), chart("Views rose"))
    mail = mail_of(make_set(pages={"0_a": ("A", same, ""), "1_b": ("B", same, "")}))
    assert mail.text.count("Median views: 3,246") == 1
    assert len(mail.pictures) == 1


def test_a_mail_that_arrives_twice_can_be_seen_to_be_one(make_set: MakeSet) -> None:
    report = make_set()
    known = {message_id(report, to, FROM, n) for to in ("ann@x.example", "ben@x.example") for n in (0, 1)}
    assert len(known) == 4
    report.manifest["made"]["at"] = "another time"
    assert message_id(report, "ANN@x.example", FROM, 0) in known
    report.manifest["warehouse"]["version"] = 4
    assert message_id(report, "ann@x.example", FROM, 0) not in known


def test_a_clients_report_goes_to_nobody_else() -> None:
    listed = "ann@x.example, acme=boss@acme.example, ben@x.example, acme=cfo@acme.example"
    assert recipients(listed) == ["ann@x.example", "ben@x.example"]
    assert recipients(listed, "acme") == ["boss@acme.example", "cfo@acme.example"]
    assert recipients(listed, "other") == []
    assert given(["a@x.example,b@x.example", "A@x.example"]) == ["a@x.example", "b@x.example"]


@pytest.mark.parametrize(
    "address",
    [
        "ann",
        "ann@",
        "@x",
        "ann@x example",
        "a\nb@x.example",
        "Ann <ann@x.example>",
        "ünn@x.example",
        "a@x..b",
    ],
)
def test_what_is_no_address_is_told(address: str) -> None:
    with pytest.raises(UsageError, match="is no mail address"):
        given([address])


@pytest.mark.parametrize("text", ["", "Reports", "Reports <a@x.example>\r\nBcc: b@x.example"])
def test_a_sender_that_is_none_is_told(text: str) -> None:
    with pytest.raises(UsageError, match="mail_from"):
        sender(text)
