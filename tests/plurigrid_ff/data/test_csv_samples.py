import pytest

from plurigrid_ff.data.csv_samples import read_csv, read_csv_inputs
from plurigrid_ff.errors import DataError, UnknownNameError


def write(path, text):
    path.write_text(text)
    return path


def test_the_named_column_holds_the_labels(tmp_path):
    path = write(tmp_path / "t.csv", "kind,label,a\ncat,1,2\ndog,3,4\n")

    source = read_csv(path, "kind")

    assert source.class_names == ("cat", "dog")
    assert source.train.x.tolist() == [[1, 2], [3, 4]]


def test_a_column_named_label_goes_before_the_last(tmp_path):
    path = write(tmp_path / "t.csv", "label,a\ndog,1\ncat,2\n")

    source = read_csv(path, None)

    assert source.class_names == ("cat", "dog")
    assert source.train.y.tolist() == [1, 0]


def test_without_either_the_last_column_holds_the_labels(tmp_path):
    path = write(tmp_path / "t.csv", "a,species\n1,x\n2,y\n")

    assert read_csv(path, None).class_names == ("x", "y")


def test_integer_labels_are_sorted_by_value_and_named_as_written(tmp_path):
    path = write(tmp_path / "t.csv", "a,label\n1,10\n2,9\n3,-1\n4,10\n")

    source = read_csv(path, None)

    assert source.class_names == ("-1", "9", "10")
    assert source.train.y.tolist() == [2, 1, 0, 2]


def test_mixed_labels_are_sorted_as_text(tmp_path):
    path = write(tmp_path / "t.csv", "a,label\n1,10\n2,9\n3,b\n")

    assert read_csv(path, None).class_names == ("10", "9", "b")


def test_an_unknown_label_column_suggests_the_nearest(tmp_path):
    path = write(tmp_path / "t.csv", "a,species\n1,x\n2,y\n")

    with pytest.raises(UnknownNameError, match="unknown column 'specis'; did you mean 'species'"):
        read_csv(path, "specis")


def test_one_class_alone_is_refused(tmp_path):
    path = write(tmp_path / "t.csv", "a,label\n1,x\n2,x\n")

    with pytest.raises(DataError, match="at least two classes, got only 'x'"):
        read_csv(path, None)


@pytest.mark.parametrize(
    ("header", "label_column", "expected"),
    [
        ("a,b,label", None, [1, 2]),
        ("a,b,c", None, [1, 2, 3]),
        ("a,kind,c", "kind", [1, 3]),
        ("a,b,c", "kind", [1, 2, 3]),
    ],
)
def test_inputs_are_all_columns_but_the_labels(tmp_path, header, label_column, expected):
    path = write(tmp_path / "t.csv", f"{header}\n1,2,3\n")

    assert read_csv_inputs(path, label_column).tolist() == [expected]
