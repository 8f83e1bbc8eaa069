import pytest

from camseg.report import manifest
from camseg.report.verification import SHOWN, Changes, verify
from recorded import write_record


@pytest.fixture
def results(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return write_record(tmp_path)


def test_nothing_has_changed(results):
    (results / "logs/more.log").write_text("said")
    lines, same = verify(results)
    assert same
    assert lines[1:] == [
        "results: 11 files as recorded",
        "data: 1 files as recorded",
        "given files: 1 files as recorded",
    ]


def test_what_is_tampered_with_missing_or_new_is_named(results, tmp_path):
    table = results / "tables/table2.csv"
    table.write_text(table.read_text().replace("0.9", "0.8"))  # of the same length
    (results / "index.tsv").unlink()
    (results / "tables/table9.csv").touch()
    (tmp_path / "data/a.png").write_text("another")
    (tmp_path / "data/weights.h5").unlink()
    lines, same = verify(results)
    assert not same
    assert lines[1:] == [
        "results: 9 files as recorded, 1 missing, 1 altered, 1 new",
        "  missing: index.tsv",
        "  altered: tables/table2.csv",
        "  new: tables/table9.csv",
        "data: 0 files as recorded, 1 altered",
        "  altered: a.png",
        "given files: 0 files as recorded, 1 missing",
        "  missing: data/weights.h5",
    ]


def test_a_file_of_another_length_is_altered(results):
    with (results / "rois/shard-0.h5").open("a") as file:
        file.write("!")
    assert "  altered: rois/shard-0.h5" in verify(results)[0]


def test_data_that_are_not_here_are_said_not_to_be_checked(results, tmp_path):
    (tmp_path / "data").rename(tmp_path / "elsewhere")
    found = manifest.read(results)
    found["inputs"]["given"] = {}
    manifest.write(results / manifest.NAME, found)
    lines, same = verify(results)
    assert same
    assert "data: 1 files not checked: there is no data/list.csv" in lines


def test_of_many_files_some_are_named():
    lines = list(Changes(0, [], [f"{n}" for n in range(SHOWN + 5)], []).lines("results"))
    assert len(lines) == SHOWN + 2
    assert lines[-1] == "  altered: 5 more"
