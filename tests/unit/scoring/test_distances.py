import numpy as np
import pytest
from scipy.ndimage import center_of_mass
from scipy.spatial.distance import cdist

from camseg.scoring import distances

BOX = np.array([[5, 6, 100, 100]])


def disc(radius: float, x: float = 0, y: float = 0, size: int = 200) -> np.ndarray:
    """A disc about the ROI's centre, moved by x and y pixels: (1, size, size) uint8."""
    rows, columns = np.mgrid[:size, :size] - (size - 1) / 2
    return (np.hypot(columns - x, rows - y) <= radius).astype(np.uint8)[None]


def nsd(one: np.ndarray, other: np.ndarray, *, box=BOX, resolution=100.0, tolerance=2.0) -> float:
    (found,) = distances.surface_dice(
        one.astype(bool), other, np.asarray(box), np.array([resolution]), tolerance
    )
    return found


def by_all_pairs(one: np.ndarray, other: np.ndarray, sizes, tolerance: float) -> float:
    """The definition pixel by pixel: four neighbours, then the distances of all pairs."""
    edges = []
    for region in (one, other):
        padded = np.pad(region, 1)
        steps = (padded[:-2, 1:-1], padded[2:, 1:-1], padded[1:-1, :-2], padded[1:-1, 2:])
        inner = np.logical_and.reduce([step == 1 for step in steps])
        edges.append(np.argwhere((region == 1) & ~inner) * sizes)
    apart = cdist(*edges)
    near = (apart.min(axis=1) <= tolerance).sum() + (apart.min(axis=0) <= tolerance).sum()
    return near / sum(map(len, edges))


def test_surface_dice_by_all_pairs_of_boundary_pixels():
    random = np.random.default_rng(3)
    for _ in range(20):
        shape = random.integers(15, 30, 2)
        one, other = (random.random((2, *shape)) < 0.7).astype(np.uint8)
        w, h = random.integers(20, 200, 2)
        tolerance = random.uniform(0.5, 2)
        sizes = np.array([h, w]) * 130 / 1000 / shape
        expected = by_all_pairs(one, other, sizes, tolerance)
        box = [[3, 4, w, h]]
        found = nsd(one[None], other[None], box=box, resolution=130.0, tolerance=tolerance)
        assert found == pytest.approx(expected)


@pytest.mark.parametrize(("radii", "expected"), [((50, 50), 1), ((50, 56), 1), ((50, 64), 0)])
def test_of_two_discs_about_one_centre(radii, expected):
    """Pixels of 0.2 mm: the boundaries are 0, 1.2 and 2.8 mm apart everywhere."""
    one, other = (disc(radius) for radius in radii)
    assert nsd(one, other, resolution=400.0) == expected


def test_of_a_disc_beside_itself_it_is_the_share_of_its_circle():
    """Closed form: where a circle of radius R is within the tolerance of one moved by d along x."""
    radius, moved, pixel = 80.0, 20.0, 0.2
    angle = np.linspace(0, 2 * np.pi, 100_000)
    # 8-connected: a boundary of pixels has one a row or column, whichever it crosses more of
    weight = np.maximum(np.abs(np.cos(angle)), np.abs(np.sin(angle)))
    apart = np.abs(np.hypot(radius * np.cos(angle) - moved, radius * np.sin(angle)) - radius)
    expected = weight[apart * pixel <= 2].sum() / weight.sum()
    one, other = disc(radius), disc(radius, x=moved - 10)
    other = np.roll(other, 10, axis=2)
    assert nsd(one, other, resolution=400.0) == pytest.approx(expected, abs=0.02)
    assert 0.2 < expected < 0.5


def test_a_box_that_is_not_square_has_pixels_that_are_not():
    """Along x, 10 pixels of 0.1 mm are within 2 mm; along y, the same 10 of 0.4 mm are not."""
    band = np.zeros((1, 100, 100), np.uint8)
    band[:, 40:60, 40:60] = 1
    box = [[0, 0, 100, 400]]
    along = nsd(np.roll(band, 10, axis=2), band, box=box)
    across = nsd(np.roll(band, 10, axis=1), band, box=box)
    assert along == 1
    assert across < 1


def test_of_nothing_found_of_an_unknown_pixel_and_of_no_lesion():
    lesion = disc(30)
    assert nsd(np.zeros_like(lesion), lesion) == 0
    assert np.isnan(nsd(lesion, lesion, resolution=np.nan))
    assert np.isnan(nsd(lesion, np.zeros_like(lesion)))


def test_the_rois_edge_is_a_boundary():
    assert distances.boundary(np.ones((5, 7), np.uint8)).sum() == 2 * 7 + 2 * 3


def test_centroid_distance_of_two_discs_is_that_of_their_centres():
    one, other = disc(40, x=13, y=-4), disc(25, x=-11, y=14)
    (found,) = distances.centroid_distance(200 * one, other, np.array([[0, 0, 400, 100]]))
    area = np.pi * 25**2 * (400 / 200) * (100 / 200)
    expected = np.hypot(24 * 2, 18 * 0.5) / np.sqrt(4 * area / np.pi)
    assert found == pytest.approx(expected, rel=0.01)


@pytest.mark.parametrize("shape", [(20, 20), (12, 31)])
def test_centroid_distance_is_by_scipys_centre_of_mass(shape):
    random = np.random.default_rng(0)
    maps = random.integers(0, 256, (4, *shape)).astype(np.uint8)
    masks = (random.random((4, *shape)) < 0.3).astype(np.uint8)
    masks[2] = 0
    boxes = random.integers(20, 200, (4, 4))
    found = distances.centroid_distance(maps, masks, boxes)
    for map_, mask, (_, _, w, h), value in zip(maps, masks, boxes, found, strict=True):
        if not mask.any():
            assert np.isnan(value)
            continue
        rows, columns = np.subtract(center_of_mass(map_), center_of_mass(mask))
        area = mask.mean() * w * h
        offset = np.hypot(rows * h / shape[0], columns * w / shape[1])
        expected = offset / (2 * np.sqrt(area / np.pi))
        assert value == pytest.approx(expected)


def test_a_constant_maps_centre_is_the_rois():
    lesion = disc(20, x=30)
    for grey in (0, 9, 255):
        (found,) = distances.centroid_distance(np.full_like(lesion, grey), lesion, BOX)
        assert found == pytest.approx(30 / np.sqrt(4 * lesion.sum() / np.pi))
