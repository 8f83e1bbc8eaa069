import pytest

from camseg.errors import CamsegError
from camseg.figures import charts
from camseg.report import runtime

HEAD = "s\th:m:s\tmax_rss\tmax_vms\tmax_uss\tmax_pss\tio_in\tio_out\tmean_load\tcpu_time\n"


def leave(path, wall, rss, cpu):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{HEAD}{wall}\t0:00:01\t{rss}\t1\t1\t1\t0\t0\t50\t{cpu}\n")


@pytest.fixture
def table(tmp_path):
    leave(tmp_path / "train/original/A/split-0.tsv", 60.5, 800, 50)
    leave(tmp_path / "train/cam/A/split-0.tsv", 30.25, 1200, 20)
    leave(tmp_path / "score/A.tsv", 2, "NA", "NA")  # over before it was looked at
    leave(tmp_path / "draw.tsv", 2, 90, 1.5)
    leave(tmp_path / "score/B.tsv", 9, 900, 9)  # of another study
    (tmp_path / "runtime.csv").write_text("stage\n")  # of the run before
    jobs = ["train/original/A/split-0", "train/cam/A/split-0", "score/A", "score/not yet"]
    return runtime.summarise(tmp_path, jobs)


def test_jobs_add_up_by_stage_and_altogether(table):
    assert table.fillna("none").to_dict("split")["data"] == [
        ["train", 2, 90.75, 70, 1200],
        ["draw", 1, 2, 1.5, 90],
        ["score", 1, 2, 0, "none"],
        ["all", 4, 94.75, 71.5, 1200],
    ]


def test_a_folder_without_runtimes_is_named(tmp_path):
    with pytest.raises(CamsegError, match="no job has left its runtime there"):
        runtime.summarise(tmp_path, [])


def test_a_file_without_a_row_is_named(tmp_path):
    (tmp_path / "draw.tsv").write_text(HEAD)
    with pytest.raises(
        CamsegError, match=r"draw.tsv: is no benchmark file of Snakemake: it has no"
    ):
        runtime.summarise(tmp_path, [])


def test_bars_are_wall_times_and_marks_cpu_times(table):
    (axes,) = charts.where_time_goes(table).axes
    assert [bar.get_width() * 60 for bar in axes.patches] == pytest.approx([90.75, 2, 2])
    assert [60 * x for x in axes.lines[0].get_xdata()] == pytest.approx([70, 1.5, 0])
    assert [label.get_text() for label in axes.get_yticklabels()] == [
        "train (2)", "draw (1)", "score (1)"
    ]  # fmt: skip
    assert [text.get_text() for text in axes.texts] == ["95.8%, 91 s", "2.1%, 2 s", "2.1%, 2 s"]
