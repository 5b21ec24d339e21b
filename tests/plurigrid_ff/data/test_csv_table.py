import csv
import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plurigrid_ff.data import csv_table
from plurigrid_ff.data.csv_table import read_table
from plurigrid_ff.errors import DataError

quickly = settings(deadline=None, max_examples=60)
# Names and labels as people write them: text without white space around it.
TEXT = st.text(
    st.characters(exclude_categories=("Cs",), exclude_characters="\0"), min_size=1, max_size=8
).filter(lambda text: text == text.strip())


def last(columns):
    return len(columns) - 1


def none(columns):
    return None


def refusal(path, content, choose=last):
    path.write_bytes(content)
    with pytest.raises(DataError) as caught:
        read_table(path, choose)
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    return message


@quickly
@given(
    rows=st.lists(
        st.tuples(st.floats(width=32, allow_nan=False, allow_infinity=False), TEXT), min_size=1
    ),
    name=TEXT,
    first=st.booleans(),
)
def test_a_table_written_by_the_csv_module_reads_back_the_same(scratch, rows, name, first):
    path = scratch / "table.csv"
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    table = [("number", f"label {name}"), *((repr(number), label) for number, label in rows)]
    writer.writerows([row[::-1] for row in table] if first else table)
    path.write_text(text.getvalue(), encoding="utf-8", newline="")

    result = read_table(path, lambda columns: 0 if first else 1)

    assert result.columns == ["number"]
    assert result.labels == [label for _, label in rows]
    np.testing.assert_array_equal(result.values[:, 0], np.float32([number for number, _ in rows]))


@quickly
@given(content=st.binary(max_size=200), header=st.sampled_from([b"", b"a,b\n", b"a,b\n1,x\n"]))
def test_random_bytes_raise_nothing_but_a_data_error(scratch, content, header):
    path = scratch / "random.csv"
    path.write_bytes(header + content)

    try:
        table = read_table(path, last)
    except DataError:
        return

    assert len(table.values) == len(table.labels)


@quickly
@given(text=st.text("ab1,\"'\n\r \0", max_size=60))
def test_random_text_raises_nothing_but_a_data_error(scratch, text):
    path = scratch / "random.csv"
    path.write_text(text, encoding="utf-8", newline="")

    try:
        table = read_table(path, last)
    except DataError:
        return

    assert np.isfinite(table.values).all()


def test_a_byte_order_mark_and_blank_lines_are_skipped(tmp_path):
    path = tmp_path / "t.csv"
    path.write_bytes(b"\xef\xbb\xbfa, b\r\n\r\n1,2\r\n\r\n3,4\r\n")

    table = read_table(path, none)

    assert table.columns == ["a", "b"]
    assert table.values.tolist() == [[1, 2], [3, 4]]
    assert table.labels == []


def test_columns_named_by_their_numbers_are_a_header(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("0,1,2\n5,6,7\n")

    assert read_table(path, none).values.tolist() == [[5, 6, 7]]


def test_a_ragged_row_gives_line_and_counts(tmp_path):
    message = refusal(tmp_path / "t.csv", b"a,b,label\n1,2,x\n\n1,x\n")

    assert "line 4: expected 3 cells, as in the header, got 2" in message


@pytest.mark.parametrize("cell", ["abc", "", "1;5", "0x10"])
def test_a_cell_that_is_no_number_gives_line_and_column(tmp_path, cell):
    message = refusal(tmp_path / "t.csv", f"a,b,label\n1,2,x\n1,{cell},x\n".encode())

    assert f"line 3, column 'b': expected a number, got {cell!r}" in message


@pytest.mark.parametrize(("cell", "got"), [("nan", "nan"), ("-inf", "-inf"), ("1e300", "inf")])
def test_a_value_that_is_not_finite_gives_line_and_column(tmp_path, cell, got):
    message = refusal(tmp_path / "t.csv", f"a,b,label\n1,2,x\n\n1,{cell},x\n".encode())

    assert f"line 4, column 'b': expected a finite float32, got {got}" in message


def test_the_column_is_right_where_the_label_comes_first(tmp_path):
    message = refusal(tmp_path / "t.csv", b"label,a,b\nx,1,2\nx,1,?\n", lambda columns: 0)

    assert "column 'b'" in message


@pytest.mark.parametrize("content", [b"", b"\n", b",,\n1,2,3\n"])
def test_a_file_without_names_is_refused(tmp_path, content):
    assert "expected the names of the columns" in refusal(tmp_path / "t.csv", content)


def test_a_column_without_a_name_is_refused(tmp_path):
    message = refusal(tmp_path / "t.csv", b",a,label\n0,1,x\n")

    assert "column 1 has no name" in message
    assert "numbers the rows" in message


def test_numbers_in_the_place_of_names_are_refused(tmp_path):
    assert "names of the columns, got numbers" in refusal(
        tmp_path / "t.csv", b"5.1,3.5,0\n4.9,3,1\n"
    )


def test_a_name_that_is_there_twice_is_refused(tmp_path):
    assert "two columns are named 'a'" in refusal(tmp_path / "t.csv", b"a,b,a\n1,2,3\n")


def test_a_header_alone_holds_no_samples(tmp_path):
    assert "holds no samples" in refusal(tmp_path / "t.csv", b"a,label\n")


def test_labels_without_numbers_beside_them_are_refused(tmp_path):
    message = refusal(tmp_path / "t.csv", b"a;b;label\n1;2;x\n")

    assert "expected columns of numbers" in message
    assert "commas" in message


def test_an_empty_label_is_located(tmp_path):
    assert "line 3: the label is empty" in refusal(tmp_path / "t.csv", b"a,label\n1,x\n2, \n")


@pytest.mark.parametrize("encoding", ["utf-16", "latin-1"])
def test_another_encoding_is_named_as_such(tmp_path, encoding):
    content = "größe,label\n1,x\n".encode(encoding)

    assert "expected UTF-8 text" in refusal(tmp_path / "t.csv", content)


def test_a_nul_byte_gives_its_line(tmp_path):
    assert "line 3: holds a NUL byte" in refusal(tmp_path / "t.csv", b"a,label\n1,x\n2\0,y\n")


@pytest.mark.parametrize("row", [b'1,"x\n', b'1,"x"y\n', b"1," + b"x" * 200_000])
def test_what_the_csv_module_refuses_gives_its_line(tmp_path, row):
    message = refusal(tmp_path / "t.csv", b"a,label\n1,x\n" + row)

    assert "line 3: not CSV" in message


def test_a_file_beyond_the_limit_is_refused_unread(tmp_path, monkeypatch):
    monkeypatch.setattr(csv_table, "MAX_BYTES", 10)

    assert "larger than 10 bytes" in refusal(tmp_path / "t.csv", b"a,label\n1,x\n")


def test_a_missing_file_cannot_be_read(tmp_path):
    with pytest.raises(DataError, match="cannot be read: No such file"):
        read_table(tmp_path / "absent.csv", none)
