"""Text that is not UTF-8 is named, and read when told so."""

from __future__ import annotations

import pytest

from workbench.errors import SourceError, UsageError

TEXT = "a,b\n1,Café\n"


def test_a_file_that_is_not_utf8_names_the_encoding_and_the_flag(write, records):
    path = write(TEXT.encode("cp1252"))
    with pytest.raises(SourceError) as e:
        records(path)
    assert f"{path}: line 2 has the byte 0xE9, which is not UTF-8. It fits cp1252" in str(e.value)
    assert "reads '1,Café'" in str(e.value)
    assert "--encoding cp1252" in str(e.value)


def test_the_encoding_that_is_told_is_read(write, records):
    assert records(write(TEXT.encode("cp1252")), encoding="cp1252") == [("1", "Café", 1)]
    assert records(write(TEXT.encode("mac_roman")), encoding="mac_roman") == [("1", "Café", 1)]
    assert records(write(TEXT.encode("utf-16-le")), encoding="utf-16-le") == [("1", "Café", 1)]


def test_a_text_of_ascii_may_be_told_any_encoding(write, records):
    assert records(write("a,b\n1,x\n"), encoding="cp1252") == [("1", "x", 1)]


def test_utf8_told_to_be_something_else_is_refused_rather_than_garbled(write, records):
    with pytest.raises(SourceError, match="the file is UTF-8; read as cp1252, 'é' would become 'Ã©'"):
        records(write(TEXT), encoding="cp1252")


def test_an_encoding_that_does_not_fit_is_refused(write, records):
    with pytest.raises(SourceError, match="0x81, which cp1252 doesn't have"):
        records(write(b"a,b\n1,\x81\n"), encoding="cp1252")


def test_an_encoding_that_does_not_exist_is_refused(write, records):
    with pytest.raises(UsageError, match="--encoding klingon: there is no such encoding"):
        records(write(TEXT), encoding="klingon")


def test_utf16_without_its_mark_is_named(write, records):
    with pytest.raises(SourceError, match="--encoding utf-16-le"):
        records(write(TEXT.encode("utf-16-le")))


def test_a_file_that_ends_in_the_middle_of_a_character_was_cut_off(write, records):
    with pytest.raises(SourceError, match="ends in the middle of a character, so it was cut off"):
        records(write("a,b\n1,é".encode()[:-1]))


def test_the_line_is_right_however_far_down_the_file_it_is(write, records):
    filler = "1,ü\n" * 300_000
    with pytest.raises(SourceError, match="line 300002 has the byte 0xFC"):
        records(write(f"a,b\n{filler}".encode() + b"1,\xfc\n"))


def test_the_real_export_of_a_spreadsheet_is_read_with_the_flag_it_names(real, records):
    path = real("youtube_creator/metrics_by_video_cp1252.csv")
    with pytest.raises(SourceError, match="--encoding cp1252"):
        records(path)
    assert len(records(path, encoding="cp1252")) == 224
