import math

import pytest

from camseg.errors import CamsegError
from camseg.report import comparison, manifest
from recorded import write_record, write_study


@pytest.fixture
def trees(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found = []
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "data").mkdir()
        (tmp_path / "data").mkdir(exist_ok=True)
        (tmp_path / "data/weights.h5").touch()
        found.append(write_record(tmp_path / name))
    return found


def edit(tree, old, new, name="table2"):
    path = tree / f"tables/{name}.csv"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_the_same_tree_has_no_difference(trees):
    found = comparison.compare(trees[0], trees[0])
    assert found.same
    assert (found.tables, found.cells) == (2, 2 * 3 + 2 * 2)
    found = comparison.compare(*trees)
    assert found.same
    lines = list(comparison.summary(*trees, found))
    assert lines[2:] == [
        "configuration: the same",
        "cases indexed: the same",
        "splits: the same",
        "rounding of the machines: the same",
        "processors: of one name, which may be of two families",
        "2 tables, 10 cells in both: 0 differ by more than rounding, 0 things are in one alone",
    ]


def test_a_changed_cell_is_found_whatever_the_order_of_rows(trees):
    path = trees[1] / "tables/table2.csv"
    path.write_text("Classifier,val_acc,Dice\nVGG16,0.8,0.4\nXception,0.9,0.464405\n")
    (found,) = comparison.compare(*trees).differences
    assert (found.table, found.row, found.column) == ("tables/table2.csv", "Xception", "Dice")
    assert (found.one, found.other) == ("0.434405", "0.464405")
    assert found.limit == pytest.approx(1.96 * math.sqrt(2) * 0.03)
    assert not found.beyond


@pytest.mark.parametrize(
    ("number", "same"),
    [("0.434405", 1), ("0.434406", 1), ("0.434404", 1), ("0.434407", 0), ("0.4344", 0), ("", 0)],
)
def test_rounding_is_tolerated_in_the_last_digit_alone(trees, number, same):
    edit(trees[1], "0.434405", number)
    assert comparison.compare(*trees).same == bool(same)


def test_whole_numbers_and_texts_have_no_rounding(trees):
    edit(trees[1], "ROIs,9", "ROIs,10", "counts")
    (found,) = comparison.compare(*trees).differences
    assert (found.column, found.limit, found.beyond) == ("n", None, False)
    assert not comparison._same("a", "b")
    assert not comparison._same("1", "a")
    assert comparison._same("0", "-0.0")
    assert comparison._same("1000000", "1000001")  # of which six digits are written
    assert not comparison._same("inf", "1")


def test_what_is_beyond_the_known_spread_comes_first(trees):
    edit(trees[1], "ROIs,9", "ROIs,10", "counts")
    edit(trees[1], "0.434405", "0.4")
    edit(trees[1], "0.9,", "0.7,")
    lines = list(comparison.summary(*trees, comparison.compare(*trees)))
    assert lines[-4:] == [
        "of 2 cells with a known spread between kinds of processor 1 are beyond it; of 1 none is "
        "known",
        "  tables/table2.csv: Xception: val_acc: '0.9', '0.7', beyond 0.11",
        "  tables/table2.csv: Xception: Dice: '0.434405', '0.4', within 0.08",
        "  tables/counts.csv: ROIs: n: '9', '10'",
    ]


def test_a_number_that_became_none_is_beyond(trees):
    edit(trees[1], "0.434405", "")
    (found,) = comparison.compare(*trees).differences
    assert found.beyond


def test_tables_rows_and_columns_of_one_tree_alone_are_named(trees):
    edit(trees[0], "VGG16,0.8,0.4\n", "VGG16,0.8,0.4\nVGG19,0.8,0.5\n")
    edit(trees[1], "what,n\n", "what,count\n", "counts")
    (trees[1] / "tables/more.csv").write_text("a\n1\n")
    found = comparison.compare(*trees)
    assert not found.same
    assert not found.differences
    assert "tables/more.csv: the table" in found.lacking
    assert "tables/table2.csv: the row VGG19" in found.lacking
    assert "tables/counts.csv: views: n" in found.lacking


def test_rows_alike_in_their_texts_are_matched_by_numbers_that_both_have(trees):
    for tree, order in zip(trees, ((0, 0.05), (0.05, 0)), strict=True):
        rows = [f"A,{smoothing},{1 + smoothing}\n" for smoothing in order]
        (tree / "tables/sensitivity.csv").write_text("model,smoothing,Dice\n" + "".join(rows))
    assert comparison.compare(*trees).same


def test_other_keys_machines_and_splits_are_told(trees):
    record = manifest.read(trees[1])
    record["configuration"]["values"]["training"]["epochs"] = 3
    record["machine"]["rounding"]["sha256"] = "cd" * 32
    record["machine"]["processor"]["family"] = "family 26, model 2"
    record["outputs"]["splits/split-0.tsv"]["sha256"] = "00"
    manifest.write(trees[1] / manifest.NAME, record)
    lines = list(comparison.summary(*trees, comparison.compare(*trees)))
    assert lines[2:7] == [
        "configuration: differs in training.epochs",
        "cases indexed: the same",
        "splits: differ",
        "rounding of the machines: differs",
        "processors: Some Processor and Some Processor (family 26, model 2)",
    ]


def test_processors_are_the_same_if_their_family_is(trees):
    for tree in trees:
        record = manifest.read(tree)
        record["machine"]["processor"]["family"] = "family 26, model 2"
        manifest.write(tree / manifest.NAME, record)
    lines = list(comparison.summary(*trees, comparison.compare(*trees)))
    assert "processors: the same" in lines


def test_trees_without_records_are_compared_too(tmp_path):
    trees = [write_study(tmp_path / name) for name in ("one", "other")]
    lines = list(comparison.summary(*trees, comparison.compare(*trees)))
    assert lines[:2] == [f"A {trees[0]}: has no record", f"B {trees[1]}: has no record"]
    assert len(lines) == 3


def test_a_tree_without_tables_and_a_broken_table_are_one_line(trees, tmp_path):
    with pytest.raises(CamsegError, match="has no tables to compare: no CSV in tables or own_maps"):
        comparison.compare(trees[0], tmp_path)
    edit(trees[1], "views,5", "views,5,6", "counts")
    with pytest.raises(CamsegError, match=r"counts\.csv: has a row that is longer or shorter"):
        comparison.compare(*trees)
