"""What runs the benchmarks and what is made of their figures; the times are theirs."""

import json
import os
import sys
import tomllib

import pytest

from project import ROOT

sys.path.insert(0, str(ROOT / "benchmarks"))
import bench
import bench_scaling
import bench_study
import finding
import guard
import projection
import scaling_figure
import scaling_parts
from camseg.io import store
from camseg.report import results
from camseg.rois.split import read_split
from made import make_rois

BENCHMARKS = ROOT / "benchmarks"
RATIOS: list[guard.Ratio] = [
    {"what": "a step", "command": "one.py", "of": "step", "most": 0.9},
    {"what": "a map", "command": "one.py --maps", "of": "map", "most": 1.2},
]


# --- What a benchmark tells -----------------------------------------------------------------------


def test_what_is_told_is_read_from_the_last_line(capsys):
    print("| a table | 1 |")
    finding.tell("twice as fast", ratio=0.5)
    expected = {"finding": "twice as fast", "figures": {"ratio": 0.5}}
    assert finding.read(capsys.readouterr().out) == expected


def test_what_is_skipped_says_why_and_ends_well(capsys):
    with pytest.raises(SystemExit) as ended:
        finding.skip("no Chromium")
    assert ended.value.code is None
    assert finding.read(capsys.readouterr().out) == {"skipped": "no Chromium"}


@pytest.mark.parametrize("said", ["", "3 s", "{}", "3", '{"finding": "x"}\nand more'])
def test_nothing_told_is_no_finding(said):
    with pytest.raises(ValueError):
        finding.read(said)


def test_a_span_is_of_both_ends_or_the_one_value_that_they_are():
    assert finding.span([2, 1, 3], ".0f") == "1 to 3"
    assert finding.span([1.001, 1.002]) == "1.00"


# --- make bench -----------------------------------------------------------------------------------


def test_all_benchmarks_are_run():
    programs = {each.command.split()[0] for each in bench.BENCHMARKS}
    expected = {path.name for path in BENCHMARKS.glob("bench_*.py")}
    assert programs == expected | {"peers.py", "fuzz_ljpeg.py", "interval_coverage.py"}


@pytest.mark.parametrize(
    ("program", "said"),
    [
        ('print(\'{"finding": "fast"}\')', "fast"),
        ('print(\'{"skipped": "no data"}\')', "skipped: no data"),
        ("raise SystemExit('no such folder')", "**failed**: no such folder"),
        ("raise SystemExit(3)", "**failed**: status 3"),
        ("print('done')", "**failed**: its last line is no finding"),
    ],
)
def test_what_fails_says_so_in_its_row(program, said, tmp_path, monkeypatch):
    monkeypatch.setattr(bench, "HERE", tmp_path)
    (tmp_path / "program.py").write_text(program)
    assert bench.found(["program.py"])[0] == said


def test_what_takes_too_long_is_ended_with_what_it_has_started(tmp_path, monkeypatch):
    """Its child, which holds its output open, would be waited for."""
    monkeypatch.setattr(bench, "HERE", tmp_path)
    child = "import subprocess; subprocess.run(['sleep', '60'])"
    (tmp_path / "program.py").write_text(child)
    said, seconds = bench.found(["program.py"], 5)
    assert said == "**failed**: took more than 5 s"
    assert seconds < 30


def test_the_table_has_a_row_for_each_benchmark():
    row = bench.Benchmark("steps", "one.py --size 96")
    text = bench.table([(row, "a | b", 12.4)], "2026-01-01, on a machine.")
    assert text.splitlines() == [
        "2026-01-01, on a machine.",
        "",
        "| measured | command | found | s |",
        "|---|---|---|--:|",
        r"| steps | `benchmarks/one.py --size 96` | a \| b | 12 |",
    ]


@pytest.mark.parametrize("name", ["findings", "scaling"])
def test_there_is_a_place_for_what_is_written(name):
    text = (BENCHMARKS / "README.md").read_text()
    assert text.count(f"<!-- begin {name} ") == text.count(f"<!-- end {name} -->") == 1


# --- make bench-guard -----------------------------------------------------------------------------


def test_a_ratio_at_its_bound_passes():
    assert not guard.above(RATIOS, {"one.py": {"step": 0.9}, "one.py --maps": {"map": 1.0}})


@pytest.mark.parametrize("value", [0.901, float("nan")])
def test_what_got_slower_is_named(value):
    (line,) = guard.above(RATIOS, {"one.py": {"step": value}, "one.py --maps": {"map": 1.2}})
    expected = f"slower: a step is {value:.3g}, must be at most 0.9 (one.py)"
    assert line == expected


def test_what_was_not_measured_does_not_pass():
    (line,) = guard.above(RATIOS, {"one.py": {"step": 0.5}, "one.py --maps": {}})
    assert line == "a map: was not measured (one.py --maps)"


def test_the_guard_ends_with_an_error(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(guard, "HERE", tmp_path)
    told = json.dumps({"finding": "", "figures": {"step": 2.0}})
    (tmp_path / "one.py").write_text(f"print('{told}')")
    table = '[[ratio]]\nwhat = "a step"\ncommand = "one.py"\nof = "step"\nmost = '
    (tmp_path / "guard.toml").write_text(table + "2.5")
    guard.main()
    assert capsys.readouterr().out == "a step: 2 (at most 2.5)\n"
    (tmp_path / "guard.toml").write_text(table + "1.5")
    with pytest.raises(SystemExit) as ended:
        guard.main()
    assert ended.value.code == "slower: a step is 2, must be at most 1.5 (one.py)"


def test_what_is_guarded_is_measured_by_a_benchmark_and_in_one_run_of_each():
    ratios = tomllib.loads((BENCHMARKS / "guard.toml").read_text())["ratio"]
    assert len({ratio["command"].split()[0] for ratio in ratios}) == len(
        {ratio["command"] for ratio in ratios}
    )
    for ratio in ratios:
        program = (BENCHMARKS / ratio["command"].split()[0]).read_text()
        assert f"{ratio['of']}=" in program
        assert set(ratio) == {"what", "command", "of", "most"}


# --- Scaling --------------------------------------------------------------------------------------


def test_a_line_is_fitted_exactly():
    assert bench_scaling.fit([1, 10, 100], [5, 23, 203]) == pytest.approx((3, 2))


def test_a_line_that_would_start_below_nothing_starts_at_nothing():
    start, slope = bench_scaling.fit([1, 2], [1, 3])  # by the points: -1 + 2 x
    assert start == 0
    assert slope == pytest.approx(15 / 13)  # the minimum of (1 - s)^2 + (1 - 2 s / 3)^2


def test_relative_errors_count_alike():
    """A tenth too much at the large end moves the start by little: not by what it is there."""
    start, _ = bench_scaling.fit([1, 1000, 10000], [3, 2001, 22001])
    assert 0.5 < start < 3


def test_the_table_of_slopes():
    rois = bench_scaling.Series("cutting", "ROI", [100, 200], [3, 4], [50, 70])
    flat = bench_scaling.Series("a batch", "ROI", [100, 200], [0.002, 0.002], [])
    slow = bench_scaling.Series("checks", "explanation", [1, 3], [4, 6.5], [])
    sides = bench_scaling.Series("a map", "Mpx", [0.1, 0.2], [0.3, 0.5], [])
    side = bench_scaling.Series("a step", "Mpx", [0.0164], [0.02], [])
    lines = bench_scaling.table([rois, side, flat, sides, slow]).splitlines()
    assert lines[2] == "| cutting | 100 | 200 | 3 to 4 | 2 | 10 ms / ROI | 50 to 70 |"
    assert lines[3] == "| a step | 0.0164 | 0.0164 | 0.02 |  |  |  |"
    assert lines[4].endswith("| 0.002 | 0.002 | under 0.001 ms / ROI |  |")
    assert lines[5] == "| a map | 0.1 | 0.2 | 0.3 to 0.5 | 0.1 | 2 s / (ROI Mpx) |  |"
    assert lines[6] == "| checks | 1 | 3 | 4 to 6.5 | 2.75 | 1250 ms / explanation |  |"


def test_all_networks_are_measured_and_what_two_threads_bring(monkeypatch):
    """Seconds a ROI are those of its megapixels; by two threads 1.6 times as few pass."""

    def part(name, network, side, batch, threads, parts):
        taken = dict.fromkeys(parts.split(","), side**2 / 1e6)
        return taken | {"wall": side / threads**0.678, "mb": 1000.0}

    monkeypatch.setattr(bench_scaling, "part", part)
    series, times = bench_scaling.of_networks(bench_scaling.FULL)
    assert times == pytest.approx(1.6, abs=0.01)
    assert len({each.part for each in series}) == len(series) == 3 * len(bench_scaling.NETWORKS)
    by_side = [each for each in series if len(each.numbers) > 1]
    assert [each.line for each in by_side] == [pytest.approx((0, 1))] * 6
    series.append(bench_scaling.Series("score_dice.py", "ROI", [1, 2], [3, 4], []))
    series.append(bench_scaling.Series("compute_cams.py, MobileNetV2", "ROI", [1, 2], [6, 7], []))
    hours = projection.EPOCHS * projection.ROIS * 0.224**2 / 3600
    assert f"NASNetMobile {hours:.0f}, " in bench_scaling.projected(series, times)


def test_used_candidates_are_the_rois(tmp_path):
    (tmp_path / "c.tsv").write_text("roi_id\tstatus\na\tused\nb\tdropped\nc\tused\n")
    assert bench_scaling.number_of_rois(tmp_path / "c.tsv") == 2


def test_rois_are_repeated_under_ids_of_their_own(tmp_path, monkeypatch):
    monkeypatch.setattr(scaling_parts, "IN_A_SHARD", 4)
    shard = make_rois(["a.normal", "b.abnormal", "c.abnormal"])
    store.write_shard(tmp_path / "like.h5", shard, source="test")
    scaling_parts.write_rois(str(tmp_path / "like.h5"), str(tmp_path / "many"), 7, 8)
    paths = sorted((tmp_path / "many").glob("*.h5"))
    rois = store.read_rois(paths)  # which would refuse an id that is there twice
    assert len(paths) == 2
    assert list(rois.label) == [shard.label[number % 3] for number in range(7)]
    sums = shard.image.sum(axis=(1, 2), dtype=int)
    assert list(rois.image.sum(axis=(1, 2), dtype=int)) == [sums[n % 3] for n in range(7)]
    assert len(read_split(tmp_path / "many/split-0.tsv", rois.roi_id)) == 7


def test_a_made_up_study_is_one_that_tables_are_made_of(tmp_path):
    scaling_parts.write_results(str(tmp_path), models=2, splits=3)
    metrics = sorted(tmp_path.glob("training/*/*/*/metrics.json"))
    assert len(metrics) == 2 * 3 * len(scaling_parts.REGIMES)
    found = results.read_predictions(
        metrics, [each.with_name("predictions.tsv") for each in metrics]
    )
    assert len(found) == len(metrics) * scaling_parts.ROIS / 5
    scores = sorted(tmp_path.glob("dice/*/*.tsv"))
    trainings = results.read_trainings(metrics)
    dice = results.read_dice([each.parent.name for each in scores], scores, trainings)
    assert len(dice) == 2 * 3 * scaling_parts.ROIS / 2


def test_the_figure_is_drawn_of_what_has_a_slope(tmp_path):
    rois = bench_scaling.Series("extract_rois.py", "ROI", [100, 200], [3, 4], [50, 70])
    one = bench_scaling.Series("step, Xception", "Mpx", [0.05], [0.3], [])
    side = bench_scaling.Series("step, MobileNetV2", "Mpx", [0.0164, 0.05], [0.02, 0.06], [])
    jobs = bench_scaling.Series("dry run", "job", [130, 500], [2, 4], [100, 110])
    scaling_figure.draw([rois, one, side, jobs], tmp_path / "scaling.svg")
    text = (tmp_path / "scaling.svg").read_text()
    assert text.count("step, MobileNetV2") == 1
    assert "Xception" not in text
    assert "<title>Time and memory of a study" in text


# --- Projection -----------------------------------------------------------------------------------

SLOW = projection.Network(step=0.5, inference=0.1, map=0.2)
COSTS = {"InceptionV3": SLOW, "Other": projection.Network(0.25, 0.05, 0.1)}


def test_the_work_of_a_study_in_closed_form():
    """100 ROIs, 10 epochs: a training takes 1000 x (0.8 x 0.5 + 0.2 x 0.1) = 420 s, and 210 s.

    Five folds of 4 and 3 trainings, maps of 20 and 10 s; 5 x (7 + 6) jobs that start in 2 s, 1000
    scores of 0.05 s; the longest chain is two trainings of the slower network and its maps.
    """
    found = projection.work(COSTS, 100, 10, score=0.05, start=2)
    assert found.networks == pytest.approx(5 * (4 * 420 + 20 + 3 * 210 + 10))
    assert found.other == pytest.approx(projection.INGESTION + 5 * 13 * 2 + 50)
    assert found.chain == pytest.approx(860)


def test_few_cores_are_busy_and_many_wait_for_the_longest_chain():
    found = projection.Work(networks=10_000, other=2_000, chain=900)
    assert found.seconds(2, 1, 1.0) == 6_000
    assert found.seconds(800, 1, 1.0) == 900
    assert found.seconds(800, 4, 2.5) == 360
    assert found.seconds(10, 4, 2.5) == (10_000 * 4 / 2.5 + 2_000) / 10
    assert projection.on_gpu(found, 100) == 2_100


@pytest.mark.parametrize(("two", "four"), [(2, 4), (1, 1), (4 / 3, 1.6), (0.9, 1), (2.2, 4)])
def test_more_threads_by_amdahls_law(two, four):
    """4/3 times as fast by two: half is serial, and four are 1 / (1/2 + 1/8) times as fast."""
    assert projection.amdahl(two, 4) == pytest.approx(four)


def test_what_is_told_has_the_arithmetic_in_it():
    costs = dict.fromkeys(bench_scaling.NETWORKS, SLOW)
    text = projection.told(costs, score=0.05, start=8, two_threads=4 / 3)
    hours = projection.EPOCHS * projection.ROIS * 0.42 / 3600
    assert f"Xception {hours:.0f}" in text
    assert "95 trainings of 200 epochs" in text
    assert "assumed, not measured" in text
    assert f"{projection.GPU * 0.5:.0f} times as many" in text
    assert "4 would be 1.60 times" in text


def test_a_study_is_measured_from_its_first_start_to_its_last_end(tmp_path):
    for name, took, end in (("table", 2, 100), ("train/a", 30, 90), ("train/b", 40, 95)):
        path = tmp_path / f"{name}.tsv"
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"s\tmax_rss\n{took}\t1\n")
        os.utime(path, (end, end))
    seconds, wall = bench_study.measured(tmp_path)
    assert {rule: sorted(jobs) for rule, jobs in seconds.items()} == {
        "table": [2],
        "train": [30, 40],
    }
    assert wall == 100 - (95 - 40)
