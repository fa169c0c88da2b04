"""Which file shows which slide: told by its path or a mapping, never guessed."""

from __future__ import annotations

import os
from pathlib import Path

import ibis
import pytest

from workbench.errors import UsageError
from workbench.media.finding import MOST_BYTES, FileRefused, content, found_files
from workbench.media.mapping import Mapped, read_mapping
from workbench.media.matching import Matched, match

LONG = "7526946687399123236"
POSTS = ibis.memtable(
    {
        "post_id": [
            f"tiktok:{LONG}",
            "tiktok:55",
            "instagram:55",
            "youtube:_a-B_",
            "instagram:C_1",
            "tiktok:C",
        ],
        "slide_count": [5, None, None, None, None, 0],
    },
    schema={"post_id": "string", "slide_count": "int64"},
)


def folder_of(top: Path, *names: str) -> Path:
    for name in names:
        (top / name).parent.mkdir(parents=True, exist_ok=True)
        (top / name).write_bytes(name.encode())
    return top


def matched(top: Path, *names: str, **mapping: object) -> Matched:
    return match(found_files([folder_of(top, *names)]), POSTS, **mapping)  # type: ignore[arg-type]


def reasons(found: Matched, top: Path) -> dict[str, str]:
    return {one.path.removeprefix(f"{top}/"): one.reason for one in found.refused}


@pytest.mark.parametrize(
    ("name", "slide"),
    [
        (f"{LONG}_3.jpg", (f"tiktok:{LONG}", 3)),
        (f"{LONG}-03.JPEG", (f"tiktok:{LONG}", 3)),
        (f"tiktok_{LONG}_slide_3.webp", (f"tiktok:{LONG}", 3)),
        (f"tiktok-{LONG} image 3.png", (f"tiktok:{LONG}", 3)),
        (f"tiktok%3A{LONG}_3.png", (f"tiktok:{LONG}", 3)),
        (f"TikTok {LONG} slide3.png", (f"tiktok:{LONG}", 3)),
        (f"{LONG}/3.png", (f"tiktok:{LONG}", 3)),
        (f"{LONG}/slide_03.jpg", (f"tiktok:{LONG}", 3)),
        (f"tiktok_{LONG}/003.heic", (f"tiktok:{LONG}", 3)),
        ("tiktok/55_1.jpg", ("tiktok:55", 1)),
        ("Instagram/september/55/1.jpg", ("instagram:55", 1)),
        ("instagram_55_1.jpg", ("instagram:55", 1)),
        ("youtube__a-B__2.jpg", ("youtube:_a-B_", 2)),
        ("_a-B_/2.jpg", ("youtube:_a-B_", 2)),
        ("C_1_2.jpg", ("instagram:C_1", 2)),
        ("C_1/4.jpg", ("instagram:C_1", 4)),
    ],
)
def test_a_path_tells_the_post_and_the_slide(tmp_path, name, slide):
    found = matched(tmp_path, name)
    assert found.shown == {tmp_path / name: [slide]}
    assert not found.refused


@pytest.mark.parametrize("name", ["3.jpg", "slide_3.jpg", "_3.png"])
def test_the_folder_that_was_given_may_name_the_post(tmp_path, name):
    top = tmp_path / LONG
    assert matched(top, name).shown == {top / name: [(f"tiktok:{LONG}", 3)]}
    given = match(found_files([top / name]), POSTS)
    assert given.shown == {top / name: [(f"tiktok:{LONG}", 3)]}


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        (f"{LONG}.jpg", "holds no number of a slide"),
        ("holiday.jpg", "holds no number of a slide"),
        (f"{LONG}_1080.jpg", "holds no number of a slide"),
        (f"{LONG}_3 (1).jpg", "holds no number of a slide"),
        ("999_1.jpg", "no post '999' is known: import the post first"),
        (f"{LONG}/copy_1.jpg", "no post 'copy' is known"),
        (f"instagram/{LONG}_1.jpg", f"no post '{LONG}' is known"),
        ("55_1.jpg", "'55' may be instagram:55 or tiktok:55: put it into a folder of the platform's name"),
        (f"{LONG}_6.jpg", f"tiktok:{LONG} has no slide 6, its slides are 5"),
        ("tiktok/C_1.jpg", "tiktok:C has no slide 1, its slides are 0"),
        (f"{LONG}_0.jpg", "are numbered from 0"),
    ],
)
def test_what_a_path_leaves_open_is_refused_with_a_remedy(tmp_path, name, reason):
    found = matched(tmp_path, name)
    assert not found.shown
    assert reason in reasons(found, tmp_path)[name]
    assert "mapping" in reasons(found, tmp_path)[name]


def test_a_post_numbered_from_zero_is_refused_whole(tmp_path):
    found = matched(tmp_path, f"{LONG}_0.jpg", f"{LONG}_1.jpg", "C_1_1.jpg")
    assert list(found.shown.values()) == [[("instagram:C_1", 1)]]
    assert len(found.refused) == 2


def test_two_files_for_one_slide_are_both_refused_and_the_others_stay(tmp_path):
    found = matched(tmp_path, f"{LONG}_1.jpg", f"{LONG}/1.png", f"{LONG}_2.jpg")
    assert list(found.shown) == [tmp_path / f"{LONG}_2.jpg"]
    assert reasons(found, tmp_path)[f"{LONG}_1.jpg"] == (
        f"would be slide 1 of tiktok:{LONG}, and so would {tmp_path / LONG / '1.png'}: keep one of them"
    )
    assert len(found.refused) == 2


def test_without_a_warehouse_no_name_is_known_but_a_mapping_may_name_posts_whole(tmp_path):
    files = found_files([folder_of(tmp_path, f"{LONG}_1.jpg", "a.jpg", "b.jpg")])
    rows = [Mapped(2, "a.jpg", "tiktok:new", 1), Mapped(3, "b.jpg", "new", 2)]
    found = match(files, None, mapped=rows, mapping_folder=tmp_path)
    assert found.shown == {tmp_path / "a.jpg": [("tiktok:new", 1)]}
    assert found.n_new_posts == 1
    assert [one.path.partition(" ")[0].rpartition("/")[2] for one in found.refused] == [
        "b.jpg",
        f"{LONG}_1.jpg",
    ]


def test_a_mapping_wins_over_names_and_may_show_a_file_twice(tmp_path):
    rows = [
        Mapped(2, f"{LONG}_1.jpg", "tiktok:other", 9),
        Mapped(3, f"{LONG}_1.jpg", LONG, 2),
        Mapped(4, f"{LONG}_1.jpg", LONG, 2),
        Mapped(5, "raw.bin", "instagram:C_1", 1),
    ]
    names = (f"{LONG}_1.jpg", f"{LONG}_3.jpg", "raw.bin", "notes.txt")
    found = matched(tmp_path, *names, mapped=rows, mapping_folder=tmp_path)
    assert found.shown == {
        tmp_path / names[0]: [("tiktok:other", 9), (f"tiktok:{LONG}", 2)],
        tmp_path / names[1]: [(f"tiktok:{LONG}", 3)],
        tmp_path / names[2]: [("instagram:C_1", 1)],
    }
    assert found.n_ignored == 1


def test_rows_of_a_mapping_that_can_not_stand_are_named(tmp_path):
    rows = [
        Mapped(2, "gone.jpg", "tiktok:1", 1), Mapped(3, "a.jpg", "55", 1), Mapped(4, "a.jpg", "66", 1),
        Mapped(5, "a\0.jpg", "tiktok:1", 1),
    ]  # fmt: skip
    found = matched(tmp_path, "a.jpg", mapped=rows, mapping_folder=tmp_path)
    assert not found.shown
    assert [one.reason for one in found.refused] == [
        "is none of the files that were given: give its folder too, or mend its path (line 2 of the mapping)",
        "post 55 may be instagram:55 or tiktok:55: write the one that is meant (line 3 of the mapping)",
        "no post 66 is known: write it with its platform, such as tiktok:66 (line 4 of the mapping)",
        "is none of the files that were given: give its folder too, or mend its path (line 5 of the mapping)",
    ]
    # Files as a mapping may name them, so that what was refused can be filled in.
    assert found.refused[1].path == str(tmp_path / "a.jpg")


def test_a_mapping_is_read_with_any_delimiter_and_each_bad_row_is_told(tmp_path):
    file = tmp_path / "which.csv"
    file.write_text(
        "\ufeffFile;post_id;url;slide_index\n"
        "a.jpg;tiktok:1;;1\n"
        "b.jpg;;https://x/2;2\n"
        ";;;\n"
        ";tiktok:1;;1\n"
        "c.jpg;tiktok:1;;0\n"
        "d.jpg;tiktok:1;;one\n"
        "e.jpg;;;1\n"
        "f.jpg;;https://x/unknown;1\n"
        "g.jpg;tiktok:1;https://x/2;1\n",
        encoding="utf-8",
    )
    known = {"https://x/2": "tiktok:2"}
    rows, refused = read_mapping(file, lambda urls: [known.get(url) for url in urls])
    assert [(row.file, row.post, row.slide_index) for row in rows] == [
        ("a.jpg", "tiktok:1", 1),
        ("b.jpg", "tiktok:2", 2),
    ]
    assert [(line, reason.partition(":")[0]) for line, reason in refused] == [
        (5, "names no file"),
        (6, "slide_index '0' is no number from 1"),
        (7, "slide_index 'one' is no number from 1"),
        (8, "names no post"),
        (9, "the post's id can't be told from https"),
        (10, "post_id tiktok"),
    ]


def test_a_name_in_a_mapping_may_hold_what_unicode_takes_for_the_end_of_a_line(tmp_path):
    file = tmp_path / "which.csv"
    file.write_text(
        'file,post_id,slide_index\na\u2028b.jpg,tiktok:1,1\n"c\nd.jpg",tiktok:1,2\n', encoding="utf-8"
    )
    rows, refused = read_mapping(file, lambda urls: [])
    assert [row.file for row in rows] == ["a\u2028b.jpg", "c\nd.jpg"]
    assert not refused


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"file,post_id,slide_index\n" + b"a" * 200_000 + b",tiktok:1,1\n", "no CSV file after line 1"),
        (b"name,slide\n", "columns name, slide"),
        (b"", "columns \\(none\\)"),
        (b"file\xff", "not UTF-8"),
        (None, "be read"),
    ],
)
def test_a_file_that_is_no_mapping_is_told(tmp_path, data, told):
    file = tmp_path / "which.csv"
    if data is not None:
        file.write_bytes(data)
    with pytest.raises(UsageError, match=told):
        read_mapping(file, lambda urls: [])


def test_links_out_of_the_folder_pipes_and_large_files_are_refused_one_by_one(tmp_path):
    secret = tmp_path / "secret.jpg"
    secret.write_bytes(b"x")
    top = folder_of(tmp_path / "top", f"{LONG}_1.jpg", "sub/x.jpg", ".hidden_1.jpg")
    (top / f"{LONG}_2.jpg").symlink_to(secret)
    (top / f"{LONG}_3.jpg").symlink_to(top / f"{LONG}_1.jpg")
    (top / "linked").symlink_to(tmp_path)
    (top / f"{LONG}_6.jpg").symlink_to(top / f"{LONG}_6.jpg")
    os.mkfifo(top / f"{LONG}_4.jpg")
    with (top / f"{LONG}_5.jpg").open("wb") as file:
        file.truncate(MOST_BYTES + 1)
    found = match(found_files([top, top / f"{LONG}_1.jpg"]), POSTS)
    told = reasons(found, top)
    assert "leads out of the folder" in told[f"{LONG}_2.jpg"]
    assert "link to a folder" in told["linked"]
    assert f"{tmp_path}/secret.jpg" not in {str(path) for path in found.shown}
    assert [slide for path in sorted(found.shown) for _, slide in found.shown[path]] == [1, 3, 4, 5]
    assert content(top / f"{LONG}_3.jpg") == f"{LONG}_1.jpg".encode()
    for name, reason in (
        (f"{LONG}_4.jpg", "no plain file but a pipe"),
        (f"{LONG}_5.jpg", "has 50 MB, more than"),
    ):
        with pytest.raises(FileRefused, match=reason):
            content(top / name)
    with pytest.raises(FileRefused, match=r"can't be read \(No such file"):
        content(top / "gone.jpg")


def test_a_path_that_does_not_exist_is_a_usage_error(tmp_path):
    with pytest.raises(UsageError, match="does not exist"):
        found_files([tmp_path / "gone"])
