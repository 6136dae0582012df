"""Delimited text: what is read, what is refused, and that one bad row costs only itself."""

from __future__ import annotations

import gzip
import io
import tracemalloc
from collections.abc import Iterator
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.codec.delimited import (
    ENCODINGS,
    LONGEST_SPAN,
    Dialect,
    Numbered,
    Refused,
    Unreadable,
    line_of,
    read,
    shown,
    write,
)

COMMA = Dialect()


def rows_of(content: bytes, dialect: Dialect = COMMA) -> list[Numbered]:
    return list(read(content, dialect).rows)


def why(row: Numbered) -> tuple[int, str]:
    assert isinstance(row[1], Unreadable)
    return row[0], row[1].why


class TestReading:
    def test_rows_come_with_the_line_they_start_on(self) -> None:
        table = read(b"Item,Qty\nA,1\n\nB,2\n", COMMA)
        assert table.header == ("Item", "Qty")
        assert list(table.rows) == [(2, ["A", "1"]), (4, ["B", "2"])]

    def test_windows_and_unix_line_ends_read_alike(self) -> None:
        assert rows_of(b"a,b\r\n1,2\r\n") == rows_of(b"a,b\n1,2\n") == [(2, ["1", "2"])]

    def test_old_mac_line_ends_are_understood(self) -> None:
        assert rows_of(b"a,b\r1,2\r3,4\r") == [(2, ["1", "2"]), (3, ["3", "4"])]

    def test_the_last_line_needs_no_end(self) -> None:
        assert rows_of(b"a,b\n1,2") == [(2, ["1", "2"])]

    def test_quotes_hold_delimiters_quotes_and_line_breaks(self) -> None:
        content = b'a,b\n"1,5","say ""hi"""\n"two\nlines",x\nlast,y\n'
        assert rows_of(content) == [(2, ["1,5", 'say "hi"']), (3, ["two\nlines", "x"]), (5, ["last", "y"])]

    def test_a_byte_order_mark_is_no_part_of_the_first_column(self) -> None:
        assert read(b"\xef\xbb\xbfItem,Qty\nA,1\n", COMMA).header == ("Item", "Qty")

    def test_a_byte_order_mark_between_joined_files_is_no_part_of_a_cell(self) -> None:
        mark = b"\xef\xbb\xbf"
        rows = rows_of(mark + b"Item,Qty\nA,1\n" + mark + b"B,2\n" + mark + b'"C",3\n')
        assert rows == [(2, ["A", "1"]), (3, ["B", "2"]), (4, ["C", "3"])]

    def test_a_byte_order_mark_proves_utf_8_whatever_was_declared(self) -> None:
        table = read("\ufeffItem,Größe\nA,é\n".encode(), Dialect(encoding="cp1252"))
        assert (table.header, list(table.rows)) == (("Item", "Größe"), [(2, ["A", "é"])])

    def test_header_names_lose_the_blanks_around_them(self) -> None:
        assert read(b" Item ,\tQty\n", COMMA).header == ("Item", "Qty")

    def test_blank_rows_and_rows_of_empty_cells_are_passed_over(self) -> None:
        assert rows_of(b"\n\na,b\n,\n\n1,2\n") == [(6, ["1", "2"])]

    def test_empty_cells_beyond_the_header_are_dropped(self) -> None:
        assert rows_of(b"a,b\n1,2,,\n") == [(2, ["1", "2"])]

    @pytest.mark.parametrize("delimiter", [";", "\t", "|"])
    def test_other_delimiters_can_be_declared(self, delimiter: str) -> None:
        content = f"a{delimiter}b\n1,5{delimiter}2\n".encode()
        assert rows_of(content, Dialect(delimiter=delimiter)) == [(2, ["1,5", "2"])]

    def test_a_file_without_quotes_takes_them_as_they_are(self) -> None:
        assert rows_of(b'a,b\n"5 inch,2\n', Dialect(quote="")) == [(2, ['"5 inch', "2"])]

    @pytest.mark.parametrize(("encoding", "byte"), [("latin-1", b"\xe9"), ("cp1252", b"\xe9"), ("utf-8", "é".encode())])
    def test_declared_encodings_are_read(self, encoding: str, byte: bytes) -> None:
        assert rows_of(b"a,b\ncaf" + byte + b",1\n", Dialect(encoding=encoding)) == [(2, ["café", "1"])]

    def test_a_stream_is_read_like_bytes(self) -> None:
        assert list(read(io.BytesIO(b"a,b\n1,2\n"), COMMA).rows) == [(2, ["1", "2"])]

    def test_lines_that_cross_the_boundary_of_a_chunk_stay_whole(self) -> None:
        content = b"a,b\n" + b"".join(b"%d,%s\n" % (n, b"x" * 50) for n in range(5000))
        assert [row[0] for _, row in rows_of(content) if isinstance(row, list)] == [str(n) for n in range(5000)]


class TestBadRows:
    def test_a_ragged_row_costs_only_itself(self) -> None:
        bad, good = rows_of(b"a,b,c\n1,2\n3,4,5\n")
        assert why(bad) == (2, "the row has 2 cells and the header 3")
        assert isinstance(bad[1], Unreadable)
        assert (bad[1].raw, bad[1].code) == ("1,2", "ragged row")
        assert bad[1].todo == "an unquoted ',' inside a cell does this: ask the partner to quote such cells"
        assert good == (3, ["3", "4", "5"])

    def test_a_row_with_too_many_cells_is_ragged_too(self) -> None:
        assert why(rows_of(b"a,b\n1,2,3\n")[0]) == (2, "the row has 3 cells and the header 2")

    def test_a_byte_that_is_not_text_is_named_with_its_cell(self) -> None:
        good, bad, after = rows_of(b"a,b\n1,2\nx,caf\xe9\n3,4\n")
        assert why(bad) == (3, "cell 2 holds the byte 0xE9, which is not utf-8")
        assert isinstance(bad[1], Unreadable)
        assert bad[1].raw == "x,caf\\xe9"
        assert "cp1252" in bad[1].todo
        assert (good[1], after[1]) == (["1", "2"], ["3", "4"])

    def test_a_byte_that_cp1252_does_not_have_is_named(self) -> None:
        assert why(rows_of(b"a,b\n1,\x81\n", Dialect(encoding="cp1252"))[0]) == (
            2,
            "cell 2 holds the byte 0x81, which is not cp1252",
        )

    def test_mixed_encodings_lose_only_the_rows_that_do_not_fit(self) -> None:
        rows = rows_of("a,b\né,1\n".encode() + b"\xe9,2\n" + "ü,3\n".encode())
        assert [row if isinstance(row, list) else row.code for _, row in rows] == [["é", "1"], "encoding", ["ü", "3"]]

    def test_a_nul_byte_spoils_its_row_only(self) -> None:
        bad, good = rows_of(b"a,b\n1,\x002\n3,4\n")
        assert why(bad) == (2, "cell 2 holds a NUL byte")
        assert isinstance(bad[1], Unreadable)
        assert "\x00" not in bad[1].raw
        assert good == (3, ["3", "4"])

    def test_a_quote_that_never_closes_costs_its_own_line(self) -> None:
        lines = b"".join(b"%d,x\n" % n for n in range(300))
        rows = rows_of(b'a,b\n"open,1\n' + lines)
        assert why(rows[0]) == (2, f'a " is opened and not closed within {LONGEST_SPAN} lines')
        assert [row for _, row in rows[1:]] == [[str(n), "x"] for n in range(300)]
        assert rows[1][0] == 3

    def test_a_quote_left_open_at_the_end_costs_its_own_line(self) -> None:
        rows = rows_of(b'a,b\n"open,1\n2,x\n3,y\n')
        assert why(rows[0]) == (2, "the row is not well-formed: unexpected end of data")
        assert rows[1:] == [(3, ["2", "x"]), (4, ["3", "y"])]

    def test_text_after_a_closing_quote_is_refused_rather_than_guessed(self) -> None:
        bad, good = rows_of(b'a,b\n"5" pipe,1\n2,x\n')
        assert why(bad)[0] == 2
        assert why(bad)[1].startswith("the row is not well-formed")
        assert good == (3, ["2", "x"])

    def test_many_bad_rows_in_a_row_are_no_burden(self) -> None:
        rows = rows_of(b"a,b\n" + b'"x"y,1\n' * 20_000)
        assert len(rows) == 20_000
        assert rows[-1][0] == 20_001

    def test_a_cell_longer_than_a_cell_may_be_spoils_its_row_only(self) -> None:
        bad, good = rows_of(b"a,b\n" + b"x" * 200_000 + b",1\n2,y\n")
        assert "field larger than field limit" in why(bad)[1]
        assert good == (3, ["2", "y"])


class TestEndlessLines:
    def test_a_line_longer_than_a_record_may_be_is_passed_over(self) -> None:
        small = Dialect(record_bytes=100)
        bad, good = rows_of(b"a,b\n" + b"x" * 101 + b"\n1,2\n", small)
        assert why(bad) == (2, "the row is longer than 100 bytes")
        assert isinstance(bad[1], Unreadable)
        assert bad[1].raw.startswith("xxx")
        assert good == (3, ["1", "2"])

    def test_an_endless_line_at_the_end_of_the_file_ends_it(self) -> None:
        bad = rows_of(b"a,b\n1,2\n" + b"x" * 300_000, Dialect(record_bytes=1000))[-1]
        assert why(bad) == (3, "the row is longer than 1000 bytes")

    def test_an_endless_line_is_read_in_bounded_memory(self) -> None:
        size = 200 << 20  # of nothing but x: held nowhere as a whole
        stream = _Endless(b"a,b\n1,2\n", size, b"\n3,4\n")
        tracemalloc.start()
        try:
            rows = list(read(io.BufferedReader(stream), COMMA).rows)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert [row for _, row in rows if isinstance(row, list)] == [["1", "2"], ["3", "4"]]
        assert why(rows[1]) == (3, "the row is longer than 1048576 bytes")
        assert peak < 8 << 20

    def test_an_endless_header_refuses_the_file(self) -> None:
        with pytest.raises(Refused, match=r"the header \(line 1\) cannot be read: the row is longer than 100 bytes"):
            read(b"x" * 500, Dialect(record_bytes=100))

    def test_quoted_lines_that_grow_together_beyond_a_record_are_stopped(self) -> None:
        rows = rows_of(b'a,b\n"' + b"x" * 60 + b"\n" + b"y" * 60 + b'",1\n2,z\n', Dialect(record_bytes=100))
        assert why(rows[0]) == (2, f'a " is opened and not closed within {LONGEST_SPAN} lines')
        assert rows[-1] == (4, ["2", "z"])


class TestRefusedFiles:
    @pytest.mark.parametrize(
        ("content", "message"),
        [
            (b"", "the file is empty: not even a header line"),
            (b"\n\n", "the file is empty: not even a header line"),
            (b"\xfe\xff\x00a\x00", "the file is not utf-16-be: truncated data"),
            (b"PK\x03\x04[Content_Types].xml", "the file is an Excel workbook, not delimited text"),
            (
                gzip.compress(gzip.compress(b"a", mtime=0), mtime=0),
                "the file is gzip-compressed twice, not delimited text",
            ),
            (b"%PDF-1.7", "the file is a PDF, not delimited text"),
            (b"\xd0\xcf\x11\xe0\xa1\xb1", "the file is an old Excel file (.xls), not delimited text"),
            (b"\n<!DOCTYPE HTML>\n<html><title>502</title>", "the file is a web page, not delimited text"),
            (b"a,\xff\n1,2\n", "the header (line 1) cannot be read: cell 2 holds the byte 0xFF, which is not utf-8"),
        ],
    )
    def test_a_file_that_is_no_table_says_what_it_is(self, content: bytes, message: str) -> None:
        with pytest.raises(Refused) as caught:
            read(content, COMMA)
        assert caught.value.what == message
        assert caught.value.todo


class TestWriting:
    def test_only_cells_that_need_quotes_get_them(self) -> None:
        assert write([["a", 'say "hi"', "1,5", "x\ny"]], COMMA) == b'a,"say ""hi""","1,5","x\ny"\r\n'

    def test_the_declared_line_end_and_encoding_are_used(self) -> None:
        assert write([["é"], ["b"]], Dialect(encoding="latin-1", line_end="\n")) == b"\xe9\nb\n"

    def test_a_row_of_one_empty_cell_is_still_a_row(self) -> None:
        assert write([["a"], [""]], COMMA) == b'a\r\n""\r\n'

    def test_a_character_that_the_encoding_lacks_is_named(self) -> None:
        with pytest.raises(ValueError, match="the character '€' cannot be written in latin-1"):
            write([["5 €"]], Dialect(encoding="latin-1"))

    def test_a_delimiter_cannot_be_hidden_without_quotes(self) -> None:
        with pytest.raises(ValueError, match="holds a ',' or a line break, and this file has no quotes"):
            write([["1,5"]], Dialect(quote=""))

    @pytest.mark.parametrize("cell", ["a\x00b", "a\ud800b"])
    def test_what_no_text_file_may_hold_is_refused(self, cell: str) -> None:
        with pytest.raises(ValueError, match="holds a character that no text file may hold"):
            write([[cell]], COMMA)

    @given(
        st.lists(
            st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=12)).filter(
                len
            ),
            min_size=1,
            max_size=8,
        ),
        st.sampled_from([COMMA, Dialect(delimiter=";", line_end="\n"), Dialect(delimiter="\t", quote="'")]),
    )
    def test_what_is_written_reads_back_the_same(self, rows: list[list[str]], dialect: Dialect) -> None:
        header = [f"c{n}" for n in range(max(map(len, rows)))]
        square = [[*row, *[""] * (len(header) - len(row))] for row in rows]
        found = [row for _, row in read(write([header, *square], dialect), dialect).rows]
        assert found == [row for row in square if any(row)]


@given(st.binary(max_size=400), st.sampled_from(ENCODINGS))
def test_no_bytes_whatever_make_it_stumble(content: bytes, encoding: str) -> None:
    rows: list[Numbered] = []
    width = 0
    with suppress(Refused):
        table = read(content, Dialect(encoding=encoding, record_bytes=64))
        width, rows = len(table.header), list(table.rows)
    numbers = [number for number, _ in rows]
    assert numbers == sorted(numbers)
    assert all(isinstance(row, Unreadable) or len(row) == width for _, row in rows)


@pytest.mark.parametrize(
    ("row", "dialect", "line"),
    [
        (["a", "1,5", 'say "hi"'], COMMA, 'a,"1,5","say ""hi"""'),
        (["a", "1,5"], Dialect(delimiter=";"), "a;1,5"),
        (["a", "1,5"], Dialect(quote=""), "a,1,5"),
        (["a\x00", "\udce9"], COMMA, "a\\x00,\\xe9"),
    ],
)
def test_a_row_is_shown_as_it_would_stand_in_the_file(row: list[str], dialect: Dialect, line: str) -> None:
    assert line_of(row, dialect) == line


def test_what_is_shown_of_bad_text_can_be_stored_anywhere() -> None:
    text = shown("a\x00b\udce9c" + "x" * 5000, most=20)
    assert text == "a\\x00b\\xe9c" + "x" * 15
    assert text.encode("utf-8")


class _Endless(io.RawIOBase):
    """A stream of a beginning, very many x, and an end; made as it is read."""

    def __init__(self, start: bytes, count: int, end: bytes) -> None:
        self._pieces = self._make(start, count, end)
        self._rest = b""

    @staticmethod
    def _make(start: bytes, count: int, end: bytes) -> Iterator[bytes]:
        yield start
        piece = b"x" * 65536
        for _ in range(count // len(piece)):
            yield piece
        yield end

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
        if not self._rest:
            self._rest = next(self._pieces, b"")
        piece, self._rest = self._rest[: len(buffer)], self._rest[len(buffer) :]
        buffer[: len(piece)] = piece
        return len(piece)
