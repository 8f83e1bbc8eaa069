"""Failure drills: files spoilt, the disk full, Snakemake killed and started twice."""

import os
import random
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import h5py
import pytest

import drills
from project import SMALL, copy_project, snakemake

NETWORK = ("train_classifier", "compute_cams", "check_cams", "measure_sensitivity")
NETWORK += ("transplant_regions", "score_untrained")
RULES = "make_phantom index_cases extract_rois merge_candidates split_rois score_dice "
RULES += "probe_cams render_map_alone measure_leaks render_label_leaks "
RULES += "score_baselines render_tables render_intervals render_claims render_selection_bias "
RULES += "render_heat_maps render_dice_curves render_sanity render_sensitivity render_candidates "
RULES += "render_figures4_5 render_figure6 render_figure7 render_figure8 render_locality "
RULES += "render_transplant render_verdicts render_checklist render_architectures "
RULES += "render_front_page render_learning_curves "
RULES += "render_figure9 render_figure10 render_learning_curve summarise_runtime record_provenance "
RULES += "shrink_views pack_rois render_explorer"

SPLIT = "splits/split-0.tsv"
SHARD = "rois/shard-0.h5"
CAMS = "cams/grad_cam/MobileNetV2/split-0.h5"
PROBE = "probe/grad_cam/MobileNetV2/split-0.tsv"
LEAKS = "leaks/split-0.tsv"
DICE = "dice/grad_cam/MobileNetV2/split-0.tsv"
CURVES = "dice/grad_cam/MobileNetV2/split-0.h5"
FLOORS = "dice/baselines/split-0.tsv"
UNTRAINED = "dice/untrained/grad_cam/MobileNetV2/split-0.tsv"
TRAINING = "training/original/MobileNetV2/split-0"

# who reads what, of those that need no TensorFlow
OF_SPLIT = "score_dice probe_cams measure_leaks score_baselines render_figure9 render_checklist "
OF_SPLIT += "render_explorer"
OF_SHARD = "split_rois measure_leaks score_dice score_baselines render_figure6 render_figure7 "
OF_SHARD += "render_figure9 render_figure10 render_explorer"
OF_CAMS = "score_dice probe_cams render_figure7 render_figure10"
READ = "render_intervals render_claims render_selection_bias render_map_alone "
READ += "render_label_leaks"  # from predictions
OF_PREDICTIONS = f"score_dice probe_cams render_explorer {READ}"
OF_METRICS = f"render_tables render_checklist render_architectures {READ} "
OF_DICE = "render_tables render_intervals render_claims render_heat_maps render_dice_curves "
OF_DICE += "render_explorer "
DICE_FIGURES = "render_sensitivity render_figure7 render_figure9 render_figure10"


def swap(old: str, new: str) -> Callable[[Path], None]:
    def spoil(path: Path) -> None:
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new, 1))

    return spoil


def without_line(number: int) -> Callable[[Path], None]:
    def spoil(path: Path) -> None:
        lines = path.read_text().splitlines(keepends=True)
        path.write_text("".join(lines[:number] + lines[number + 1 :]))

    return spoil


def line_twice(path: Path) -> None:
    text = path.read_text()
    path.write_text(text + text.splitlines(keepends=True)[-1])


def text_in(column: str) -> Callable[[Path], None]:
    """A word where a number stood, in the first row."""

    def spoil(path: Path) -> None:
        separator = "\t" if path.suffix == ".tsv" else ","
        rows = [line.split(separator) for line in path.read_text().splitlines()]
        rows[1][rows[0].index(column)] = "good"
        path.write_text("".join(separator.join(row) + "\n" for row in rows))

    return spoil


def cut(path: Path) -> None:
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])


def flip(path: Path) -> None:
    """Flip a bit in the middle of an image."""
    with h5py.File(path) as file:
        chunk = file["image" if "image" in file else "cam"].id.get_chunk_info(3)
    data = bytearray(path.read_bytes())
    data[chunk.byte_offset + chunk.size // 2] ^= 16
    path.write_bytes(data)


def newer(path: Path) -> None:
    with h5py.File(path, "a") as file:
        file.attrs["schema_version"] = file.attrs["schema_version"] + 1


SPOILT = [
    (SPLIT, swap("\ttrain\n", "\ttrian\n"), ":2: side is 'trian', none of train", OF_SPLIT),
    (SPLIT, swap("roi_id", "roi"), ": has no column roi_id", OF_SPLIT),
    (SPLIT, line_twice, " stands in line ", OF_SPLIT),
    (SPLIT, without_line(3), " is missing", OF_SPLIT),
    (SPLIT, cut, ": ", OF_SPLIT),
    (SHARD, flip, ": /image, row 3: ", OF_SHARD),
    (SHARD, cut, ": is not a whole shard file", OF_SHARD),
    (SHARD, newer, ": has schema version 4, this program reads 3", OF_SHARD),
    (CAMS, flip, ": /cam, row 3: ", "score_dice"),  # figures read other rows
    (CAMS, cut, ": is not a whole cam file", OF_CAMS + " render_sanity"),
    (CAMS, newer, ": has schema version 4", OF_CAMS + " render_sanity"),
    (f"{TRAINING}/predictions.tsv", without_line(2), ": is not of the ", OF_PREDICTIONS),
    (f"{TRAINING}/predictions.tsv", text_in("probability"), ":2: probability is 'good', not a",
     OF_PREDICTIONS),
    (f"{TRAINING}/predictions.tsv", swap("\tabnormal\tvalid", "\tnormal\tvalid"), ": is not of ",
     f"render_explorer {READ}"),
    (PROBE, text_in("probability"), ":2: probability is 'good'", "render_claims render_map_alone"),
    (PROBE, swap("\tvalidation\t", "\ttrain\t"), ": is not of the ROIs that MobileNetV2 was ",
     "render_claims render_map_alone"),
    (LEAKS, text_in("border"), ":2: border is 'good'", "render_label_leaks"),
    (LEAKS, swap("\tvalidation\t", "\ttrain\t"), ": is not of the ROIs that were validated on",
     "render_label_leaks"),
    (f"{TRAINING}/metrics.json", cut, ": is no whole JSON file", OF_METRICS),
    (f"{TRAINING}/metrics.json", swap('"val_acc"', '"acc"'), ": has no val_acc", OF_METRICS),
    (f"{TRAINING}/metrics.json", swap('"original"', '"mask"'), ": is of mask, ", OF_METRICS),
    (f"{TRAINING}/metrics.json", swap('"best_epoch": ', '"best_epoch": -'), ": best_epoch is '-",
     OF_METRICS + "render_learning_curve render_learning_curves"),
    (f"{TRAINING}/metrics.json", swap('"parameters"', '"size"'), ": has no parameters",
     "render_architectures"),
    (f"{TRAINING}/history.csv", swap("val_loss", "loss"), ": has no column val_loss",
     "render_learning_curve render_learning_curves"),
    (f"{TRAINING}/history.csv", without_line(1), ": does not have the epochs 1 to 2",
     "render_learning_curve render_learning_curves"),
    (DICE, text_in("dice"), ":2: dice is 'good', not a number from 0 to 1", OF_DICE + DICE_FIGURES),
    (DICE, swap("\tabnormal\t", "\tabnrmal\t"), ":2: label is 'abnrmal'", OF_DICE + DICE_FIGURES),
    (DICE, without_line(1), ": ", OF_DICE),
    (DICE, line_twice, " stands in line ", OF_DICE + DICE_FIGURES),
    (DICE, cut, ": ", OF_DICE + DICE_FIGURES),
    (CURVES, cut, ": is not a whole curve file", "render_dice_curves"),
    (FLOORS, swap("all 255", "all 256"), ": ", "render_heat_maps render_dice_curves"),
    (FLOORS, text_in("iou_otsu"), ":2: iou_otsu is 'good'", "render_heat_maps render_dice_curves"),
    (UNTRAINED, text_in("dice"), ":2: dice is 'good'", "render_heat_maps"),
    (UNTRAINED, without_line(1), ": untrained MobileNetV2 1 is of other ROIs", "render_heat_maps"),
    ("index.tsv", swap("\tusable\t", "\tgood\t"), ":2: status is 'good'",
     "extract_rois render_candidates render_checklist render_figures4_5 score_dice "
     "score_baselines measure_leaks"),
    ("index.tsv", text_in("lines"), ": a usable view's lines is no number",
     "extract_rois render_figures4_5 score_dice score_baselines measure_leaks"),
    ("rois/candidates-0.tsv", swap("\tabnormal\t", "\tsick\t"), ": label is 'sick'",
     "merge_candidates"),
    ("rois/candidates.tsv", text_in("lesion_w"), ": a used ROI's lesion_w is no number",
     "render_candidates render_checklist render_figures4_5 render_figure6 score_dice "
     "score_baselines measure_leaks"),
    ("sanity/grad_cam/MobileNetV2/split-0.tsv", without_line(4), ": some ROI lacks a check",
     "render_sanity"),
    ("locality/grad_cam/MobileNetV2/split-0.tsv", without_line(4), ": some ROI lacks a cell",
     "render_sanity render_locality render_transplant"),
    ("transplant/grad_cam/MobileNetV2/split-0.tsv", without_line(4), ": some ROI lacks a region",
     "render_transplant"),
    ("sensitivity/grad_cam/MobileNetV2/split-0.tsv", without_line(4), ": lacks some combination",
     "render_sensitivity"),
    ("tables/table2_intervals.csv", text_in("low"), ":2: low is 'good'",
     "render_figure8 render_checklist render_front_page"),
    ("tables/table1_intervals.csv", text_in("low"), ":2: low is 'good'",
     "render_verdicts render_architectures"),
    ("tables/accuracy_by_class.csv", cut, ": ", "render_checklist"),
    ("tables/heat_maps.csv", text_in("placement"), ":2: placement is 'good'",
     "render_verdicts render_architectures render_front_page"),
    ("tables/verdicts_reasons.csv", without_line(1), ": has no row of MobileNetV2 and works",
     "render_front_page"),
    ("tables/candidates.csv", text_in("count"), ":2: count is 'good'", "render_front_page"),
    ("tables/sanity.csv", without_line(1), ": has no row of MobileNetV2",
     "render_verdicts render_architectures"),
    ("tables/table2_extended.csv", text_in("Dice"), ":2: Dice is 'good'", "render_figure8"),
]  # fmt: skip


@pytest.fixture(scope="module")
def stages(study) -> dict[str, drills.Stage]:
    return drills.stages(study)


def spoil(path: Path, how: Callable[[Path], None]) -> Callable[[], None]:
    """Spoil a file; return the function that puts it right."""
    data, times = path.read_bytes(), path.stat()
    how(path)
    assert path.read_bytes() != data

    def repair() -> None:
        path.write_bytes(data)
        os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))

    return repair


def check_refused(said: str, path: Path, fault: str) -> None:
    assert said.startswith("error: results/"), said
    assert f"{path}" in said
    assert fault in said
    assert said.endswith("; remove the file and run the workflow again")
    assert "\n" not in said


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "how", "fault", "rules"),
    SPOILT,
    ids=[f"{name.rsplit('/')[-1]}-{number}" for number, (name, *_) in enumerate(SPOILT)],
)
def test_a_spoilt_file_ends_in_one_line_with_the_remedy(
    study, stages, monkeypatch, tmp_path, name, how, fault, rules
):
    monkeypatch.chdir(study)
    path = Path(drills.RESULTS, name)
    repair = spoil(path, how)
    try:
        for rule in rules.split():
            check_refused(drills.run_here(stages[rule].writing_to(tmp_path)), path, fault)
    finally:
        repair()
    assert not drills.files_below(tmp_path)


def with_a_lambda(path: Path) -> None:
    import keras

    inputs = keras.Input((64, 64, 3))
    pooled = keras.layers.GlobalAveragePooling2D(name="pool")(inputs)
    outputs = keras.layers.Lambda(lambda logits: logits * 1)(keras.layers.Dense(2)(pooled))
    keras.Model(inputs, outputs).save(path)
    assert zipfile.is_zipfile(path)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "how", "fault", "rule"),
    [
        (f"{TRAINING}/model.keras", cut, "File is not a zip file", "compute_cams"),
        (f"{TRAINING}/model.keras", with_a_lambda, "deserialization of a `Lambda`", "compute_cams"),
        (SHARD, flip, "/image, row 3", "train_classifier"),
    ],
    ids=["truncated", "lambda", "shard"],
)
def test_what_a_network_needs_is_refused_likewise(
    study, stages, monkeypatch, tmp_path, name, how, fault, rule
):
    monkeypatch.chdir(study)
    path = Path(drills.RESULTS, name)
    repair = spoil(path, how)
    try:
        check_refused(drills.run_apart(stages[rule].writing_to(tmp_path)), path, fault)
    finally:
        repair()
    assert not [name for name in drills.files_below(tmp_path) if "/resume/" not in name]


@pytest.fixture(scope="module")
def disk(tmp_path_factory):
    """A disk of its own and the function that sets its size."""
    folder = tmp_path_factory.mktemp("small") / "disk"
    if os.geteuid():
        pytest.skip("only root can mount a small disk")
    try:
        with drills.small_disk(folder) as resize:
            yield folder, resize
    except PermissionError as error:
        pytest.skip(f"no small disk can be mounted here: {error}")


@pytest.mark.slow
@pytest.mark.parametrize("rule", RULES.split())
def test_a_full_disk_ends_in_one_line_and_leaves_nothing_half_written(
    study, stages, monkeypatch, disk, rule
):
    monkeypatch.chdir(study)
    # with TensorFlow, which it sets to one thread
    run = drills.run_apart if rule == "record_provenance" else drills.run_here
    drills.fill_the_disk(stages[rule], study, *disk, run)


def test_every_rule_has_a_drill(stages):
    assert set(RULES.split()) | set(NETWORK) == set(stages)


@pytest.mark.slow
def test_a_second_snakemake_in_the_same_folder_is_told_so(study):
    command = [Path(sys.executable).with_name("snakemake"), "--configfile=test-config.yaml"]
    target = f"{drills.RESULTS}/tables/table1.csv"
    assert snakemake(study, "-n", target, config=SMALL).returncode == 0
    first = subprocess.Popen(
        [*command, "--cores", "1", "-R", "score_baselines", "--", f"{drills.RESULTS}/{FLOORS}"],
        cwd=study, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    while not list((study / ".snakemake/locks").iterdir()):
        assert first.poll() is None
    second = snakemake(study, "--cores", "1", "all", config=SMALL)
    assert second.returncode != 0
    said = second.stdout + second.stderr
    assert "Directory cannot be locked" in said
    assert "Traceback" not in said
    said, _ = first.communicate(timeout=120)
    assert first.returncode == 0, said


@pytest.mark.slow
def test_killed_at_random_moments_it_ends_with_the_same_tables(finished_study, tmp_path):
    folder = copy_project(tmp_path / "killed")
    drills.run_through_kills(folder, 3, random.Random(), alone=lambda kill: kill == 1)
    drills.check_same_results(folder, finished_study)
    shutil.rmtree(folder)
