import numpy as np
import pytest

from camseg.rois.boxes import Wall
from camseg.rois.breast import chest_wall, find_breast

SHAPE = 300, 200


def half_disc(wall, side="LEFT", shape=SHAPE, fat=90, dense=200, film=10):
    """A breast whose chest wall is at column `wall`: fat, and dense tissue near the nipple."""
    rows, columns = np.indices(shape)
    depth = columns - wall if side == "LEFT" else wall - 1 - columns
    radius = ((rows - shape[0] / 2) / (shape[0] * 0.35)) ** 2 + (depth / (shape[1] * 0.6)) ** 2
    image = np.where((depth >= 0) & (radius < 1), fat, film)
    inner = ((rows - shape[0] / 2) / 50) ** 2 + ((depth - shape[1] * 0.35) / 40) ** 2
    image = np.where((depth >= 0) & (inner < 1), dense, image)
    return np.uint8(image + np.random.default_rng(1).integers(0, 5, shape))


def test_breast_is_told_from_film():
    image = np.full((300, 200), 20, dtype=np.uint8)
    image[50:250, :120] = 150
    breast = find_breast(image)
    truth = image > 100
    assert (breast.pixels != truth).mean() < 0.02
    assert (breast.side, breast.wall) == ("", 0)  # a rectangle has no side


@pytest.mark.parametrize("shape", [SHAPE, (1500, 1100)])
@pytest.mark.parametrize("side", ["LEFT", "RIGHT"])
def test_the_side_is_that_of_the_chest_wall_at_the_edge(side, shape):
    wall = 0 if side == "LEFT" else shape[1]
    breast = find_breast(half_disc(wall, side, shape))
    assert (breast.side, breast.wall) == (side, wall)


@pytest.mark.parametrize("side", ["LEFT", "RIGHT"])
def test_a_breast_that_touches_no_edge_is_measured_from_where_it_begins(side):
    wall = 50 if side == "LEFT" else 150
    image = half_disc(wall, side)
    image[5:20, 5:60] = image[5:20, 140:195] = 255  # the film's labels
    breast = find_breast(image)
    assert breast.side == side
    assert abs(breast.wall - wall) <= 6


def test_dense_tissue_alone_is_not_taken_for_the_breast():
    """Otsu's level lies between fat and dense tissue here."""
    image = half_disc(0, fat=40, dense=250)
    assert find_breast(image).pixels.mean() < 0.5 * (image > 20).mean()
    assert (find_breast(image).side, find_breast(image).wall) == ("LEFT", 0)


@pytest.mark.parametrize("level", [0, 7, 255])
def test_a_picture_of_one_level_has_no_side(level):
    breast = find_breast(np.full((40, 30), level, np.uint8))
    assert (breast.side, breast.wall) == ("", 0)


def test_the_wall_is_the_edge_where_no_breast_lies_on_that_side():
    breast = find_breast(half_disc(50, "LEFT"))
    assert chest_wall(breast, SHAPE, "LEFT") == Wall("LEFT", breast.wall)
    assert chest_wall(breast, SHAPE, "RIGHT") == Wall("RIGHT", 200)
    assert chest_wall(None, SHAPE, "LEFT") == Wall("LEFT", 0)
