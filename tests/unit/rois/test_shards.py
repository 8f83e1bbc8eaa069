import pytest

from camseg.datasets import index
from camseg.datasets.views import new_row, read_index
from camseg.rois.extraction import cases_of_shard


def case(name, *, left=0, right=0, status="usable", folder="x"):
    """The rows of a case's views; `left` and `right`: the lesions in each."""
    return [
        new_row(
            case_id=name,
            patient_id=name,
            view=f"{side}_CC",
            status=status,
            source="ddsm",
            ics=f"{folder}/{name}.ics",
            abnormalities=lesions,
            lines=40 if status == "usable" else None,
            pixels_per_line=30 if status == "usable" else None,
        )
        for side, lesions in (("LEFT", left), ("RIGHT", right))
    ]


def listed(folder, *cases):
    index.write_index(folder / "index.tsv", index.in_order(cases))
    return read_index(folder / "index.tsv")


NAMES = ["A", "A-10", "A-9", "B", "C", "D", "E"]


@pytest.fixture
def table(tmp_path):
    return listed(tmp_path, *(case(name, left=1) for name in reversed(NAMES)))


def names(cases):
    return [rows[0]["case_id"] for rows in cases]


@pytest.mark.parametrize("shards", [1, 2, 3, 7])
def test_each_case_is_in_one_shard(table, shards):
    parts = [names(cases_of_shard(table, shard, shards)) for shard in range(shards)]
    assert sorted(name for part in parts for name in part) == NAMES
    lengths = [len(part) for part in parts]
    assert max(lengths) - min(lengths) <= 1


def test_cases_are_dealt_to_the_shards_in_turn(table):
    assert names(cases_of_shard(table, 0, 3)) == ["A", "B", "E"]
    assert names(cases_of_shard(table, 1, 3)) == ["A-10", "C"]
    assert names(cases_of_shard(table, 2, 3)) == ["A-9", "D"]


def test_the_order_of_the_index_changes_nothing(table):
    for shard in range(3):
        turned = cases_of_shard(table.iloc[::-1].reset_index(drop=True), shard, 3)
        assert names(turned) == names(cases_of_shard(table, shard, 3))


def test_of_more_shards_than_cases_some_are_empty(table):
    parts = [cases_of_shard(table, shard, 9) for shard in range(9)]
    assert [len(part) for part in parts] == [1] * 7 + [0] * 2


def test_only_cases_with_a_usable_lesion_are_cut(tmp_path):
    half = case("half", left=1)
    half[0] |= {"status": "rejected", "reason": "cut short"}  # the lesion's own view
    table = listed(
        tmp_path,
        case("healthy"),
        case("rejected", left=2, status="rejected"),
        case("unselected", left=1, status="unselected"),
        half,
        case("right", right=10),
    )
    (rows,) = cases_of_shard(table, 0, 1)
    assert {row["case_id"] for row in rows} == {"right"}


def test_a_case_comes_with_all_its_views_as_the_index_has_them(tmp_path):
    rows = case("A", left=2)
    rows[0] |= {"selected": "1 2", "resolution": 43.5}
    rows[1] |= {"status": "rejected", "reason": "there is no image", "lines": None}
    table = listed(tmp_path, case("B", left=1), rows)
    assert cases_of_shard(table, 0, 2) == [rows]


def test_copies_of_a_case_are_cases_of_their_own(tmp_path):
    """Two folders hold the same case; the index calls one of them, at most, usable."""
    sound, copy = case("A", left=1, folder="b"), case("A", left=1, folder="a", status="rejected")
    (rows,) = cases_of_shard(listed(tmp_path, copy, sound), 0, 1)
    assert rows == sound
    both = listed(tmp_path, case("A", left=1, folder="a"), sound)
    assert [
        cases_of_shard(both, 0, 2)[0][0]["ics"],
        cases_of_shard(both, 1, 2)[0][0]["ics"],
    ] == ["a/A.ics", "b/A.ics"]
    assert [len(rows) for shard in (0, 1) for rows in cases_of_shard(both, shard, 2)] == [2, 2]
