"""Files of odd kinds, from index to ROI, against the same six patients in plain files."""

import numpy as np
import pytest

from camseg.rois import extraction
from made import RULES, index_source


@pytest.fixture(scope="module")
def odd(fixtures):
    return fixtures.parent / "odd"


def extract(folder, **options):
    """The candidates of a folder's table, or of the CBIS-DDSM in it, by ROI id."""
    table = folder / "table.csv"
    path, source = (table, "table") if table.exists() else (folder, "cbis_ddsm")
    candidates = []
    for rows in index_source(path, source, **options):
        candidates += extraction.extract_case(rows, folder, RULES)
    return {candidate.roi_id: candidate for candidate in candidates}


def used(candidates):
    return {roi_id: item for roi_id, item in candidates.items() if not item.reason}


def notes(candidates):
    return {note for item in candidates.values() for note in item.notes}


@pytest.fixture(scope="module")
def base(odd):
    rois = used(extract(odd / "00-base"))
    assert len(rois) == 12
    assert notes(rois) == set()
    return rois


def check_same(candidates, base, grey_levels):
    """The same ROIs and masks; images to so many grey levels."""
    rois = used(candidates)
    assert rois.keys() == base.keys()
    for roi_id, item in rois.items():
        plain = base[roi_id]
        assert item.box == plain.box
        assert np.array_equal(item.lesion, plain.lesion)
        difference = item.image.astype(int) - plain.image
        assert np.abs(difference).max() <= grey_levels, roi_id


@pytest.mark.parametrize(
    ("name", "grey_levels", "told"),
    [
        ("03-exif-jpeg", 4, ""),
        ("04-exif-png", 0, ""),
        ("05-tiff-orientation", 0, ""),
        ("06-inverted-mask", 0, "its mask was odd: it marks 0.98 of the image"),
        ("07-duplicate-rows", 0, "its lesion is listed more than once and counts once"),
        ("09-jpeg-mask", 0, "grey levels, lesion from half of the brightest on"),
        ("10-alpha-mask", 0, "mask from the alpha channel"),
        ("19-tiff8-whiteiszero", 0, ""),
        ("43-trailing-commas", 0, ""),
        ("49-comments-blank", 0, ""),
    ],
)
def test_what_is_odd_is_read_as_what_is_plain_and_told(odd, base, name, grey_levels, told):
    candidates = extract(odd / name)
    check_same(candidates, base, grey_levels)
    assert all(told in note for note in notes(candidates)) if told else not notes(candidates)
    assert bool(notes(candidates)) == bool(told)


@pytest.mark.parametrize("name", ["16-rgb16-tiff", "21-dicom-mono1-padding", "24-dicom-suffix"])
def test_twelve_bits_keep_what_eight_show(odd, base, name):
    """Each picture is stretched to its own range: the same but for a line, and rounding twice."""
    candidates = extract(odd / name)
    rois = used(candidates)
    assert rois.keys() == base.keys()
    assert notes(candidates) == set()
    for roi_id, item in rois.items():
        plain = base[roi_id].image.astype(float).ravel()
        slope, offset = np.polyfit(plain, item.image.ravel().astype(float), 1)
        assert slope > 1
        assert np.abs(slope * plain + offset - item.image.ravel()).max() < slope + 1
        assert len(np.unique(item.image)) >= 0.9 * len(np.unique(plain))
        assert np.array_equal(item.lesion, base[roi_id].lesion)


def test_an_outline_is_filled_to_the_area_and_its_line(odd, base):
    candidates = extract(odd / "12-contour-mask")
    assert used(candidates).keys() == base.keys()
    (note,) = notes(candidates)
    assert note.startswith("its mask was odd: it is an outline")
    for roi_id, item in used(candidates).items():
        assert np.abs(np.subtract(item.box, base[roi_id].box)).max() <= 6


def test_a_hot_pixel_is_told_and_a_robust_range_passes_over_it(odd, base):
    squeezed = extract(odd / "08-hot-pixel")
    assert all("of 256 grey levels are in use" in note for note in notes(squeezed))
    assert sum(bool(item.notes) for item in squeezed.values()) == 12
    robust = extract(odd / "08-hot-pixel", grey="robust")
    assert notes(robust) == set()
    for roi_id, item in used(robust).items():
        assert np.corrcoef(item.image.ravel(), base[roi_id].image.ravel())[0, 1] > 0.998


def test_pictures_that_all_face_left_are_told(odd):
    candidates = extract(odd / "13-all-face-left")
    told = (
        "the breast lies at the left edge of RIGHT, the chest wall is taken to be at the right: "
        "see rois: chest_wall"
    )
    assert notes(candidates) == {told}
    assert {item.row["view"] for item in candidates.values() if item.notes} == {"RIGHT"}


def test_doubled_rows_of_cbis_ddsm_count_once(odd):
    once, twice = (extract(odd / name) for name in ("66-cbis-base", "66-cbis-dup-rows"))
    assert len(used(once)) == 24
    check_same(twice, used(once), 0)
    assert len(twice) == 2 * len(once)


def test_the_jpeg_release_of_cbis_ddsm_is_read_as_its_dicom_files(odd):
    """The 16 bits of the DICOM files are stretched to their own range, the 8 of JPEG are not."""
    dicom, jpeg = (extract(odd / name) for name in ("66-cbis-base", "66-cbis-kaggle-jpeg"))
    assert used(jpeg).keys() == used(dicom).keys()
    told = {note for note in notes(jpeg) if "lesion from half of the brightest on" in note}
    assert told == notes(jpeg) != set()
    for roi_id, item in used(jpeg).items():
        plain, grey = dicom[roi_id].image.ravel().astype(float), item.image.ravel().astype(float)
        assert item.box == dicom[roi_id].box
        assert np.array_equal(item.lesion, dicom[roi_id].lesion)
        slope, offset = np.polyfit(grey, plain, 1)
        lost = np.abs(slope * grey + offset - plain) / slope
        assert lost.mean() < 2  # a pixel aside it would be 4
        assert lost.max() < 10  # of JPEG: 16 in the pictures themselves
