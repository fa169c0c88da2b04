"""Sets in a folder that others read and in a bucket of a real S3 server: whole, unchanged files left alone."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from s3_bucket import S3

from workbench.errors import UsageError, WorkbenchError
from workbench.reporting.delivery.publish import Publication, media_type, publish
from workbench.reporting.delivery.send import checked_whole
from workbench.reporting.delivery.sets import ReportSet, every_set, find_set
from workbench.settings import Settings

MakeSet = Callable[..., ReportSet]
WEEK_40 = [
    "2025-W40/0_overview.html",
    "2025-W40/1_slides.html",
    "2025-W40/published.json",
    "2025-W40/tables/accounts.csv",
    "index.html",
]


def published(settings: Settings, report: ReportSet, to: str, **more: object) -> Publication:
    return publish([report], every_set(settings.reports), to, home=settings.home, **more)  # type: ignore[arg-type]


def files_in(folder: Path) -> list[str]:
    return sorted(f.relative_to(folder).as_posix() for f in folder.rglob("*") if f.is_file())


def links_of(index: str) -> set[str]:
    return set(re.findall(r'href="([^"#]+\.html)"', index))


def test_a_folder_gets_the_pages_and_an_index_that_leads_to_them(
    settings: Settings, make_set: MakeSet, tmp_path: Path
) -> None:
    to = tmp_path / "shared" / "reports"
    done = published(settings, make_set(), str(to))
    assert files_in(to) == WEEK_40
    assert (done.n_sent, done.n_same, done.index) == (4, 0, f"{to}/index.html")
    links = links_of((to / "index.html").read_text(encoding="utf-8"))
    assert links == {"2025-W40/0_overview.html", "2025-W40/1_slides.html"}


def test_others_may_read_what_was_published(settings: Settings, make_set: MakeSet, tmp_path: Path) -> None:
    to = tmp_path / "shared"
    published(settings, make_set(), str(to))
    for path in (to / "2025-W40", to / "2025-W40" / "tables"):
        assert path.stat().st_mode & 0o055 == 0o055, path
    for name in files_in(to):
        assert (to / name).stat().st_mode & 0o044 == 0o044, name


def test_what_is_the_same_is_left_alone_and_what_is_gone_goes(
    settings: Settings, make_set: MakeSet, tmp_path: Path
) -> None:
    to, report = tmp_path / "shared", make_set()
    published(settings, report, str(to))
    before = (to / "2025-W40").stat().st_ino
    done = published(settings, report, str(to))
    assert (done.n_sent, done.n_same) == (0, 4)
    assert (to / "2025-W40").stat().st_ino == before
    (to / "2025-W40" / "remarks.txt").write_text("ours", encoding="utf-8")
    (report.folder / "tables" / "accounts.csv").unlink()
    (report.folder / "1_slides.html").write_text("new", encoding="utf-8")
    done = published(settings, report, str(to))
    assert (done.n_sent, done.n_same, done.n_removed) == (1, 2, 1)
    assert (to / "2025-W40" / "1_slides.html").read_text(encoding="utf-8") == "new"
    assert files_in(to) == [
        "2025-W40/0_overview.html",
        "2025-W40/1_slides.html",
        "2025-W40/published.json",
        "2025-W40/remarks.txt",  # somebody else's
        "index.html",
    ]


def test_the_index_leads_to_every_set_that_lies_there_and_no_other(
    settings: Settings, make_set: MakeSet, tmp_path: Path
) -> None:
    to = tmp_path / "shared"
    make_set("2025-W39")
    published(settings, make_set("2025-W38"), str(to))
    published(settings, make_set("2025-W40"), str(to))
    links = links_of((to / "index.html").read_text(encoding="utf-8"))
    assert {link.split("/")[0] for link in links} == {"2025-W38", "2025-W40"}
    assert all((to / link).is_file() for link in links)


def test_a_named_report_has_a_folder_and_an_index_of_its_own(
    settings: Settings, make_set: MakeSet, tmp_path: Path
) -> None:
    to = tmp_path / "shared"
    published(settings, make_set(name="acme"), str(to))
    assert files_in(to) == sorted([*(f"acme/{name}" for name in WEEK_40), "index.html"])
    published(settings, make_set(name="zeta"), str(to))
    links = links_of((to / "index.html").read_text(encoding="utf-8"))
    assert {"acme/index.html", "zeta/index.html"} <= links
    assert all((to / link).is_file() for link in links)


def test_a_set_that_breaks_off_leaves_the_one_before(
    settings: Settings, make_set: MakeSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    to, report = tmp_path / "shared", make_set()
    published(settings, report, str(to))
    before = {name: (to / name).read_bytes() for name in files_in(to)}
    (report.folder / "0_overview.html").write_text("new", encoding="utf-8")
    (report.folder / "1_slides.html").write_text("new", encoding="utf-8")
    import shutil

    copy, copied = shutil.copyfile, []

    def full_disk(source: Path, target: Path) -> None:
        copied.append(source)
        if len(copied) > 1:
            raise OSError(28, "No space left on device")
        copy(source, target)

    monkeypatch.setattr(shutil, "copyfile", full_disk)
    with pytest.raises(WorkbenchError, match="No space left on device"):
        published(settings, report, str(to))
    assert {name: (to / name).read_bytes() for name in files_in(to)} == before


def test_code_and_manifests_stay_at_home_unless_asked_for(
    settings: Settings, make_set: MakeSet, tmp_path: Path
) -> None:
    report = make_set()
    (report.folder / ".hidden").write_text("x", encoding="utf-8")
    (report.folder / "link.html").symlink_to("/etc/hostname")
    published(settings, report, str(tmp_path / "a"))
    assert files_in(tmp_path / "a") == WEEK_40
    published(settings, report, str(tmp_path / "b"), internal=True)
    more = set(files_in(tmp_path / "b")) - set(WEEK_40)
    assert more == {
        "2025-W40/executed/0_overview.ipynb",
        "2025-W40/executed/1_slides.ipynb",
        "2025-W40/manifest.json",
    }


def test_a_zip_has_an_index_of_its_own(settings: Settings, make_set: MakeSet, tmp_path: Path) -> None:
    to = tmp_path / "shared"
    published(settings, make_set(), str(to), as_zip=True)
    assert files_in(to) == ["2025-W40.zip"]
    with zipfile.ZipFile(to / "2025-W40.zip") as archive:
        links = links_of(archive.read("index.html").decode())
        assert links and links <= set(archive.namelist())
    assert published(settings, find_set(settings.reports), str(to), as_zip=True).n_same == 1


@pytest.mark.parametrize("to", ["reports", "reports/public"])
def test_the_reports_own_folder_is_no_place_to_publish_to(
    settings: Settings, make_set: MakeSet, to: str
) -> None:
    with pytest.raises(UsageError, match="where reports are made"):
        published(settings, make_set(), to)


def test_a_bucket_gets_the_same_files_with_their_types(settings: Settings, make_set: MakeSet, s3: S3) -> None:
    report = make_set()
    done = published(settings, report, s3.address, endpoint=s3.endpoint)
    assert sorted(s3.listed()) == WEEK_40
    assert (done.n_sent, done.n_same) == (5, 0)
    types = {name.split("/")[-1]: s3.head(name)["ContentType"] for name in s3.listed()}
    assert types == {
        "0_overview.html": "text/html; charset=utf-8",
        "1_slides.html": "text/html; charset=utf-8",
        "accounts.csv": "text/csv; charset=utf-8",
        "index.html": "text/html; charset=utf-8",
        "published.json": "application/json",
    }
    again = published(settings, report, s3.address, endpoint=s3.endpoint)
    assert (again.n_sent, again.n_same) == (0, 5)
    (report.folder / "tables" / "accounts.csv").rename(report.folder / "tables" / "all.csv")
    moved = published(settings, report, s3.address, endpoint=s3.endpoint)
    assert (moved.n_sent, moved.n_removed) == (2, 1)  # the table and published.json
    assert "2025-W40/tables/accounts.csv" not in s3.listed()
    s3.overwrite("2025-W40/0_overview.html", b"somebody else's")
    published(settings, report, s3.address, endpoint=s3.endpoint)
    assert s3.get("2025-W40/0_overview.html") == (report.folder / "0_overview.html").read_bytes()


def test_a_bucket_that_is_not_there_is_told_with_the_settings_that_name_it(
    settings: Settings, make_set: MakeSet, s3: S3, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(WorkbenchError, match=r"no bucket nobodys .* mend publish_to or publish_endpoint"):
        published(settings, make_set(), "s3://nobodys/reports", endpoint=s3.endpoint)
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with pytest.raises(UsageError, match="or set publish_to to a folder"):
        published(settings, find_set(settings.reports), s3.address, endpoint=s3.endpoint)


def test_the_index_comes_last_into_a_bucket(
    settings: Settings, make_set: MakeSet, s3: S3, monkeypatch: pytest.MonkeyPatch
) -> None:
    from workbench.stores.bucket import Bucket

    write, written = Bucket._write, []

    def noted(self: Bucket, key: str, data: bytes, media_type: str | None) -> None:
        written.append(key)
        if key.endswith("1_slides.html") and written.count(key) == 1:
            raise WorkbenchError("the network is gone")
        write(self, key, data, media_type)

    monkeypatch.setattr(Bucket, "_write", noted)
    with pytest.raises(WorkbenchError, match="the network is gone"):
        published(settings, make_set(), s3.address, endpoint=s3.endpoint)
    assert "index.html" not in s3.listed()
    published(settings, find_set(settings.reports), s3.address, endpoint=s3.endpoint)
    assert written[-1] == "index.html"


def test_a_set_that_is_not_whole_stays_at_home(settings: Settings, make_set: MakeSet) -> None:
    from made_sets import shown

    failed = make_set(pages={"0_a": ("A", shown(), "ValueError: x"), "1_b": ("B", shown(), "")})
    with pytest.raises(WorkbenchError, match=r"0_a could not be made. Nothing was sent or published"):
        checked_whole(failed, anyway=False)
    checked_whole(failed, anyway=True)
    (failed.folder / "1_b.html").unlink()
    with pytest.raises(WorkbenchError, match=r"is not whole: 1_b.html is missing"):
        find_set(settings.reports)


def test_a_set_that_is_not_there_is_told_with_the_newest(settings: Settings, make_set: MakeSet) -> None:
    with pytest.raises(UsageError, match="There are no reports in"):
        find_set(settings.reports)
    make_set("2025-W39")
    make_set("2025-W40")
    assert find_set(settings.reports).period == "2025-W40"
    with pytest.raises(UsageError, match=r"no report for 2025-W14 .* Did you mean '2025-W40'"):
        find_set(settings.reports, "2025-W14")
    with pytest.raises(UsageError, match="can't be the name of a report"):
        find_set(settings.reports, name="../x")


def test_every_kind_of_file_that_a_set_holds_has_a_type() -> None:
    assert media_type("2025-W40/a.HTML") == "text/html; charset=utf-8"
    assert media_type("workbook.xlsx").endswith("spreadsheetml.sheet")
    assert media_type("x.unknown") == "application/octet-stream"
