import numpy as np
import pytest
from scipy import ndimage

from camseg.errors import CamsegError
from camseg.io.store import Rois
from camseg.training import filters

SIZE = 64
DRAWN = ["swapped", "noise", "blob"]
CONTROLS = [*DRAWN, "gaussian", "inverse_cam"]


def study(names: str) -> tuple[Rois, np.ndarray]:
    """ROIs named <patient><n|a>, and a smooth CAM of each, from nothing kept to everything kept."""
    names = np.array(names.split(), object)
    random = np.random.default_rng(0)
    label = np.array([name.endswith("a") for name in names], np.uint8)
    mask = np.zeros((len(names), SIZE, SIZE), np.uint8)
    for roi in np.flatnonzero(label):
        mask[roi, 10 : 30 + roi, 20:40] = 1
    rois = Rois(
        image=random.integers(1, 256, mask.shape, dtype=np.uint8),
        mask=mask,
        label=label,
        roi_id=names,
        patient_id=np.array([name[0] for name in names], object),
        view=names,
        pathology=names,
        lesion_type=names,
        box=np.zeros((len(names), 4), np.int32),
    )
    fields = ndimage.gaussian_filter(random.random(mask.shape), (0, 9, 9))
    fields -= fields.min(axis=(1, 2), keepdims=True)
    cams = np.rint(255 * fields / fields.max(axis=(1, 2), keepdims=True)).astype(np.uint8)
    cams[0], cams[1] = 0, 255
    return rois, cams


def weigh(regime: str, seed: int = 1, order=slice(None), names="Aa An Ba Bn Ca Da") -> dict:
    """The weights of every ROI by its name, its set given in `order`."""
    rois, cams = study(names)
    rois, cams = rois.take(order), cams[order]
    weights = filters.weights(regime, rois, cams=cams, seed=seed)(np.arange(len(rois)))
    assert weights.dtype == np.uint8
    return dict(zip(rois.roi_id, weights, strict=True))


def same(one: dict, other: dict) -> bool:
    return all(np.array_equal(one[name], other[name]) for name in one)


@pytest.mark.parametrize("regime", CONTROLS)
def test_weights_depend_on_the_roi_only_and_on_the_seed(regime):
    given = weigh(regime)
    assert same(given, weigh(regime))
    assert same(given, weigh(regime, order=[3, 1, 5, 0, 2, 4]))
    assert same(given, weigh(regime, seed=2)) == (regime not in DRAWN)
    rois, cams = study("Aa An Ba Bn Ca Da")
    weights = filters.weights(regime, rois, cams=cams, seed=1)
    for name, kept in zip(("Da", "An"), weights(np.array([5, 1])), strict=True):
        np.testing.assert_array_equal(kept, given[name])


def test_swapped_takes_a_cam_of_another_patient():
    rois, cams = study("Aa An Ba Bn Ca")
    owners = {cam.tobytes(): name for cam, name in zip(cams, rois.roi_id, strict=True)}
    got: dict[str, set[str]] = {}
    for seed in range(60):
        for name, kept in weigh("swapped", seed, names="Aa An Ba Bn Ca").items():
            got.setdefault(name, set()).add(owners[kept.tobytes()])
    for name, others in got.items():
        assert others == {other for other in rois.roi_id if other[0] != name[0]}


def test_swapped_needs_another_patient():
    with pytest.raises(CamsegError, match="Aa: no other patient"):
        weigh("swapped", names="Aa An")


def test_noise_has_the_grey_levels_of_the_cam_at_other_places():
    rois, cams = study("Aa An Ba Bn Ca Da")
    kept = weigh("noise")
    for name, cam in zip(rois.roi_id, cams, strict=True):
        np.testing.assert_array_equal(np.sort(kept[name], None), np.sort(cam, None))
    fields = [kept[name].ravel() for name in ("Ba", "Bn", "Ca", "Da")]
    fields += [cam.ravel() for cam in cams[2:]]
    assert (np.corrcoef(fields) - np.eye(8)).max() < 0.9


def test_blob_is_one_patch_as_large_as_the_cam():
    rois, cams = study("Aa An Ba Bn Ca Da")
    for name, kept in weigh("blob").items():
        (cam,) = cams[rois.roi_id == name]
        assert set(np.unique(kept)) <= {0, 255}
        assert (kept > 0).sum() == round(cam.sum() / 255)
        assert ndimage.label(kept)[1] == (name != "Aa")  # whose CAM keeps nothing


def test_gaussian_is_round_central_and_as_large_as_the_cam():
    rois, cams = study("Aa An Ba Bn Ca Da")
    for name, kept in weigh("gaussian").items():
        (cam,) = cams[rois.roi_id == name]
        assert kept.sum() / 255 == pytest.approx(cam.sum() / 255, rel=0.005, abs=0.5)
        np.testing.assert_array_equal(kept, kept.T)
        np.testing.assert_array_equal(kept, kept[::-1])
        assert kept.max() == kept[SIZE // 2, SIZE // 2]
    y, x = np.indices((SIZE, SIZE)) - (SIZE - 1) / 2
    log = np.log(weigh("gaussian")["Ba"] / 255)
    np.testing.assert_allclose(log / log[0, SIZE // 2], (x**2 + y**2) / (31.5**2 + 0.25), atol=0.02)


def test_inverse_cam_keeps_what_the_cam_removes():
    rois, cams = study("Aa An Ba Bn Ca Da")
    kept = weigh("inverse_cam")
    for name, cam in zip(rois.roi_id, cams, strict=True):
        np.testing.assert_array_equal(kept[name] + cam, 255)


def test_silhouette_is_the_mask_regimes_outline_without_texture():
    rois, _ = study("Aa An Ba Bn Ca Da")
    everything = np.arange(len(rois))
    weights = filters.weights("silhouette", rois, cams=None, seed=1)(everything)
    flat = filters.apply(filters.images("silhouette", rois)[everything], weights)
    masked = filters.apply(rois.image, filters.weights("mask", rois, cams=None, seed=1)(everything))
    np.testing.assert_array_equal(flat, np.where(masked > 0, 255, 0))


@pytest.mark.parametrize("regime", CONTROLS)
def test_controls_need_the_rois_cams(regime):
    rois, _ = study("Aa Ba")
    with pytest.raises(CamsegError, match=f"regime '{regime}' needs a CAM of each ROI"):
        filters.weights(regime, rois, cams=None, seed=0)
