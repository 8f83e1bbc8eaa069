"""Time and memory of a study's parts against ROIs, image sides, networks, splits; slopes, a figure.

    python benchmarks/bench_scaling.py [--quick]

Every measurement is a process of its own on one thread, and counts the CPU time of all its threads
and its peak memory (`scaling_parts.py`). Lines are fitted to the relative errors: what is left at
nothing is the start, of programs Python's and TensorFlow's. ROIs are cut from phantoms; where as
many are not worth drawing, those are repeated, each shifted. A training's input, the regime mask,
is made from files (`execution: memory_mb` exceeded) and from memory. From the slopes the study of
the whole DDSM is projected (`projection.py`).

The whole run, some eight minutes, writes the figure docs/scaling.svg, and the rest into README.md;
--quick, with fewer points and one network, only prints.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np

import projection
from bench_ingestion import RULES, SCRIPTS, Cost, draw_cases, link_cases, run
from conditions import NETWORKS, line_of_child
from finding import span, tell

# nothing else is imported before all is measured: a child's memory counts what its parent holds

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
BATCH = 8
SIDE = 128  # of the ROIs in files
FIGURE = "![Time and memory of a study's parts, measured, and fitted lines](../docs/scaling.svg)"
TIMED = "DenseNet121"  # by one and by two threads
PROJECTED = 224  # the side that the whole DDSM is projected at
TABLES = {"table1": "table1", "table2": "table2", "table2-extended": "table2_extended"}
INTERVALS = {
    "table1": "table1_intervals",
    "table2": "table2_intervals",
    "comparison": "paper_comparison",
    "by-class": "accuracy_by_class",
}


class Plan(NamedTuple):
    """What is measured: as many cases, ROIs, splits; explanations checked; sides, of networks."""

    cases: tuple[int, ...]
    rois: tuple[int, ...]
    explained: tuple[int, ...]
    checked: tuple[tuple[str, ...], ...]
    splits: tuple[int, ...]
    sides: dict[str, tuple[int, ...]]
    at_one_side: tuple[str, ...]


FULL = Plan(
    cases=(90, 270, 600),
    rois=(200, 2000, 20000),
    explained=(200, 1000, 2000),
    checked=(("grad_cam",), ("grad_cam", "layer_cam", "saliency")),
    splits=(1, 5, 25),
    sides=dict.fromkeys(("MobileNetV2", "DenseNet121"), (128, 224, 320, 512)),
    at_one_side=("NASNetMobile", "ResNet50V2", "Xception", "InceptionV3"),
)
QUICK = Plan(
    cases=(8, 90),
    rois=(200, 2000),
    explained=(100, 400),
    checked=(),
    splits=(1, 5),
    sides={"MobileNetV2": (128, 224)},
    at_one_side=(),
)


class Series(NamedTuple):
    """A part's measurements: of how many of what, in seconds, and in MB where it was measured."""

    part: str
    of: str
    numbers: list[float]
    seconds: list[float]
    memory: list[float]

    @property
    def line(self) -> tuple[float, float]:
        """The seconds at nothing, and those of one more."""
        return fit(self.numbers, self.seconds)


def fit(numbers: list[float], values: list[float]) -> tuple[float, float]:
    """Return start and slope of a line with the least squares of relative errors; start >= 0."""
    x, y = np.asarray(numbers, float), np.asarray(values, float)
    slope, start = np.polyfit(x, y, 1, w=1 / y)
    if start < 0:  # through nothing
        start, slope = 0.0, float(np.sum(x / y) / np.sum((x / y) ** 2))
    return float(start), float(slope)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer points, prints only")
    quick = parser.parse_args().quick
    for name in ("OMP", "OPENBLAS", "MKL", "NUMEXPR", "NUMBA"):  # one thread, as in the workflow
        os.environ.setdefault(f"{name}_NUM_THREADS", "1")
    plan, started = QUICK if quick else FULL, time.perf_counter()
    conditions = line_of_child()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        series = of_rois(folder, plan)
        networks, speed_up = of_networks(plan)
        series += networks + of_splits(folder, plan)
    minutes = (time.perf_counter() - started) / 60
    text = f"{conditions}; batches of {BATCH}, one thread, {minutes:.1f} minutes.\n\n"
    text += table(series)
    if not quick:
        text += f"\n{FIGURE}\n\n**The whole DDSM, projected**, not measured:\n\n"
        text += projected(series, speed_up)
        write(series, text)
    print(text)
    found = {each.part: each for each in series}
    share, flat = input_share(found), found["input of a training, from files"].memory
    per_roi = span(
        [1000 * found[part].line[1] for part in ("extract_rois.py", "score_dice.py")], ".0f"
    )
    tell(
        f"extracting and scoring {per_roi} ms a ROI; input from files {share:.1%} of its step, "
        f"memory {flat[0]:.0f} MB of {plan.rois[0]} ROIs, {flat[-1]:.0f} MB of {plan.rois[-1]}; "
        f"Snakemake {1000 * found['dry run'].line[1]:.0f} ms a planned job",
        input_share=share,
        input_memory=flat[-1] / flat[0],
    )


def program(script: str, *options: object) -> list[str]:
    """Return the command of one of the workflow's programs."""
    print(script, file=sys.stderr, flush=True)
    return [sys.executable, str(SCRIPTS / script), *map(str, options)]


def part(name: str, *arguments: object) -> dict:
    """Return what a part of scaling_parts.py measures, or None."""
    command = [sys.executable, str(HERE / "scaling_parts.py"), name, *map(str, arguments)]
    print("scaling_parts.py", *command[2:], file=sys.stderr, flush=True)  # minutes of work
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"error: {' '.join(command[1:])} failed:\n{done.stderr[-2000:]}")
    return json.loads(done.stdout.splitlines()[-1])


def series_of(part: str, of: str, costs: dict[int, Cost]) -> Series:
    """Return the series of programs' costs by number."""
    seconds = [cost.cpu for cost in costs.values()]
    memory = [float(cost.peak) for cost in costs.values()]
    return Series(part, of, [float(number) for number in costs], seconds, memory)


def of_rois(folder: Path, plan: Plan) -> list[Series]:
    """Measure what grows with ROIs: extraction, input, maps, scores."""
    shards = {}
    tree = folder / "tree"
    link_cases(draw_cases(folder / "source"), tree, max(plan.cases))
    index = folder / "index.tsv"
    run(
        [*program("index_cases.py", tree, "--source", "ddsm", "--grey", "optical_density"),
         "--listing", r".*\.ics(\.gz)?", "--output", str(index)]
    )  # fmt: skip
    # the linked images are found out as copies of the source's: here they stand for others
    text = re.sub(r"\trejected\t[^\t]*", "\tusable\t", index.read_text(encoding="utf-8"))
    lines = text.splitlines(keepends=True)
    extracted, scored = {}, {}
    # the fewest first come twice: in a new checkout Numba compiles meanwhile, and keeps it
    for number, cases in enumerate((min(plan.cases), *plan.cases)):
        place = folder / f"cases-{number}"
        place.mkdir()
        table, shard = place / "index.tsv", place / "shard-0.h5"
        table.write_text("".join(lines[: 1 + 2 * cases]), encoding="utf-8")
        command = program("extract_rois.py", "--index", table, "--data", tree, *RULES.split())
        command += ["--shard", "0", "--shards", "1", "--rois", str(shard)]
        cost = run([*command, "--candidates", str(place / "candidates.tsv")])
        n = number_of_rois(place / "candidates.tsv")
        extracted[n] = cost
        part("maps", shard, place / "maps")
        scored[n] = run(
            program(
                "score_dice.py",
                *("--cams", place / "maps/cams.h5", "--shards", shard, "--index", table),
                *("--candidates", place / "candidates.tsv"),
                *("--split", place / "maps/split-0.tsv"),
                *("--predictions", place / "maps/predictions.tsv"),
                *("--output", place / "dice.tsv", "--curves", place / "curves.h5"),
            )
        )
        shards[cases] = shard
    found = [
        series_of("extract_rois.py", "ROI", extracted),
        series_of("score_dice.py", "ROI", scored),
    ]
    like = shards[max(shards)]
    for n in sorted({*plan.rois, *plan.explained}):
        part("rois", like, folder / f"rois-{n}", n, SIDE)
    found += of_input(folder, plan)
    return found + of_maps(folder, plan)


def of_maps(folder: Path, plan: Plan) -> list[Series]:
    """Measure MobileNetV2's maps against ROIs, and their checks against explanations."""
    model = folder / "model.keras"
    part("model", model, "MobileNetV2", SIDE)
    common: list[object] = ["--network", "MobileNetV2", "--model", model, "--score", "margin"]
    common += ["--sign", "signed", "--resize", "bilinear", "--smoothing", "0"]
    common += ["--batch-size", BATCH, "--threads", 1]
    explained, checked = {}, {}
    for n in plan.explained:
        rois = folder / f"rois-{n}"
        given: list[object] = ["--explanation", "grad_cam", "--target", "abnormal"]
        given += ["--output", folder / "cams.h5", "--shards", *sorted(rois.glob("*.h5"))]
        explained[n] = run(program("compute_cams.py", *common, *given))
    for names in plan.checked:
        given = ["--explanations", *names, "--split", rois / "split-0.tsv", "--seed", 1]
        given += ["--output", *(folder / f"{name}.tsv" for name in names)]
        given += ["--locality", *(folder / f"{name}-places.tsv" for name in names)]
        given += ["--shards", *sorted(rois.glob("*.h5"))]
        checked[len(names)] = run(program("check_cams.py", *common, *given))
    found = [series_of("compute_cams.py, MobileNetV2", "ROI", explained)]
    if checked:
        found.append(series_of("check_cams.py, MobileNetV2", "explanation", checked))
    return found


def number_of_rois(candidates: Path) -> int:
    """Return how many candidates of a table became ROIs."""
    header, *rows = (line.split("\t") for line in candidates.read_text("utf-8").splitlines())
    return sum(row[header.index("status")] == "used" for row in rows)


def of_input(folder: Path, plan: Plan) -> list[Series]:
    """Measure a training's input, from files and from memory: opening it, a batch, the memory."""
    found = []
    for loaded, where in enumerate(("files", "memory")):
        told = [part("input", folder / f"rois-{n}", n, 100, loaded) for n in plan.rois]
        numbers = [float(n) for n in plan.rois]
        memory = [each["mb"] for each in told]
        name = f"input of a training, from {where}"
        found.append(Series(name, "ROI", numbers, [each["opened"] for each in told], memory))
        batches = [each["batch"] for each in told]
        found.append(Series(f"a batch of it, from {where}", "ROI", numbers, batches, []))
    return found


def of_networks(plan: Plan) -> tuple[list[Series], float]:
    """Measure steps, inference and maps against the side; and what two threads bring, in times."""
    found = []
    walls: dict[tuple[str, int], float] = {}
    for network, sides in plan.sides.items():
        told = [part("network", network, side, BATCH, 1, "step,inference,map") for side in sides]
        walls |= {(network, side): each["wall"] for side, each in zip(sides, told, strict=True)}
        numbers = [side**2 / 1e6 for side in sides]
        memory = [each["mb"] for each in told]
        for name in ("step", "inference", "map"):
            seconds = [each[name] for each in told]
            series = Series(f"{name}, {network}", "Mpx", numbers, seconds, [])
            found.append(series._replace(memory=memory if name == "step" else []))
    for network in plan.at_one_side:
        told = [part("network", network, PROJECTED, BATCH, 1, "step,inference,map")]
        for name in ("step", "inference", "map"):
            memory = [told[0]["mb"]] if name == "step" else []
            at = [PROJECTED**2 / 1e6]
            found.append(Series(f"{name}, {network}", "Mpx", at, [told[0][name]], memory))
    if not plan.at_one_side:
        return found, 1.0
    two = part("network", TIMED, PROJECTED, BATCH, 2, "step")
    return found, walls[TIMED, PROJECTED] / two["wall"]


def of_splits(folder: Path, plan: Plan) -> list[Series]:
    """Measure tables and figures against trainings, and the workflow's dry run against jobs."""
    drawn, planned = {}, {}
    for splits in plan.splits:
        results = folder / f"results-{splits}"
        part("results", results, len(NETWORKS), splits)
        costs = [run(command) for command in report(results)]
        trainings = 3 * len(NETWORKS) * splits
        cost = Cost(0, sum(each.cpu for each in costs), max(each.peak for each in costs))
        drawn[trainings] = cost
    sys.path.insert(0, str(ROOT / "tests"))
    from project import copy_project, jobs, snakemake

    project = copy_project(folder / "project")
    for splits in plan.splits:
        known = jobs(snakemake(project, "-n", "all", config={"splits": splits}))
        command = [sys.executable, "-m", "snakemake", "-n", "-q", "--directory", str(project)]
        command += ["--configfile", str(project / "test-config.yaml"), "--", "all"]
        planned[sum(known.values())] = run(command)
    return [
        series_of("tables, intervals, curves", "training", drawn),
        series_of("dry run", "job", planned),
    ]


def report(results: Path) -> list[list[str]]:
    """Return the commands that render tables, intervals and learning curves of a made-up study."""
    dice = sorted(results.glob("dice/*/*.tsv"))
    metrics = sorted(results.glob("training/*/*/*/metrics.json"))
    predictions = [path.with_name("predictions.tsv") for path in metrics]
    histories = [path.with_name("history.csv") for path in metrics]
    regimes, models = ([path.parts[place] for path in metrics] for place in (-4, -3))
    captions = ROOT / "workflow/report"
    common: list[object] = ["--metrics", *metrics]
    scores: list[object] = ["--dice", *dice, "--models", *(path.parts[-2] for path in dice)]
    calls: list[object] = ["--predictions", *predictions, "--seed", 1]
    calls += ["--published", ROOT / "resources/paper_results.csv"]
    curves: list[object] = ["--regimes", *regimes, "--models", *models, "--histories", *histories]
    curves += ["--caption", captions / "learning_curves.rst", "--output", results / "curves.svg"]

    def outputs(names: dict[str, str]) -> list[object]:
        options = ["--captions", *(captions / f"{name}.rst" for name in names.values())]
        for option, name in names.items():
            options += [f"--{option}", results / f"{name}.csv"]
        return options

    return [
        program("render_tables.py", *common, *scores, *outputs(TABLES)),
        program("render_intervals.py", *common, *scores, *calls, *outputs(INTERVALS)),
        program("render_learning_curves.py", *common, *curves),
    ]


def input_share(found: dict[str, Series]) -> float:
    """Return the greatest share of its step that making a batch from files takes, MobileNetV2."""
    step = found["step, MobileNetV2"]
    at = BATCH * step.seconds[step.numbers.index(SIDE**2 / 1e6)]
    return max(found["a batch of it, from files"].seconds) / at


def table(series: list[Series]) -> str:
    """Return the table of all that was measured, in Markdown."""
    lines = [
        "| part | from | to | seconds | start, s | slope | MB |",
        "|---|--:|--:|--:|--:|--:|--:|",
    ]
    for each in series:
        start = slope = ""
        if len(each.numbers) > 1:
            first, more = each.line
            start = f"{first:.3g}"
            slope = (
                f"{more:.3g} s / (ROI Mpx)" if each.of == "Mpx" else f"{thousandth(more)}{each.of}"
            )
        ends = [f"{each.numbers[place]:.3g}" if each.of == "Mpx" else f"{each.numbers[place]:.0f}"
                for place in (0, -1)]  # fmt: skip
        cells = [each.part, *ends, span(each.seconds, ".3g"), start, slope]
        cells.append(span(each.memory, ".0f") if each.memory else "")
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def thousandth(seconds: float) -> str:
    """Return seconds in ms, of three digits, with what they are divided by to follow."""
    if seconds < 1e-6:
        return "under 0.001 ms / "
    return f"{1000 * seconds:.{'3g' if seconds < 0.1 else '0f'}} ms / "


def projected(series: list[Series], speed_up: float) -> str:
    """Return the projection of the study of the whole DDSM, with its arithmetic."""
    found = {each.part: each for each in series}

    def at_side(name: str, network: str) -> float:
        each = found[f"{name}, {network}"]
        return each.seconds[each.numbers.index(PROJECTED**2 / 1e6)]

    costs = {
        network: projection.Network(
            *(at_side(name, network) for name in ("step", "inference", "map"))
        )
        for network in NETWORKS
    }
    return projection.told(
        costs,
        score=found["score_dice.py"].line[1],
        start=found["compute_cams.py, MobileNetV2"].line[0],
        two_threads=speed_up,
    )


def write(series: list[Series], text: str) -> None:
    """Write the figure, and the text into the README."""
    sys.path.insert(0, str(ROOT / "docs"))
    sys.path.insert(0, str(SCRIPTS))
    from generate import write_part  # type: ignore[import-not-found]

    import scaling_figure

    scaling_figure.draw(series, ROOT / "docs/scaling.svg")
    write_part(HERE / "README.md", "scaling", text)


if __name__ == "__main__":
    main()
