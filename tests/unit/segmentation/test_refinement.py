import subprocess
import sys
import warnings

import cv2
import numpy as np
import pytest

from camseg.io import store
from camseg.segmentation import refinement
from camseg.segmentation.pseudo_masks import pseudo_masks
from camseg.segmentation.refinement import REFINEMENTS, certain, refine
from camseg.segmentation.registry import METHODS
from made import make_rois
from project import ROOT

NAMES = np.array([f"r{number}" for number in range(6)], dtype=object)


@pytest.fixture(scope="module")
def truth():
    """Ellipses in images of 48 pixels: (6, 48, 48) bool."""
    y, x = np.indices((48, 48)) - 23.5
    sizes = [(14, 18), (16, 15), (16, 16), (15, 19), (18, 14), (15, 15)]
    return np.stack([(y / down) ** 2 + (x / across) ** 2 < 1 for down, across in sizes])


@pytest.fixture(scope="module")
def images(truth):
    noise = np.random.default_rng(0).normal(90, 6, truth.shape)
    return np.clip(noise + 60 * truth, 0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def cams(truth):
    """The ellipses, blurred and somewhere else."""
    blurred = [
        cv2.GaussianBlur(np.roll(each, (3, -3), (0, 1)).astype(np.float32), (0, 0), 6)
        for each in truth
    ]
    return np.stack([np.rint(255 * (b - b.min()) / np.ptp(b)) for b in blurred]).astype(np.uint8)


def odd_cams():
    """CAMs with ties at either end, at both, of two levels and of one pixel."""
    random = np.random.default_rng(1)
    cams = random.integers(0, 256, (6, 16, 16)).astype(np.uint8)
    cams[0] = np.where(cams[0] < 160, 0, cams[0])
    cams[1] = np.where(cams[1] > 40, 255, cams[1])
    cams[2] = np.where(cams[2] > 128, 255, 0)
    cams[3] = 0
    cams[3, 4, 5] = 255
    cams[4] = 255 - cams[3]
    return cams


def wrong(maps, truth):
    return ((maps > 127) != truth).mean(axis=(1, 2))


def test_they_are_the_methods_that_refine_cams():
    refining = {name for name, method in METHODS.items() if method.cams and not method.trains}
    assert REFINEMENTS.keys() == refining


@pytest.mark.parametrize("method", REFINEMENTS)
def test_edges_of_the_image_are_found(method, images, cams, truth):
    maps = refine(method, images, cams, NAMES, 1)
    assert maps.shape == cams.shape
    assert maps.dtype == np.uint8
    before = wrong(255 * pseudo_masks(cams), truth)
    assert before.min() > 0.1
    assert wrong(maps, truth).max() < 0.08
    assert method != "grab_cut" or set(np.unique(maps)) == {0, 255}


def test_probabilities_become_grey_levels(monkeypatch, images, cams):
    levels = np.linspace(0, 255, 48)
    monkeypatch.setitem(REFINEMENTS, "crf", lambda *_: np.tile(levels / 255, (48, 1)))
    expected = np.broadcast_to(np.rint(levels), cams.shape)
    np.testing.assert_array_equal(refine("crf", images, cams, NAMES, 1), expected)


@pytest.mark.parametrize("method", REFINEMENTS)
def test_a_map_depends_on_its_roi_alone(method, images, cams):
    maps = refine(method, images, cams, NAMES, 1)
    cv2.setRNGSeed(77)
    order = np.array([4, 2, 5])
    some = refine(method, images[order], cams[order], NAMES[order], 1)
    np.testing.assert_array_equal(some, maps[order])


def test_what_grab_cut_draws_belongs_to_the_seed_and_the_roi(monkeypatch, images, cams):
    seeds = []
    monkeypatch.setattr(cv2, "setRNGSeed", seeds.append)
    for seed in (1, 1, 2):
        refine("grab_cut", images, cams, NAMES, seed)
    assert seeds[:6] == seeds[6:12]
    assert len(set(seeds)) == 12


@pytest.mark.parametrize("method", REFINEMENTS)
@pytest.mark.parametrize("grey", [0, 90, 255])
def test_a_constant_cam_says_nothing(method, grey, images):
    assert not refine(method, images, np.full_like(images, grey), NAMES, 1).any()


@pytest.mark.parametrize("method", REFINEMENTS)
def test_odd_cams_and_rois_without_contrast(method):
    cams = odd_cams()
    step = np.full_like(cams, 7)
    step[:, :8] = 8
    for images in (np.full_like(cams, 90), step, cams, 255 * (cams > 99).astype(np.uint8)):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            maps = refine(method, images, cams, NAMES, 1)
        if method == "crf":  # it is sure of nothing
            continue
        for cam, found in zip(cams, maps, strict=True):
            sure, never = certain(cam)
            assert (found[sure] == 255).all()
            assert (found[never] == 0).all()


def test_a_cam_of_two_levels_is_certain_everywhere():
    cam = odd_cams()[2]
    image = np.random.default_rng(0).integers(0, 256, cam.shape).astype(np.uint8)
    for method in ("grab_cut", "random_walker"):
        (found,) = refine(method, image[None], cam[None], NAMES[:1], 1)
        np.testing.assert_array_equal(found, cam)


def test_what_is_certain_without_ties():
    cam = np.random.default_rng(0).permutation(256).reshape(16, 16).astype(np.uint8)
    sure, never = certain(cam)
    np.testing.assert_array_equal(sure, cam >= 256 - 26)  # a tenth of 256 pixels
    np.testing.assert_array_equal(never, cam < 26)


def test_what_is_certain_with_ties():
    for cam in odd_cams():
        sure, never = certain(cam)
        assert sure.any()
        assert never.any()
        above = pseudo_masks(cam[None])[0] == 1
        assert not (sure & ~above).any()
        assert not (never & above).any()
        # of equal pixels all or none, from either end
        assert cam[sure].min() > cam[~sure].max()
        assert cam[never].max() < cam[~never].min()


def test_tied_pixels_are_certain_only_on_their_side_of_the_otsu_level():
    one_bright, one_dark = odd_cams()[3:5]
    assert certain(one_bright)[0].sum() == 1
    assert certain(one_bright)[1].sum() == 255
    assert certain(one_dark)[0].sum() == 255
    assert certain(one_dark)[1].sum() == 1


def test_the_probability_that_the_crf_starts_from(monkeypatch):
    monkeypatch.setattr(refinement, "mean_field", lambda image, unary: unary)
    cam = np.arange(256, dtype=np.uint8).reshape(16, 16)
    assert pseudo_masks(cam[None]).sum() == 128  # its Otsu level is 127
    found = refinement.crf(cam, cam, 1).ravel()
    np.testing.assert_allclose(found, 0.05 + 0.9 * np.arange(256) / 255)
    dark = np.rint(cam.astype(float) ** 2 / 255).astype(np.uint8)
    found = refinement.crf(dark, dark, 1)
    np.testing.assert_array_equal(found > 0.5, pseudo_masks(dark[None])[0] == 1)
    assert found.min() == pytest.approx(0.05)
    assert found.max() == pytest.approx(0.95)


def chain(levels):
    """An image whose columns have these levels; a CAM that rises from column to column."""
    columns = len(levels)
    image = np.tile(np.array(levels, np.uint8), (columns, 1))
    cam = np.tile(np.rint(np.linspace(0, 255, columns)).astype(np.uint8), (columns, 1))
    return image, cam


def test_a_walk_along_a_chain_by_its_closed_form():
    """Of resistors in series, each has the share of the voltage that it has of the resistance."""
    random = np.random.default_rng(0)
    # between the two columns that are background the largest step, which is the unit
    levels = [0, 40, *(40 + random.integers(-8, 9, 16).cumsum()), 40, 38]
    image, cam = chain(levels)
    sure, never = certain(cam)
    assert sure[:, 18:].all()
    assert never[:, :2].all()
    assert not (sure | never)[:, 2:18].any()
    steps = np.diff(np.array(levels, float)[1:19])
    resistance = 1 / (np.exp(-90 * (steps / 40) ** 2) + 1e-10)
    expected = np.cumsum(resistance) / resistance.sum()
    found = refinement.random_walker(image, cam, 1)
    np.testing.assert_allclose(found[:, 2:19], np.tile(expected, (20, 1)), atol=1e-9)
    assert np.ptp(expected) > 0.5


@pytest.mark.parametrize("grey", [0, 200])
def test_a_walk_without_contrast_is_even(grey):
    """A harmonic function of one coordinate is linear."""
    image, cam = chain([grey] * 20)
    found = refinement.random_walker(image, cam, 1)
    np.testing.assert_allclose(found[:, 1:19], np.tile(np.arange(18) / 17, (20, 1)), atol=1e-9)


def refine_cams(folder, *options):
    command = [sys.executable, ROOT / "scripts/refine_cams.py", "--seed", "1"]
    command += ["--cams", folder / "cams.h5", "--shards", folder / "shard.h5"]
    command += ["--output", folder / "maps.h5", *options]
    return subprocess.run(command, text=True, capture_output=True)


def test_the_program(tmp_path):
    rois = make_rois(["b", "a", "c"], size=16)
    store.write_shard(tmp_path / "shard.h5", rois, source="made")
    cams = odd_cams()[:3]
    raw = np.zeros((3, 2, 2), np.float32)
    known = {"raw": raw, "options": {"explanation": "grad_cam", "abnormal": False}}
    store.write_cams(tmp_path / "cams.h5", cam=cams, roi_id=rois.roi_id, **known)
    done = refine_cams(tmp_path, "--method", "crf")
    assert done.returncode == 0, done.stderr
    assert "ROIs: object in " in done.stdout
    maps = store.read_maps(tmp_path / "maps.h5", rois.roi_id)
    assert maps.options == {
        "explanation": "grad_cam",
        "abnormal": False,
        "method": "crf",
        "seed": 1,
    }
    np.testing.assert_array_equal(maps.map, refine("crf", rois.image, cams, rois.roi_id, 1))

    abnormal = rois.label == 1
    assert 0 < abnormal.sum() < 3
    known = {"raw": raw[abnormal], "options": {"abnormal": True}}
    known |= {"cam": cams[abnormal], "roi_id": rois.roi_id[abnormal]}
    store.write_cams(tmp_path / "cams.h5", **known)
    done = refine_cams(tmp_path, "--method", "random_walker")
    assert done.returncode == 0, done.stderr
    assert set(store.read_maps(tmp_path / "maps.h5").roi_id) == set(rois.roi_id[abnormal])


def test_the_program_says_what_does_not_fit(tmp_path):
    rois = make_rois(["a", "b"], size=8)
    store.write_shard(tmp_path / "shard.h5", rois, source="made")
    known = {"raw": np.zeros((2, 2, 2), np.float32), "options": {"abnormal": False}}
    store.write_cams(tmp_path / "cams.h5", cam=odd_cams()[:2], roi_id=rois.roi_id, **known)
    done = refine_cams(tmp_path, "--method", "grab_cut")
    assert done.returncode == 1
    assert done.stderr == (
        f"error: {tmp_path}/cams.h5: maps of shape (2, 16, 16) do not fit ROIs of shape "
        "(2, 8, 8): compute them again\n"
    )
    assert not (tmp_path / "maps.h5").exists()
