"""Planted leaks are found by the classifier that can see them, and by no other."""

import sys

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

import measure_leaks
from camseg.datasets.views import COLUMNS as OF_INDEX
from camseg.datasets.views import new_row
from camseg.io import store
from camseg.report.statistics import clustered_auc
from camseg.rois.candidates import COLUMNS as OF_CANDIDATES
from camseg.scoring.label_leaks import KINDS, brightness, guesses, position

N, SIZE = 200, 32  # two ROIs a patient
LABELS, PATIENTS = np.tile([1, 0], N // 2), np.repeat([f"p{n:03}" for n in range(N // 2)], 2)
TRAIN = np.arange(N) < 0.6 * N


def placed(x, view="LEFT_CC", breast_side=""):
    """A ROI of 20 x 40 pixels at x, 60 in an image 200 wide and 400 high, and its view."""
    box = {"x": f"{x}", "y": "60", "w": "20", "h": "40"}
    row = pd.DataFrame([{**box, "view": view, "breast_side": breast_side}])
    return row, [new_row(view=view, lines=400, pixels_per_line=200)]


def told(features, labels=LABELS):
    """The AUC of each kind on the ROIs that it is not fitted to."""
    found = guesses(features, labels, PATIENTS, TRAIN)
    return {kind: roc_auc_score(labels[~TRAIN], chance[~TRAIN]) for kind, chance in found.items()}


def noise(random):
    return random.integers(0, 256, (N, SIZE, SIZE)).astype(np.uint8)


def study(x, images):
    """Features of ROIs at `x` in their images, all of which are left views."""
    rows, views = zip(*(placed(place) for place in x), strict=True)
    features = {"position": position(pd.concat(rows), [view for (view,) in views])}
    for kind in KINDS[1:]:
        features[kind] = brightness(images, border=kind == "border")
    return features


@pytest.mark.parametrize(
    ("view", "breast_side", "depth", "side"),
    [
        ("LEFT_CC", "", 0.25, -1),
        ("RIGHT_CC", "", 0.75, 1),
        ("RIGHT_CC", "left", 0.25, 1),  # pictures that are all turned to one side
        ("CC", "right", 0.75, 0),
        ("IMAGE", "", 0.25, 0),
    ],
)
def test_places_are_shares_of_the_image_from_the_wall(view, breast_side, depth, side):
    (found,) = position(*placed(40, view, breast_side))
    own = np.array([0.25, depth, 0.2, 0.1, 0.1, side])
    np.testing.assert_allclose(found[:6], own)
    pairs = [own[i] * own[j] for i in range(6) for j in range(i, 6)]
    np.testing.assert_allclose(found[6:], pairs)


def test_brightness_is_that_of_all_pixels_or_of_the_border():
    random = np.random.default_rng(0)
    images = noise(random)[:3]
    border = np.ones((SIZE, SIZE), bool)
    border[2:-2, 2:-2] = False
    for taken, found in (
        (np.ones_like(border), brightness(images, border=False)),
        (border, brightness(images, border=True)),
    ):
        for image, values in zip(images, found, strict=True):
            pixels = image[taken]
            shares = [np.mean((pixels >= 16 * n) & (pixels < 16 * n + 16)) for n in range(16)]
            levels = [pixels.mean(), pixels.std(), *np.percentile(pixels, [5, 25, 50, 75, 95])]
            np.testing.assert_allclose(values, [*(np.array(levels) / 255), *shares])
    shuffled = random.permuted(images.reshape(3, -1), axis=1).reshape(images.shape)
    np.testing.assert_array_equal(
        brightness(shuffled, border=False), brightness(images, border=False)
    )


def test_normal_rois_at_the_edge_are_told_by_place_alone():
    random = np.random.default_rng(1)
    x = np.where(LABELS == 1, random.integers(40, 160, N), random.integers(0, 20, N))
    found = told(study(x, noise(random)))
    assert found["position"] == 1
    assert found["intensity"] == pytest.approx(0.5, abs=0.15)
    assert found["border"] == pytest.approx(0.5, abs=0.15)


def test_lesions_in_the_middle_are_told_from_both_ends():
    random = np.random.default_rng(2)
    ends = np.where(random.random(N) < 0.5, random.integers(0, 40, N), random.integers(140, 180, N))
    x = np.where(LABELS == 1, random.integers(70, 110, N), ends)
    assert told(study(x, noise(random)))["position"] == 1


def test_darker_normal_rois_are_told_by_brightness_alone():
    random = np.random.default_rng(3)
    images = noise(random) // np.where(LABELS == 1, 1, 2).astype(np.uint8)[:, None, None]
    found = told(study(random.integers(0, 180, N), images))
    assert found["intensity"] == found["border"] == 1
    assert found["position"] == pytest.approx(0.5, abs=0.15)


def test_a_bright_lesion_is_no_leak_of_the_border():
    random = np.random.default_rng(4)
    images = noise(random) // 2
    images[LABELS == 1, 8:24, 8:24] += 100
    found = told(study(random.integers(0, 180, N), images))
    assert found["intensity"] == 1
    assert found["border"] == pytest.approx(0.5, abs=0.15)


def test_permuted_labels_are_at_chance():
    """On average, and the AUC's interval holds 0.5 in most of 18, which are no independent ones."""
    random = np.random.default_rng(5)
    x = np.where(LABELS == 1, random.integers(40, 160, N), random.integers(0, 20, N))
    features = study(x, noise(random))
    held, areas = 0, []
    for _ in range(6):
        labels = random.permutation(LABELS)
        found = guesses(features, labels, PATIENTS, TRAIN)
        for kind in KINDS:
            chance, abnormal = found[kind][~TRAIN], labels[~TRAIN] == 1
            areas.append(roc_auc_score(abnormal, chance))
            low, high = clustered_auc(chance[:, None], abnormal, PATIENTS[~TRAIN])
            held += low <= 0.5 <= high
    assert held >= 12
    assert np.mean(areas) == pytest.approx(0.5, abs=0.05)


def test_what_does_not_vary_tells_nothing_however_many_rois_a_class_has():
    labels = (np.arange(N) % 4 > 0).astype(int)  # three abnormal ROIs for each normal one
    same = np.ones((N, 4))
    found = guesses({"position": same}, labels, PATIENTS, TRAIN)["position"]
    np.testing.assert_allclose(found, 0.5)
    same[~TRAIN] = labels[~TRAIN, None]  # what was not fitted counts for nothing
    np.testing.assert_allclose(
        guesses({"position": same}, labels, PATIENTS, TRAIN)["position"], 0.5
    )


def test_the_program_gives_the_same_bytes_again_and_fits_to_training_rois_alone(
    tmp_path, monkeypatch, capsys
):
    random = np.random.default_rng(6)
    n = 60
    names = np.array([f"roi-{number:02}" for number in range(n)], object)
    label, side = (
        np.arange(n) % 2,
        np.repeat(["train", "validation", "selection", "unused"], n // 4),
    )
    views = [
        new_row(case_id=name, view="LEFT_CC", status="usable", source="ddsm") for name in names
    ]
    index = pd.DataFrame(views, columns=OF_INDEX).assign(lines=400, pixels_per_line=200)
    index.to_csv(tmp_path / "index.tsv", sep="\t", index=False)
    rois = pd.DataFrame({"roi_id": names, "case_id": names, "view": "LEFT_CC", "status": "used"})
    rois = rois.assign(label="normal", abnormality="1", x=random.integers(0, 180, n), y=1, w=2, h=2)
    rois = rois.reindex(columns=OF_CANDIDATES, fill_value="")
    rois.to_csv(tmp_path / "candidates.tsv", sep="\t", index=False)
    split = pd.DataFrame({"roi_id": names, "patient_id": names, "side": side})
    split.to_csv(tmp_path / "split.tsv", sep="\t", index=False)
    monkeypatch.chdir(tmp_path)
    arguments = "--shards shard.h5 --split split.tsv --index index.tsv --candidates candidates.tsv"
    monkeypatch.setattr(sys, "argv", ["x", *arguments.split(), "--output", "leaks.tsv"])
    images, texts = noise(random)[:n], np.full(n, "", object)
    found = []
    for flip in (0, 0, 1):
        labels = np.where(side == "train", label, label ^ flip).astype(np.uint8)
        given = store.Rois(
            *(images, np.zeros_like(images), labels, names, names, texts, texts, texts),
            np.zeros((n, 4), np.int32),
        )
        store.write_shard("shard.h5", given, source="")
        measure_leaks.main()
        found.append((tmp_path / "leaks.tsv").read_bytes())
        assert "position: right for " in capsys.readouterr().out
    assert found[0] == found[1]
    first, last = (text.decode().splitlines() for text in found[1:])
    assert first[0].split("\t") == ["roi_id", "patient_id", "label", "side", *KINDS]
    assert len(first) == 1 + 3 * n // 4
    for one, other in zip(first[1:], last[1:], strict=True):
        a, b = one.split("\t"), other.split("\t")
        assert (a[:2], a[3:]) == (b[:2], b[3:])
        assert (a[2] == b[2]) == (a[3] == "train")
