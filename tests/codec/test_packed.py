"""Compression and wide encodings: read as what they hold, refused when they are broken or grow without reason."""

from __future__ import annotations

import gzip
import io
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.codec import packed
from hub.codec.delimited import Dialect, Refused, read
from hub.codec.packed import decoded, opened, unpacked

TEXT = "Item,Qty\nÄB-100,5\n"


def zipped(*files: tuple[str, bytes]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files:
            archive.writestr(name, content)
    return target.getvalue()


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        (TEXT.encode(), "utf-8"),
        (TEXT.encode("utf-8-sig"), "utf-8"),
        (TEXT.encode("utf-8-sig"), "cp1252"),
        (TEXT.encode("latin-1"), "latin-1"),
        (TEXT.encode("cp1252"), "cp1252"),
        (TEXT.encode("utf-16"), "utf-8"),
        (b"\xfe\xff" + TEXT.encode("utf-16-be"), "cp1252"),
        (TEXT.encode("utf-16-le"), "utf-16-le"),
        (TEXT.encode("utf-16"), "utf-16"),
        (gzip.compress(TEXT.encode(), mtime=0), "utf-8"),
        (gzip.compress(TEXT.encode("utf-16"), mtime=0), "utf-8"),
        (zipped(("stock.csv", TEXT.encode("cp1252"))), "cp1252"),
        (zipped(("a/", b""), ("a/stock.csv", TEXT.encode()), ("__MACOSX/a/._stock.csv", b"x")), "utf-8"),
    ],
)
def test_a_table_is_read_whatever_lies_around_it(content: bytes, encoding: str) -> None:
    table = read(content, Dialect(encoding=encoding))
    assert table.header == ("Item", "Qty")
    assert [row for _, row in table.rows] == [["ÄB-100", "5"]]
    assert decoded(content, encoding, 1000) == TEXT


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (gzip.compress(TEXT.encode(), mtime=0)[:-9], "the archive is damaged"),
        (b"\x1f\x8brest", "the archive is damaged"),
        (b"PK\x03\x04rest", "the archive is damaged"),
        (zipped(("a.csv", b"a"), ("b.csv", b"b")), "the archive holds 2 files (a.csv, b.csv)"),
        (zipped(), "the file is empty"),
        (zipped(("Thumbs.db", b"a")), "the archive holds 0 files (none)"),
        ("a,b\n".encode("utf-16") + b"\x00", "the file is not utf-16-le: truncated data"),
    ],
)
def test_what_is_broken_or_not_one_file_is_refused(content: bytes, what: str) -> None:
    with pytest.raises(Refused) as caught:
        list(read(content if content != zipped() else b"", Dialect()).rows)
    assert caught.value.what.startswith(what)
    assert caught.value.todo


def test_an_encrypted_archive_is_refused() -> None:
    content = bytearray(zipped(("a.csv", b"a,b\n")))
    content[6] |= 1
    content[content.index(b"PK\x01\x02") + 8] |= 1
    with pytest.raises(Refused, match="encrypted"):
        opened(bytes(content))


def test_what_unpacks_without_end_is_stopped_while_it_grows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packed, "FREE", 1 << 20)
    bomb = gzip.compress(b"\n" * (5 << 20), mtime=0)
    with pytest.raises(Refused, match="unpacks to more than"):
        list(read(bomb, Dialect()).rows)
    with pytest.raises(Refused, match="unpacks to more than"):
        unpacked(bomb, 100 << 20)
    with pytest.raises(Refused, match="holds more than 1 MiB"):
        unpacked(b"x" * (2 << 20), 1 << 20)


def test_text_that_is_not_as_declared_says_which_byte() -> None:
    with pytest.raises(Refused) as caught:
        decoded(b"a\xff", "utf-8", 100)
    assert caught.value.what == "the byte 0xFF at 1 is not utf-8"


@given(st.binary(max_size=200), st.sampled_from([b"", b"\x1f\x8b", b"PK\x03\x04", b"\xff\xfe", b"\xfe\xff"]))
def test_no_bytes_make_it_stumble(content: bytes, begin: bytes) -> None:
    try:
        decoded(begin + content, "utf-8", 1 << 20)
    except Refused as error:
        assert error.todo  # noqa: PT017 - every refusal says what to do
