"""Masks of shapes against each pixel's own test, done one by one."""

import math

import numpy as np
import pytest

from camseg.datasets.shapes import Shape, beyond, check, draw, upside_down
from camseg.errors import CamsegError

SIZE = 40, 60  # rows, columns
ELLIPSES = [
    (30, 20, 15, 6, 0.0),
    (30.3, 19.6, 15, 6, 0.6),
    (25, 20, 5, 12, -1.2),  # the second axis is the longer one
    (2, 38, 14, 9, 2.5),  # most of it outside
]
POLYGONS = [
    (10.2, 5.7, 50.4, 9.1, 44.8, 33.3, 15.5, 30.1),
    (5, 5, 30, 8, 55, 5, 40, 20, 55, 35, 30, 30, 5, 35, 18, 20),  # a star, not convex
    (10, 10, 50, 30, 50, 10, 10, 30),  # crosses itself: both triangles belong to it
    (-20.5, 10.25, 30, -15, 90.75, 22, 28, 70),  # a vertex beyond each edge of the image
    (10, 10, 30, 10, 30, 20, 20, 20, 20, 30, 10, 30),  # edges through pixels, a step
    (20.4, 20.4, 20.6, 20.4, 20.5, 20.6),  # between the pixels' centres
]


def pixels(size):
    return ((row, column) for row in range(size[0]) for column in range(size[1]))


def slowly(inside, size=SIZE):
    mask = np.zeros(size, np.uint8)
    for row, column in pixels(size):
        mask[row, column] = inside(column, row)
    return mask


@pytest.mark.parametrize("numbers", ELLIPSES)
def test_ellipse_against_the_distances_from_its_foci(numbers):
    x, y, first, second, angle = numbers
    if second > first:
        first, second, angle = second, first, angle + math.pi / 2
    focus = math.sqrt(first**2 - second**2)
    foci = [
        (x + sign * focus * math.cos(angle), y + sign * focus * math.sin(angle)) for sign in (1, -1)
    ]
    wanted = slowly(lambda *pixel: sum(math.dist(pixel, each) for each in foci) <= 2 * first)
    found = draw([Shape("ellipse", numbers)], SIZE)
    assert found.dtype == np.uint8
    assert 20 < wanted.sum() < wanted.size
    np.testing.assert_array_equal(found, wanted)


def test_the_angle_of_an_ellipse_turns_from_x_to_y_which_counts_down():
    mask = draw([Shape("ellipse", (30, 20, 15, 2, math.pi / 4))], SIZE)
    assert mask[28, 38] == 1
    assert mask[12, 38] == 0


@pytest.mark.parametrize(
    "numbers",
    [(9.5, 4.5, 20, 10), (9.2, 4.7, 20.1, 10.9), (10, 5, 19, 9), (-3.5, 30.2, 8.1, 50)],
    ids=["between pixels", "fractions", "through pixels", "partly outside"],
)
def test_box_against_each_pixel(numbers):
    x, y, w, h = numbers
    wanted = slowly(lambda column, row: x <= column <= x + w and y <= row <= y + h)
    found = draw([Shape("box", numbers)], SIZE)
    np.testing.assert_array_equal(found, wanted)


def test_a_box_between_pixels_has_as_many_of_them_as_its_sides_say():
    assert draw([Shape("box", (9.5, 4.5, 20, 10))], SIZE).sum() == 200


def crosses(numbers, column, row):
    """Whether a ray from a point to the right crosses the polygon's edges an odd number of times.

    The point is moved by a hair, so that the ray meets no vertex.
    """
    row += 1e-7
    odd = False
    for (x0, y0), (x1, y1) in edges(numbers):
        if (y0 > row) != (y1 > row):
            odd ^= column < x0 + (row - y0) * (x1 - x0) / (y1 - y0)
    return odd


def edges(numbers):
    points = list(zip(numbers[0::2], numbers[1::2], strict=True))
    return zip(points, points[1:] + points[:1], strict=True)


def distance(numbers, column, row):
    """The distance of a point from the nearest of a polygon's edges."""
    found = math.inf
    for (x0, y0), (x1, y1) in edges(numbers):
        dx, dy = x1 - x0, y1 - y0
        share = ((column - x0) * dx + (row - y0) * dy) / (dx * dx + dy * dy)
        share = min(max(share, 0), 1)
        found = min(found, math.dist((column, row), (x0 + share * dx, y0 + share * dy)))
    return found


@pytest.mark.parametrize("numbers", POLYGONS)
def test_polygon_against_each_pixel(numbers):
    """A pixel on an edge belongs to it."""

    def inside(*pixel):
        return crosses(numbers, *pixel) or distance(numbers, *pixel) < 1e-9

    np.testing.assert_array_equal(draw([Shape("polygon", numbers)], SIZE), slowly(inside))


def test_polygons_drawn_at_random_against_each_pixel():
    random = np.random.default_rng(1)
    for number in range(12):
        vertices = random.uniform((-5, -5), (25, 20), (3 + number % 5, 2))
        if number % 2:  # through the centres of pixels
            vertices = np.rint(vertices)
        numbers = tuple(vertices.ravel().tolist())
        wanted = slowly(
            lambda *pixel, n=numbers: crosses(n, *pixel) or distance(n, *pixel) < 1e-9, (15, 20)
        )
        np.testing.assert_array_equal(draw([Shape("polygon", numbers)], (15, 20)), wanted)


def test_a_polygon_in_a_very_wide_image():
    wide = Shape("polygon", (0, 0, 69_999, 0, 69_999, 7, 0, 7))
    assert draw([wide], (8, 70_000)).all()


def test_shapes_together_are_their_union_and_none_is_an_empty_mask():
    several = [
        Shape("circle", (10, 10, 6)),
        Shape("box", (12.5, 8.5, 20, 6)),
        Shape("polygon", POLYGONS[1]),
        Shape("circle", (500, 10, 6)),  # nowhere in the image
    ]
    masks = [draw([each], SIZE) for each in several]
    assert not masks[3].any()
    np.testing.assert_array_equal(draw(several, SIZE), np.max(masks, axis=0))
    assert not draw([], SIZE).any()


@pytest.mark.parametrize("numbers", ELLIPSES)
def test_bounds_of_an_ellipse_against_points_of_its_edge(numbers):
    x, y, first, second, angle = numbers
    turn = np.linspace(0, 2 * np.pi, 100_001)
    along, across = first * np.cos(turn), second * np.sin(turn)
    xs = x + along * np.cos(angle) - across * np.sin(angle)
    ys = y + along * np.sin(angle) + across * np.cos(angle)
    ends = (xs.min(), xs.max(), ys.min(), ys.max())
    assert Shape("ellipse", numbers).bounds == pytest.approx(ends, abs=1e-6)
    assert Shape("ellipse", numbers).centre == pytest.approx((x, y))


@pytest.mark.parametrize(
    ("shape", "bounds"),
    [
        (Shape("circle", (10, 20, 3)), (7, 13, 17, 23)),
        (Shape("box", (1.5, 2.5, 4, 8)), (1.5, 5.5, 2.5, 10.5)),
        (Shape("polygon", (5, 1, 9, 4, -2, 8)), (-2, 9, 1, 8)),
    ],
)
def test_bounds_and_centre(shape, bounds):
    assert shape.bounds == bounds
    left, right, top, bottom = bounds
    assert shape.centre == ((left + right) / 2, (top + bottom) / 2)


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        (Shape("circle", (30, 20, 19)), 0),
        (Shape("circle", (56, 20, 4)), 1),  # its edge goes through the centre of column 60
        (Shape("circle", (56, 20, 3.9)), 0),
        (Shape("circle", (2.3, 20, 5)), 2),
        (Shape("ellipse", (30, 36, 9, 6.2, 0.3)), 3),
        (Shape("box", (-0.5, -0.5, 60, 40)), 0),  # the whole image
        (Shape("box", (-0.5, -3.5, 60, 40)), 3),
        (Shape("box", (10, 10, 49.5, 29.5)), 0),
    ],
)
def test_beyond_against_the_mask_in_a_larger_image(shape, expected):
    rows, columns = np.nonzero(draw([moved(shape, 50)], (SIZE[0] + 100, SIZE[1] + 100)))
    outside = (
        50 - columns.min(), columns.max() - 49 - SIZE[1],
        50 - rows.min(), rows.max() - 49 - SIZE[0],
    )  # fmt: skip
    assert max(0, *outside) == expected
    assert beyond(shape, SIZE) == expected


def moved(shape, by):
    x, y, *rest = shape.numbers
    return Shape(shape.kind, (x + by, y + by, *rest))


def test_a_circle_upside_down_marks_the_image_upside_down():
    circle = Shape("circle", (12, 9.5, 7))
    turned = upside_down(circle, SIZE[0])
    np.testing.assert_array_equal(draw([turned], SIZE), draw([circle], SIZE)[::-1])


NO_AREA = [
    Shape("circle", (10, 10, 0)),
    Shape("circle", (10, 10, -5)),
    Shape("ellipse", (10, 10, 5, 0, 0.7)),
    Shape("ellipse", (10, 10, -5, 3, 0.7)),
    Shape("box", (10, 10, 5, 0)),
    Shape("box", (15, 10, -5, 5)),
    Shape("polygon", (10, 10, 20, 15, 30, 20, 20, 15)),  # on one line
    Shape("polygon", (0.1, 0.1, 0.3, 0.3, 11.7, 11.7)),
    Shape("polygon", (10, 10, 10, 10, 10, 10)),
]


@pytest.mark.parametrize("shape", NO_AREA)
def test_a_shape_without_an_area_is_refused(shape):
    with pytest.raises(CamsegError, match=rf"^the {shape.kind} at \(.+\) has no area$"):
        check(shape, SIZE)


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        (Shape("circle", (10, math.nan, 5)), "the circle has a number that is none"),
        (Shape("box", (1, 1, math.inf, 5)), "the box has a number that is none"),
        (Shape("polygon", ()), "the polygon has 0 vertices, not three or more"),
        (Shape("polygon", (4, 4, 9, 9)), "the polygon has 2 vertices, not three or more"),
        (
            Shape("circle", (59.5, 20, 5)),
            "the circle's centre (59.5, 20) lies outside the image of 60 x 40 pixels",
        ),
        (
            Shape("box", (10, -60, 20, 50)),
            "the box's centre (20, -35) lies outside the image of 60 x 40 pixels",
        ),
        (
            Shape("circle", (30, 20, 61)),
            "the circle's radius of 61 is larger than the image",
        ),
        (
            Shape("box", (-50, 0, 121, 20)),
            "the box at (10.5, 10) is larger than the image of 60 x 40 pixels",
        ),
    ],
)
def test_what_is_wrong_with_a_shape_is_told(shape, message):
    with pytest.raises(CamsegError) as error:
        check(shape, SIZE)
    assert str(error.value) == message


@pytest.mark.parametrize(
    "shape",
    [
        Shape("circle", (-0.5, 39.4, 60)),
        Shape("box", (-0.5, -0.5, 60, 40)),
        Shape("box", (-50, 0, 120, 20)),
        *(Shape("ellipse", numbers) for numbers in ELLIPSES),
        *(Shape("polygon", numbers) for numbers in POLYGONS),
    ],
)
def test_shapes_that_are_right(shape):
    check(shape, SIZE)
