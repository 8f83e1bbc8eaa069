import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import same_color

import render_segmentation
import summarise_segmentation
from camseg.figures import segmentation as figures
from camseg.figures.style import looks
from camseg.io import store
from camseg.report import segmentation as report
from camseg.rois import split
from camseg.scoring import localisation
from camseg.segmentation.pseudo_masks import pseudo_masks
from made import make_rois
from project import ROOT

SIZE = 32
NAMES = ["A-0001-1", "A-0002-1", "B-0003-1", "C-0004-1", "D-0005-1"]
OUTLINES = {"unet": 4, "few_outlines-1": 1, "few_outlines-2": 2, "fused-Net": 4}
MODELS = ["Net", "Other"]
SEGMENTERS = [*OUTLINES, "cam-Net", "cam-Other", "pseudo_masks-Net", "grab_cut-Net"]
FLOORS = ["all 255", "mean training mask", "5 outlines"]


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """A folder with the files of a study: four pairs of ROIs for validation, one for training."""
    folder = tmp_path_factory.mktemp("study")
    ids = [f"{name}.LEFT_CC.1.{label}" for name in NAMES for label in ("abnormal", "normal")]
    rois = make_rois(ids, SIZE)
    label = np.tile([1, 0], len(NAMES)).astype(np.uint8)
    mask = np.zeros_like(rois.mask)
    for number in range(len(NAMES)):
        mask[2 * number, 6:24, 5 : 12 + 3 * number] = 1
    box = np.tile(np.array([0, 0, 60, 60], np.int32), (len(ids), 1))
    patients = np.array([name.split(".")[0] for name in ids], object)
    rois = replace(rois, label=label, mask=mask, box=box, patient_id=patients)
    store.write_shard(folder / "shard.h5", rois, source="test")
    side = np.array(["train"] * 2 + ["validation"] * 8, object)
    table = pd.DataFrame({"roi_id": rois.roi_id, "patient_id": patients, "side": side})
    split.write_split(folder / "split-0.tsv", table)
    random = np.random.default_rng(0)
    for name in [*SEGMENTERS, *FLOORS]:
        noise = random.integers(0, 156, mask.shape)
        maps = (99 * mask + noise).astype(np.uint8)
        scores, _ = localisation.score_rois(maps, rois, side, np.full(len(rois), np.nan))
        above = (maps > scores["threshold"].iloc[0]).mean(axis=(1, 2))
        scores["outlines"] = OUTLINES.get(name, 0)
        scores["false_positive_share"] = np.where(label, np.nan, above)
        (folder / name).mkdir()
        scores.to_csv(folder / name / "split-0.tsv", sep="\t", index=False)
        if name.startswith("cam"):
            raw = np.zeros((len(rois), 2, 2), np.float32)
            path = folder / f"{name}.h5"
            store.write_cams(path, cam=maps, raw=raw, roi_id=rois.roi_id, options={})
        elif name in SEGMENTERS:
            store.write_maps(folder / f"{name}.h5", maps=maps, roi_id=rois.roi_id, options={})
    floors = [
        pd.read_csv(folder / name / "split-0.tsv", sep="\t").query("label == 'abnormal'")
        for name in FLOORS
    ]
    floors = [each.assign(baseline=name) for each, name in zip(floors, FLOORS, strict=True)]
    (folder / "baselines").mkdir()
    pd.concat(floors).to_csv(folder / "baselines/split-0.tsv", sep="\t", index=False)
    return folder, store.read_rois([folder / "shard.h5"])


@pytest.fixture(scope="module")
def scores(study) -> pd.DataFrame:
    folder, _ = study
    paths = [folder / name / "split-0.tsv" for name in SEGMENTERS]
    return report.read_scores(SEGMENTERS, paths, [folder / "baselines/split-0.tsv"])


@pytest.fixture
def table(scores) -> pd.DataFrame:
    return report.segmentation(scores)


def line_of(axes, label):
    (found,) = (each for each in axes.containers if each.get_label() == label)
    return found.lines


def test_the_curve_is_the_u_nets_dice_over_its_outlines(table):
    figure = figures.outlines(table, MODELS)
    rows = table[table["method"] == "U-Net"].sort_values("outlines")
    assert list(rows["outlines"]) == [1, 2, 4]
    ends = {"Dice": ["low", "high"], "Dice_at_threshold": report.AT_THRESHOLD}
    for axes, (score, names) in zip(figure.axes, ends.items(), strict=True):
        points, _, (bars,) = line_of(axes, "U-Net")
        assert list(points.get_xdata()) == [1, 2, 4]
        assert list(points.get_ydata()) == list(rows[score])
        assert same_color(points.get_color(), "black")  # of no classifier
        shown = [segment[:, 1].tolist() for segment in bars.get_segments()]
        assert np.ravel(shown) == pytest.approx(np.ravel(rows[names]))
        few, _, _ = line_of(axes, "5 outlines, pixel regression")
        floor = table[table["method"] == "5 outlines"].iloc[0]
        assert floor["outlines"] == 1  # all that there are for training
        assert (few.get_xdata()[0], few.get_ydata()[0]) == (pytest.approx(1.05), floor[score])
        assert axes.get_xscale() == "log"
    texts = [text.get_text() for text in figure.axes[-1].get_xticklabels()]
    assert texts == ["1", "2", "4\n(all)"]
    assert "n = 4 lesions" in figure.axes[-1].get_xlabel()


def test_lines_across_are_cams_pseudo_masks_and_the_mean_mask(table):
    figure = figures.outlines(table, MODELS)
    named = {
        "CAM, Net": table.query("method == 'CAM' and Classifier == 'Net'").iloc[0],
        "CAM, Other": table.query("method == 'CAM' and Classifier == 'Other'").iloc[0],
        "pseudo-masks, Net": table.query("method == 'U-Net on pseudo-masks'").iloc[0],
        "mean training mask": table.query("method == 'mean training mask'").iloc[0],
    }
    for axes, score in zip(figure.axes, ("Dice", "Dice_at_threshold"), strict=True):
        texts = {text.get_text(): text for text in axes.texts}
        assert texts.keys() == named.keys()
        across = {line.get_ydata()[0]: line for line in axes.get_lines()
                  if list(line.get_xdata()) == [0, 1]}  # fmt: skip
        assert sorted(across) == pytest.approx(sorted(row[score] for row in named.values()))
        for name, row in named.items():
            (line,) = (line for y, line in across.items() if y == pytest.approx(row[score]))
            assert same_color(line.get_color(), texts[name].get_color())
        drawn = [tuple(line.get_ydata()) for line in axes.get_lines()]
        ends = ["low", "high"] if score == "Dice" else report.AT_THRESHOLD
        assert all(tuple(row[ends]) in drawn for row in named.values())
    colours = {name: text.get_color() for name, text in texts.items()}
    of_charts = looks(MODELS)
    assert colours["CAM, Net"] == colours["pseudo-masks, Net"] == of_charts["Net"]["color"]
    assert colours["CAM, Other"] == of_charts["Other"]["color"] != colours["CAM, Net"]


@pytest.mark.parametrize("models", [0, 1, 6])
def test_names_of_lines_lie_apart_and_inside(table, models):
    named = table[table["method"].isin(["CAM", "U-Net on pseudo-masks"])]
    rest = table.drop(named.index)
    many = pd.concat([rest, *(
        named.query("Classifier == 'Net'").assign(Classifier=f"MobileNetV{number}")
        for number in range(models)
    )])  # fmt: skip
    figure = figures.outlines(many, [f"MobileNetV{number}" for number in range(models)])
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    renderer = canvas.get_renderer()
    for axes in figure.axes:
        names = [text.get_text() for text in axes.texts]
        assert len(names) == 2 * models + 1
        # the text without its line: as large as without one
        boxes = [super(type(text), text).get_window_extent(renderer) for text in axes.texts]
        for number, box in enumerate(boxes):
            assert box.padded(-1).count_overlaps([each.padded(-1) for each in boxes[:number]]) == 0
            assert all(figure.bbox.contains(*corner) for corner in box.corners())
            assert box.x0 > axes.bbox.x1
    for text in [figure.axes[-1].xaxis.label, figure.axes[0].yaxis.label, *figure.legends]:
        box = text.get_window_extent(renderer)
        assert all(figure.bbox.contains(*corner) for corner in box.corners()), (text, box)


def test_a_row_per_method_and_its_false_positives(table):
    figure = figures.segmentation(table, MODELS)
    dice, _, false = figure.axes
    names = [text.get_text() for text in dice.get_yticklabels()]
    assert set(names) == {
        *("U-Net, all outlines", "U-Net, 1 outline", "U-Net, 2 outlines", "CAM"),
        *("U-Net on pseudo-masks", "GrabCut of the CAM", "U-Net of ROI and CAM"),
    }
    marks = {line.get_label(): line for line in false.get_lines()}
    assert marks.keys() >= {"no CAM", "Net", "Other"}
    other = table.query("Classifier == 'Other'")["false_positive_share"]
    assert list(marks["Other"].get_xdata()) == list(other)
    assert "highest floor" not in marks  # floors have none
    floor = [line for line in dice.get_lines() if line.get_label() == "highest floor"]
    of_floors = table[table["method"].isin(FLOORS)]
    assert floor[0].get_xdata()[0] == of_floors["Dice"].max()


def test_the_rois_shown_are_for_validation_and_spread_by_size(study, scores):
    _, rois = study
    shown = figures.choose_rois(rois, scores)
    assert [name.split(".")[0] for name in shown.roi_id] == [NAMES[1], NAMES[3], NAMES[4], NAMES[4]]
    assert shown.label.tolist() == [1, 1, 1, 0]
    without = figures.choose_rois(rois, scores[scores["label"] == "abnormal"])
    assert without.label.tolist() == [1, 1, 1]


def test_columns_are_maps_scores_and_the_cams_mask(study, scores):
    folder, rois = study
    shown = figures.choose_rois(rois, scores)
    names = ["cam-Net", "few_outlines-2", "grab_cut-Net"]
    columns = figures.read_columns(names, [folder / f"{name}.h5" for name in names], scores, shown)
    titles = [column.name for column in columns]
    assert titles == ["CAM", "pseudo-mask", "U-Net, 2 outlines", "GrabCut of the CAM"]
    cams = store.read_cams(folder / "cam-Net.h5", shown.roi_id).cam
    assert (columns[0].maps == cams).all()
    assert (columns[1].maps == 255 * pseudo_masks(cams)).all()
    assert (columns[3].maps == store.read_maps(folder / "grab_cut-Net.h5", shown.roi_id).map).all()
    rows = pd.read_csv(folder / "grab_cut-Net/split-0.tsv", sep="\t").set_index("roi_id")
    rows = rows.loc[list(shown.roi_id)]
    expected = [f"Dice {value:.3f}" for value in rows["dice"][:3]]
    assert columns[3].texts == [*expected, f"FP {rows['false_positive_share'].iloc[3]:.3f}"]
    assert columns[3].threshold == rows["threshold"].iloc[0]
    mask, found = shown.mask[0] > 0, columns[1].maps[0] > 0
    dice = 2 * (mask & found).sum() / (mask.sum() + found.sum())
    assert columns[1].texts[0] == f"Dice {dice:.3f}"


@pytest.mark.parametrize("count", [2, 8, 9, 15])
def test_every_method_has_a_panel_for_each_roi(study, scores, count):
    _, rois = study
    shown = figures.choose_rois(rois, scores)
    random = np.random.default_rng(1)
    columns = [
        figures.Column(
            f"U-Net of ROI and CAM {number}",
            random.integers(0, 256, shown.image.shape, np.uint8),
            127,
            [f"Dice {number / 100:.3f}"] * 4,
        )
        for number in range(count)
    ]
    figure = figures.segmentation_rois(shown, columns, "Net")
    images = {}
    for axes in figure.axes:
        for image in axes.get_images():
            images[np.asarray(image.get_array()).tobytes()] = axes
    for column in columns:
        for roi, grey in enumerate(column.maps):
            axes = images[grey.tobytes()]
            heads = [column.name] if roi == 0 else []
            text = " ".join(axes.get_title().split("\n"))
            assert text == " ".join([*heads, column.texts[roi]])
            colours = [patch.get_edgecolor() for patch in axes.patches]
            assert any(same_color(colour, figures.OF_MAP) for colour in colours)
            white = [colour for colour in colours if same_color(colour, "white")]
            assert len(white) == shown.label[roi]
    assert figure.texts[0].get_text() == f"CAMs of Net; normal ROI {shown.roi_id[3]}"
    assert figure.get_figheight() * 25.4 < 250
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    boxes = [axes.title.get_window_extent(canvas.get_renderer()) for axes in figure.axes]
    for number, box in enumerate(boxes):
        assert all(figure.bbox.contains(*corner) for corner in box.corners())
        assert box.count_overlaps([each for each in boxes[:number] if each.width > 1]) == 0


def test_programs_write_tables_and_figures(study, tmp_path, monkeypatch):
    folder, _ = study
    monkeypatch.chdir(folder)
    names = " ".join(SEGMENTERS)
    parts = ("", "_outlines", "_gains", "_rois")
    captions = [ROOT / f"workflow/report/segmentation{part}.rst" for part in parts]
    shown = ["cam-Net", "unet"]
    arguments = [
        *("--models", *MODELS),
        *f"--segmenters {names} --baselines baselines/split-0.tsv --shards shard.h5".split(),
        *("--scores", *(f"{name}/split-0.tsv" for name in SEGMENTERS), "--example", "Net"),
        *("--shown", *shown, "--maps", *(f"{name}.h5" for name in shown)),
        *("--captions", *map(str, captions)),
    ]
    for option, name in (
        ("table", "segmentation"),
        ("outlines", "segmentation_outlines"),
        ("gains", "segmentation_gains"),
    ):
        arguments += [f"--{option}", *(f"{tmp_path}/{name}.{suffix}" for suffix in ("csv", "md"))]
    for option in ("figure", "curve", "rois"):
        arguments += [f"--{option}", f"{tmp_path}/{option}.svg", f"{tmp_path}/{option}.png"]
    made = []
    for _ in "12":
        monkeypatch.setattr(sys, "argv", ["render", *arguments])
        render_segmentation.main()
        made.append({path.name: path.read_bytes() for path in sorted(tmp_path.iterdir())})
    assert made[0] == made[1]
    assert len(made[0]) == 12
    table = pd.read_csv(tmp_path / "segmentation.csv")
    assert len(table) == len(SEGMENTERS) + len(FLOORS)
    assert list(table.columns) == [
        *("method", "Classifier", "data", "outlines", "Dice", "low", "high", "Dice_at_threshold"),
        *("placement", "average_precision", "NSD", "false_positive_share"),
        *("difference", "difference_low", "difference_high", "n"),
    ]

    Path("runtime/train/unet").mkdir(parents=True)
    Path("runtime/train/unet/split-0.tsv").write_text("s\tmax_rss\tcpu_time\n60\t1\t90\n")
    caption = ROOT / "workflow/report/segmentation_seconds.rst"
    arguments = ["--runtime", "runtime", "--jobs", "train/unet/split-0"]
    arguments += ["--captions", str(caption), "--table"]
    table = tmp_path / "segmentation_seconds.csv"
    monkeypatch.setattr(sys, "argv", ["summarise", *arguments, str(table)])
    summarise_segmentation.main()
    assert table.read_text() == "segmenter,method,jobs,seconds,cpu_s\nunet,U-Net,1,60,90\n"
