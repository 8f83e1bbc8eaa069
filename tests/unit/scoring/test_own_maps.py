from collections import namedtuple

import cv2
import h5py
import nibabel
import numpy as np
import pandas as pd
import pytest
from PIL import Image
from sklearn.metrics import average_precision_score

from camseg.datasets.map_folder import MAPS, MASKS
from camseg.explanations.scaling import to_grey
from camseg.scoring import localisation, own_maps
from camseg.scoring.baselines import BASELINES, OF_IMAGES, OF_TRAINING, baseline_maps
from camseg.scoring.grid_limit import grid_limits
from camseg.scoring.map_files import open_source
from camseg.scoring.own_maps import score_maps
from conftest import padded_ellipses
from made import make_rois

N, SIZE = 12, 40
Study = namedtuple("Study", "names raw masks images side table scores curves")


@pytest.fixture(scope="module")
def study() -> Study:
    """What a study would have: raw maps, masks, ROIs, sides, and the scores of these."""
    random = np.random.default_rng(5)
    masks = padded_ellipses(N, SIZE)
    names = [f"roi {number:02}" for number in range(N)]
    raw = random.normal(size=(N, 4, 5)).astype(np.float32)
    images = np.clip(random.normal(90, 20, masks.shape) + 60 * masks, 0, 255).astype(np.uint8)
    side = np.array(["train"] * 7 + ["validation"] * 5)
    resolution = np.full(N, 900.0)
    scores, curves = localisation.score(
        to_grey(raw, (SIZE, SIZE)), masks, side == "train", resolution=resolution
    )
    columns = {"name": names, "patient": np.arange(N) // 2, "side": side}
    table = pd.DataFrame(columns | {"micrometres per pixel": resolution})
    return Study(names, raw, masks, images, side, table, scores, curves)


def by_name(study, arrays):
    return dict(zip(study.names, arrays, strict=True))


def assert_the_study_s(found: pd.DataFrame, study) -> None:
    """All scores to the bit."""
    assert list(found["roi_id"]) == study.names
    for column, values in study.scores.items():
        np.testing.assert_array_equal(found[column].to_numpy(float), values, column)


def test_arrays_have_the_scores_of_the_study(study):
    found = score_maps(study.raw, study.masks, table=study.table.assign(name=range(N)))
    maps = found[found["method"] == "maps"].reset_index(drop=True)
    assert_the_study_s(maps.assign(roi_id=study.names), study)
    assert set(maps["grid"]) == {"4 x 5"}
    np.testing.assert_array_equal(maps["grid_limit"], grid_limits(study.masks, (4, 5)))
    assert not maps["nsd"].isna().any()
    assert set(found["method"]) == {"maps", *BASELINES} - set(OF_IMAGES)


@pytest.mark.parametrize("kind", ["npy", "png", "nii", "npz", "stacked npz", "h5"])
def test_a_study_s_maps_in_files_have_its_scores(study, tmp_path, kind):
    folder = tmp_path / "maps"
    for name, raw, mask in zip(study.names, study.raw, study.masks, strict=True):
        for path in (folder, tmp_path / "masks"):
            path.mkdir(exist_ok=True)
        Image.fromarray(255 * mask).save(tmp_path / f"masks/{name}_mask.png")
        if kind == "npy":
            np.save(folder / f"{name}.npy", raw)
        elif kind == "png":  # as scored: to scale it again changes nothing
            Image.fromarray(to_grey(raw[None], (SIZE, SIZE))[0]).save(folder / f"{name}.png")
        elif kind == "nii":  # masks of PNG beside maps of NIfTI
            nibabel.save(nibabel.Nifti1Image(raw.T, np.eye(4)), folder / f"{name}.nii.gz")
    file = tmp_path / "maps.npz"
    if kind == "npz":
        np.savez(file, **by_name(study, study.raw))
    elif kind == "stacked npz":
        np.savez(file, maps=study.raw, names=study.names)
    elif kind == "h5":
        file = tmp_path / "maps.h5"
        with h5py.File(file, "w") as opened:
            opened["maps"], opened["names"] = study.raw, study.names
    maps = open_source(folder if kind in ("npy", "png", "nii") else file, MAPS)
    found = score_maps(maps, open_source(tmp_path / "masks", MASKS), table=study.table, name="CAM")
    assert_the_study_s(found[found["method"] == "CAM"].reset_index(drop=True), study)


def test_volumes_have_the_scores_of_the_study_and_their_patients(study, tmp_path):
    """Maps and masks in two volumes of six slices each, as of two patients."""
    affine = np.diag([0.9, 0.9, 3, 1])
    coarse = np.diag([0.9 * SIZE / 5, 0.9 * SIZE / 4, 3, 1])  # maps have 5 columns, 4 rows
    coarse[:2, 3] = [0.9 * (SIZE / 5 - 1) / 2, 0.9 * (SIZE / 4 - 1) / 2]
    kinds = {"maps": (study.raw, coarse), "masks": (study.masks, affine)}
    for kind, (arrays, place) in kinds.items():
        (tmp_path / kind).mkdir()
        for name, part in (("p", arrays[:6]), ("q", arrays[6:])):
            image = nibabel.Nifti1Image(part.transpose(2, 1, 0), place)
            image.header.set_xyzt_units("mm")
            nibabel.save(image, tmp_path / kind / f"{name}.nii.gz")
    sources = [open_source(tmp_path / kind, kind) for kind in kinds]
    found = score_maps(*sources).query("method == 'maps'").reset_index(drop=True)
    assert list(found["roi_id"]) == [f"{name}[{n}]" for name in "pq" for n in range(6)]
    assert list(found["patient_id"]) == ["p"] * 6 + ["q"] * 6
    np.testing.assert_array_equal(found["dice"], study.scores["dice"])
    assert set(found["resolution"]) == {np.float64(np.float32(0.9)) * 1000}
    # a line for the first volume, a line a slice for the second
    table = study.table.assign(name=[f"q[{n - 6}]" for n in range(N)])[6:]
    table = pd.concat([pd.DataFrame({"name": ["p"], "patient": ["x"], "side": "train"}), table])
    table.loc[6, "side"] = "train"
    found = score_maps(*sources, table=table).query("method == 'maps'").reset_index(drop=True)
    assert_the_study_s(found.assign(roi_id=study.names), study)
    assert list(found["patient_id"]) == ["x"] * 6 + ["3", "3", "4", "4", "5", "5"]


def test_the_floors_are_the_study_s(study):
    found = score_maps(
        *(by_name(study, each) for each in (study.raw, study.masks, study.images)), study.table
    )
    rois = make_rois(study.names, SIZE)
    rois.mask[:], rois.image[:], rois.label[:] = study.masks, study.images, 1
    training = study.side == "train"
    for name in BASELINES:
        maps = baseline_maps(name, rois, training, own_maps.SEED)
        scores, _ = localisation.score(maps, study.masks, training, resolution=np.full(N, 900.0))
        floor = found[found["method"] == name].reset_index(drop=True)
        for column, values in scores.items():
            np.testing.assert_array_equal(floor[column].to_numpy(float), values, column)


def oblong():
    """Maps and masks of sizes of their own."""
    random = np.random.default_rng(8)
    shapes = [(30, 50), (24, 24), (30, 50), (41, 17)]
    maps = {f"r{n}": random.random((3 + n, 4)) for n in range(4)}
    masks = {f"r{n}": np.zeros(shape, np.uint8) for n, shape in enumerate(shapes)}
    for n, mask in enumerate(masks.values()):
        mask[5 + n : 15, 4:12] = 1
    return maps, masks


def test_masks_of_any_size_keep_theirs_by_brute_force():
    maps, masks = oblong()
    found = score_maps(maps, masks).query("method == 'maps'").set_index("roi_id")
    greys = {}
    for name, mask in masks.items():
        large = cv2.resize(maps[name], mask.shape[::-1], interpolation=cv2.INTER_LINEAR)
        greys[name] = np.rint(255 * (large - large.min()) / np.ptp(large))
        dice = [
            2 * (mask * (greys[name] > t)).sum() / (mask.sum() + (greys[name] > t).sum())
            for t in range(256)
        ]
        assert found.loc[name, "dice"] == pytest.approx(np.mean(dice), abs=1e-12)
        assert found.loc[name, "lesion_share"] == mask.mean()
        assert found.loc[name, "lesion_area"] == pytest.approx(mask.sum())
    pixels = [np.concatenate([each[name].ravel() for name in masks]) for each in (masks, greys)]
    assert set(found["pxap"].round(12)) == {round(average_precision_score(*pixels), 12)}


def test_without_sides_nothing_is_chosen():
    maps, masks = oblong()
    found = score_maps(maps, masks)
    at_threshold = ["threshold", "dice_at_threshold", "iou_at_threshold", "nsd"]
    assert found[at_threshold].isna().all().all()
    assert found["dice"].notna().all()
    assert not set(found["method"]) & {*OF_IMAGES, *OF_TRAINING}


def test_sides_and_floors_of_masks_of_any_size():
    maps, masks = oblong()
    images = {name: (90 + 80 * mask).astype(np.uint8) for name, mask in masks.items()}
    sides = ["train", "train", "selection", "validation"]
    table = pd.DataFrame({"name": list(maps), "side": sides, "micrometres per pixel": 500.0})
    found = score_maps(maps, masks, images, table)
    of_maps = found[found["method"] == "maps"].set_index("roi_id")
    grey = to_grey(maps["r2"][None], masks["r2"].shape)
    curve = localisation.dice_curve(grey, masks["r2"][None])
    assert set(of_maps["threshold"]) == {localisation.best_threshold(curve)}
    assert found["nsd"].notna().all()
    dice = found.groupby("method")["dice"].mean()
    assert dice["brightness"] == pytest.approx(255 / 256)  # the image is the mask
    assert dice["5 outlines"] > 0.99
    # the floor's mean of masks of two sizes, by its place in each
    mean = np.mean(
        [cv2.resize(masks[name].astype(float), (256, 256), interpolation=cv2.INTER_AREA)
         for name in ("r0", "r1")], axis=0,
    )  # fmt: skip
    expected = localisation.score_each(to_grey(mean[None], (41, 17)), masks["r3"][None])[0]
    floor = found[(found["method"] == "mean training mask") & (found["roi_id"] == "r3")]
    assert floor["dice"].item() == expected["dice"].item()


def test_a_few_at_a_time_are_as_all_together(study, monkeypatch):
    arguments = [by_name(study, each) for each in (study.raw, study.masks, study.images)]
    whole = score_maps(*arguments, study.table)
    monkeypatch.setattr(own_maps, "BLOCK", 2 * SIZE * SIZE)
    pd.testing.assert_frame_equal(score_maps(*arguments, study.table), whole, check_exact=True)


def test_what_is_not_scored_has_a_row_and_no_numbers(study):
    maps = by_name(study, study.raw)
    masks = by_name(study, study.masks)
    del maps[study.names[3]]
    masks[study.names[4]] = 0 * study.masks[4]
    maps[study.names[5]] = np.full((2, 2), np.nan)
    found = score_maps(maps, masks)
    rows = found[found["method"] == "maps"].set_index("roi_id")
    assert dict(rows["status"].value_counts()) == {"scored": 10, "normal": 1, "left out": 1}
    assert rows.loc[study.names[3], "status"] == "left out"
    assert rows.loc[study.names[3:5], "dice"].isna().all()
    assert tuple(rows.loc[study.names[5], ["dice", "degenerate"]]) == (0, 1)
    assert set(found.query("method == 'all 255'")["roi_id"]) == {*study.names} - {*study.names[3:5]}


def test_a_fine_map_has_no_ceiling_of_its_own(study):
    found = score_maps(study.images, study.masks).query("method == 'maps'")
    assert set(found["grid"]) == {"40 x 40"}
    assert found["grid_limit"].isna().all()


def test_real_ultrasound_by_inverted_brightness(fixtures):
    """BUSI as it is distributed: dark lesions, of which the united mask of one has two parts."""
    folder = fixtures.parent / "real/busi"
    images = open_source(folder, "images")
    masks = open_source(folder, MASKS)
    names = [name for name in masks if name.startswith(("benign (1", "benign (25", "normal (1"))]
    maps = {}
    for name in names:
        try:
            maps[name] = 255 - images[name].astype(np.int16)
        except ValueError:  # coloured marks on the image
            continue
    found = score_maps(maps, {name: masks[name] for name in names})
    rows = found[found["method"] == "maps"].set_index("roi_id")
    assert (rows.loc[[name for name in names if "normal" in name], "status"] == "normal").all()
    scored = rows[rows["status"] == "scored"]
    assert len(scored) >= 5
    for name in scored.index[:3]:
        mask, grey = masks[name], to_grey(maps[name][None], masks[name].shape)[0]
        counts = [np.count_nonzero(mask[grey > t]) for t in range(256)]
        dice = [2 * m / (mask.sum() + (grey > t).sum()) for t, m in enumerate(counts)]
        assert scored.loc[name, "dice"] == pytest.approx(np.mean(dice), abs=1e-12)
    assert scored["pixel_auc"].mean() > 0.6  # lesions are dark
    first, second = (
        np.asarray(Image.open(folder / f"benign/benign (25)_mask{end}.png").convert("L")) > 127
        for end in ("", "_1")
    )
    if first.shape == second.shape:
        np.testing.assert_array_equal(masks["benign (25)"], first | second)
    assert masks["benign (25)"].sum() > first.sum()
