import cv2
import numpy as np
import pytest
import tifffile
from PIL import Image
from scipy import ndimage

from camseg.datasets.masks import UNSURE, read_mask
from camseg.errors import CamsegError
from conftest import block, ramp

SHAPE = 120, 80
LESION = block(SHAPE, 20, 50, 16, 8, 1)


def save(path, pixels, **options):
    Image.fromarray(pixels).save(path, **options)
    return path


@pytest.mark.parametrize("levels", [(0, 255), (0, 1), (7, 9), (100, 65535)])
def test_the_brighter_of_two_levels_is_lesion(tmp_path, levels):
    pixels = np.where(LESION, levels[1], levels[0])
    pixels = pixels.astype(np.uint8 if levels[1] < 256 else np.uint16)
    mask, done = read_mask(save(tmp_path / "a.png", pixels), SHAPE)
    assert mask.dtype == np.uint8
    assert np.array_equal(mask, LESION)
    assert done == ""


@pytest.mark.parametrize("quality", [95, 75, 50])
def test_a_jpeg_is_a_mask_from_half_of_the_brightest_on(tmp_path, quality):
    path = save(tmp_path / "a.jpg", LESION * 255, quality=quality)
    stored = np.asarray(Image.open(path)).astype(float)
    levels = len(np.unique(stored))
    assert levels > 2
    mask, done = read_mask(path, SHAPE)
    half = (stored - stored.min()) >= (stored.max() - stored.min()) / 2
    assert np.array_equal(mask, half)
    assert (mask != LESION).mean() < 0.002
    assert done == f"mask of {levels} grey levels, lesion from half of the brightest on"


@pytest.mark.parametrize("scale", [0.5, 3])
def test_a_resampled_mask_keeps_its_area(tmp_path, scale):
    pixels = cv2.resize(LESION * 255, None, fx=scale, fy=scale, interpolation=cv2.INTER_LINEAR)
    mask, done = read_mask(save(tmp_path / "a.png", pixels), SHAPE)
    assert abs(int(mask.sum()) - int(LESION.sum())) <= 12
    assert scale == 0.5 or "grey levels" in done


def test_alpha_is_the_mask_where_all_is_of_one_grey(tmp_path):
    pixels = np.zeros((*SHAPE, 4), np.uint8)
    pixels[..., 3] = LESION * 255
    mask, done = read_mask(save(tmp_path / "a.png", pixels), SHAPE)
    assert np.array_equal(mask, LESION)
    assert done == "mask from the alpha channel"
    pixels[..., :3], pixels[..., 3] = (LESION * 255)[..., None], 255 - LESION
    mask, done = read_mask(save(tmp_path / "b.png", pixels), SHAPE)
    assert np.array_equal(mask, LESION)
    assert done == ""


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int32])
@pytest.mark.parametrize("blur", [2, 5, 8])
def test_of_many_levels_those_from_half_on_are_taken_if_pieces_are_bright(tmp_path, dtype, blur):
    """Oracle: shares of every pixel of the whole mask, and scipy's pieces."""
    spots = LESION + block(SHAPE, 10, 90, 6, 6, 1) * 0.4 + block(SHAPE, 60, 20, 3, 3, 1)
    pixels = (ndimage.gaussian_filter(spots, blur / 4) * 250 + 3).astype(dtype)
    share = (pixels - pixels.min()) / np.ptp(pixels).astype(float)
    pieces, n = ndimage.label(share >= 0.25, np.ones((3, 3)))
    areas, sure = (
        ndimage.sum_labels(of, pieces, range(1, n + 1)) for of in (share >= 0.25, share >= 0.75)
    )
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, pixels)
    if areas[2 * sure < areas].sum() / areas.sum() > UNSURE:
        with pytest.raises(CamsegError, match="is no mask"):
            read_mask(path, SHAPE)
    else:
        mask, done = read_mask(path, SHAPE)
        assert np.array_equal(mask, share >= 0.5)
        assert done.startswith(f"mask of {len(set(pixels.ravel().tolist()))} grey levels")


def photograph():
    """A smooth picture of no two levels: filtered noise."""
    noise = ndimage.gaussian_filter(np.random.default_rng(1).normal(size=SHAPE), 4)
    return np.uint8(255 * (noise - noise.min()) / np.ptp(noise))


def labels():
    """A map of two lesions, one with the label 1 and one with 2."""
    return LESION * 2 + block(SHAPE, 40, 20, 9, 9, 1)


@pytest.mark.parametrize("pixels", [ramp(SHAPE), photograph(), labels()])
def test_where_no_threshold_is_sensible_there_is_no_mask(tmp_path, pixels):
    levels = len(np.unique(pixels))
    with pytest.raises(CamsegError, match=rf"a.png: is no mask: it has {levels} grey levels"):
        read_mask(save(tmp_path / "a.png", pixels), SHAPE)


def test_one_level_marks_nothing(tmp_path):
    with pytest.raises(CamsegError, match="marks no lesion: the mask is 7 everywhere"):
        read_mask(save(tmp_path / "a.png", np.full(SHAPE, 7, np.uint8)), SHAPE)


def test_a_mask_is_read_as_shown_as_its_image_is(tmp_path):
    exif = Image.Exif()
    exif[274] = 6
    stored = np.rot90(LESION * 255)  # counter-clockwise: to be shown turned clockwise
    mask, _ = read_mask(save(tmp_path / "a.png", stored, exif=exif), SHAPE)
    assert np.array_equal(mask, LESION)


def test_real_masks_saved_as_jpeg_are_read_and_real_pictures_are_not(fixtures):
    """CDD-CESM, both kinds saved as JPEG; 8 of 264."""
    images = sorted((fixtures.parent / "real/cesm/images").glob("*.jpg"))[::33]
    assert len(images) == 8
    for path in images:
        mask, done = read_mask(fixtures.parent / "real/cesm/masks" / path.name, (512, 512))
        assert 0 < mask.mean() < 0.5
        assert "grey levels" in done
        with pytest.raises(CamsegError, match="is no mask"):
            read_mask(path, (512, 512))
