import gzip
import re
from collections import deque

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from camseg.errors import CamsegError
from camseg.formats import ddsm
from conftest import overlay_text, rectangle, write_case

ICS = """
ics_version 1.0
filename A-0002-1
DATE_OF_STUDY 5 3 1991
PATIENT_AGE {age}
FILM
FILM_TYPE REGULAR
DENSITY 2
DATE_DIGITIZED 2 11 1995 SEQUENCE
DIGITIZER DBA 21
LEFT_CC LINES 4349 PIXELS_PER_LINE 1979 BITS_PER_PIXEL 16 RESOLUTION 42 NON_OVERLAY
RIGHT_CC LINES 4334 PIXELS_PER_LINE 1874 BITS_PER_PIXEL 16 RESOLUTION 42 OVERLAY
"""


def write(tmp_path, text, name="file"):
    path = tmp_path / name
    path.write_text(text)
    return path


def test_ics_is_read_by_keyword_with_glued_sequence_and_missing_age(tmp_path):
    case = ddsm.read_ics(write(tmp_path, ICS.format(age="")))
    assert (case.case_id, case.digitizer, case.age, case.density) == ("A-0002-1", "DBA 21", None, 2)
    assert set(case.views) == {"LEFT_CC", "RIGHT_CC"}
    assert case.views["RIGHT_CC"] == ddsm.View("RIGHT_CC", 4334, 1874, 16, 42.0, True)
    assert ddsm.read_ics(write(tmp_path, ICS.format(age="63"))).age == 63


def test_order_of_ics_lines_does_not_matter(tmp_path):
    text = ICS.format(age="63")
    turned = "\n".join(reversed(text.splitlines()))
    assert ddsm.read_ics(write(tmp_path, text)) == ddsm.read_ics(write(tmp_path, turned))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("filename A-0002-1", "filename ../../etc", "plain case name"),
        ("filename A-0002-1", "", "plain case name"),
        ("_CC LINES", "_XX LINES", "describes no view"),
    ],
)
def test_broken_ics_is_refused_with_file_and_line(tmp_path, old, new, message):
    path = write(tmp_path, ICS.format(age="63").replace(old, new))
    with pytest.raises(CamsegError, match=message) as error:
        ddsm.read_ics(path)
    assert str(path) in str(error.value)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("LINES 4349", "LINES many", ":11: LEFT_CC is not described"),
        ("LINES 4349", "LINES 0", ":11: LEFT_CC has an impossible size"),
        ("LINES 4349 PIXELS_PER_LINE 1979", "LINES 65535 PIXELS_PER_LINE 65535", ":11: .* size"),
        ("NON_OVERLAY", "", ":11: LEFT_CC is not described"),
    ],
)
def test_a_broken_view_line_costs_that_view_alone(tmp_path, old, new, message):
    path = write(tmp_path, ICS.format(age="63").replace(old, new))
    case = ddsm.read_ics(path)
    assert set(case.views) == {"RIGHT_CC"}
    assert re.match(re.escape(str(path)) + message, case.faults["LEFT_CC"])


def test_what_is_no_number_is_none(tmp_path):
    for age in ("66Y", "9" * 5000, "\u0663"):
        assert ddsm.read_ics(write(tmp_path, ICS.format(age=age))).age is None


def test_gzipped_files_read_the_same(tmp_path):
    plain = write(tmp_path, ICS.format(age="63"), "a.ics")
    packed = tmp_path / "a.ics.gz"
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    assert ddsm.read_ics(packed) == ddsm.read_ics(plain)
    packed.write_bytes(packed.read_bytes()[:-20])
    with pytest.raises(CamsegError, match="cannot be read"):
        ddsm.read_ics(packed)


def test_a_gzip_bomb_is_refused(tmp_path):
    bomb = tmp_path / "a.ics.gz"
    bomb.write_bytes(gzip.compress(bytes(50_000_000)))
    with pytest.raises(CamsegError, match="more than 65536 bytes"):
        ddsm.read_ics(bomb)


def test_overlay_with_core_several_types_and_fewer_outlines_than_announced(tmp_path):
    text = (
        "TOTAL_ABNORMALITIES 1\nABNORMALITY 1 \nLESION_TYPE MASS SHAPE OVAL MARGINS ILL_DEFINED\n"
        "LESION_TYPE CALCIFICATION TYPE PLEOMORPHIC DISTRIBUTION CLUSTERED\nASSESSMENT 3\n"
        "SUBTLETY 5\nPATHOLOGY BENIGN\nTOTAL_OUTLINES 3 \nBOUNDARY \n"
        f"{rectangle(10, 20, 6, 5)}\n\tCORE \n\t{rectangle(12, 21, 2, 2)}\n"
    )
    (abnormality,) = ddsm.read_overlay(write(tmp_path, text))
    assert len(abnormality.lesion_types) == 2
    assert (abnormality.assessment, abnormality.subtlety) == (3, 5)
    assert abnormality.pathology == "BENIGN"
    assert [outline.kind for outline in abnormality.outlines] == ["BOUNDARY", "CORE"]
    boundary = abnormality.outlines[0]
    assert boundary.start == (10, 20)
    assert boundary.closed
    mask = ddsm.fill_outline(boundary, (40, 40))
    expected = np.zeros((40, 40), dtype=np.uint8)
    expected[20:25, 10:16] = 1
    assert (mask == expected).all()


@pytest.mark.parametrize(
    ("chain", "message"),
    [
        ("10 20 2 2 4 8 #", "step 4 is '8'"),
        ("10 20 2 2 4 x #", "step 4 is 'x'"),
        ("10 20 2 2 4", "does not end with '#'"),
        ("10 #", "no start column and row"),
        ("", "has no outline"),
    ],
)
def test_broken_chains_are_refused_with_file_and_line(tmp_path, chain, message):
    with pytest.raises(CamsegError, match=message):
        ddsm.read_overlay(write(tmp_path, overlay_text(chain)))


def flood(points: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Slow oracle: what cannot be reached from outside without crossing the outline."""
    height, width = shape
    wall = {(int(row) + 1, int(column) + 1) for column, row in points}
    reached, waiting = {(0, 0)}, deque([(0, 0)])
    while waiting:
        row, column = waiting.popleft()
        for place in ((row + 1, column), (row - 1, column), (row, column + 1), (row, column - 1)):
            inside = 0 <= place[0] < height + 2 and 0 <= place[1] < width + 2
            if inside and place not in reached and place not in wall:
                reached.add(place)
                waiting.append(place)
    mask = np.ones((height + 2, width + 2), dtype=np.uint8)
    for place in reached:
        mask[place] = 0
    return mask[1:-1, 1:-1]


@settings(max_examples=200, deadline=None)
@given(st.lists(st.integers(0, 7), max_size=60))
def test_filled_outline_equals_slow_flood_fill(steps):
    """Any closed walk, crossing itself or not; closed by going back the same steps mirrored."""
    there = np.array(steps, dtype=np.uint8)
    shuffled = np.random.default_rng(len(steps)).permutation(there)
    outline = ddsm.Outline("BOUNDARY", (64, 64), np.concatenate([there, (shuffled + 4) % 8]))
    assert outline.closed
    assert (ddsm.fill_outline(outline, (130, 130)) == flood(outline.points, (130, 130))).all()


def test_open_chain_is_filled_as_the_polygon():
    outline = ddsm.Outline("BOUNDARY", (5, 5), np.array([2] * 6 + [4] * 6, dtype=np.uint8))
    assert not outline.closed
    mask = ddsm.fill_outline(outline, (20, 20))
    rows, columns = np.indices((20, 20))
    triangle = (columns <= 11) & (rows >= 5) & (rows - 5 <= columns - 5)
    assert (mask == triangle).all()


def test_outline_leaving_the_image_is_cut_at_its_edge():
    chain = np.array([2] * 9 + [4] * 9 + [6] * 9 + [0] * 9, dtype=np.uint8)
    mask = ddsm.fill_outline(ddsm.Outline("BOUNDARY", (-4, 15), chain), (20, 20))
    expected = np.zeros((20, 20), dtype=np.uint8)
    expected[15:20, 0:6] = 1
    assert (mask == expected).all()
    # round the image's upper left corner, without a pixel inside
    corner = np.array([2] * 6 + [5] * 6 + [0] * 6, dtype=np.uint8)
    with pytest.raises(CamsegError, match="outside the image"):
        ddsm.fill_outline(ddsm.Outline("BOUNDARY", (-4, -3), corner), (20, 20))
    for start in ((-40, 0), (30, 30)):
        with pytest.raises(CamsegError, match="outside the image"):
            ddsm.fill_outline(ddsm.Outline("BOUNDARY", start, chain), (20, 20))
    far = np.array([2] * 100 + [6] * 100, dtype=np.uint8)
    with pytest.raises(CamsegError, match="leaves the image by 85 pixels"):
        ddsm.fill_outline(ddsm.Outline("BOUNDARY", (4, 4), far), (20, 20))


@pytest.mark.parametrize(
    ("scanner", "grey", "density"),
    [  # by hand from the calibration formulas
        ("dba", 10000, (4.0 - 4.80662) / -1.07553),
        ("howtek-mgh", 2000, 3.789 - 0.00094568 * 2000),
        ("lumisys", 2000, (2000 - 4096.99) / -1009.01),
        ("howtek-ismd", 2000, 3.96604095240593 - 0.00099055807612 * 2000),
        ("dba", 0, (np.log10(4) - 4.80662) / -1.07553),  # black stays black
        ("dba", 65535, 0.0),
        ("lumisys", 0, (61 - 4096.99) / -1009.01),
        ("lumisys", 65535, 0.0),
    ],
)
def test_calibration_to_optical_density(scanner, grey, density):
    image = np.array([[grey]], dtype=np.uint16)
    assert ddsm.optical_density(image, scanner)[0, 0] == pytest.approx(density, abs=1e-4)


@pytest.mark.parametrize("scanner", ddsm.SCANNERS)
def test_grey_levels_invert_the_calibration(scanner):
    known = ddsm.SCANNERS[scanner]
    grey = np.arange(known.lowest, min(known.highest, 65535) + 1, dtype=np.uint16)
    inside = (known.densities()[grey] > 0) & (known.densities()[grey] < 4)
    back = ddsm.grey_level(known.densities()[grey], scanner)
    assert (back == grey)[inside].all()


@pytest.mark.parametrize("scanner", ddsm.SCANNERS)
def test_eight_bits_are_the_upper_byte_of_ddsm_utilitys_value(scanner):
    grey = np.random.default_rng(0).integers(0, 65536, 200).astype(np.uint16)
    for level, value in zip(grey, ddsm.eight_bit(grey, scanner), strict=True):
        density = ddsm.SCANNERS[scanner].densities()[level]
        v = 65535 - int(65535 / 4 * density)
        assert value == (v * v // 65535) // 256


def test_raw_grey_is_stretched_from_its_least_to_its_greatest():
    grey = np.array([[300, 301, 400], [1300, 700, 300]], dtype=np.uint16)
    expected = [[0, 0, 26], [255, 102, 0]]  # round(255 * (g - 300) / 1000)
    assert (ddsm.eight_bit(grey, ddsm.MIN_MAX) == expected).all()
    assert (ddsm.brightness(grey, ddsm.MIN_MAX) == expected).all()
    assert (ddsm.eight_bit(np.full((2, 2), 7, np.uint16), ddsm.MIN_MAX) == 0).all()


@pytest.mark.parametrize("scanner", ddsm.SCANNERS)
def test_brightness_is_linear_in_optical_density(scanner):
    grey = np.arange(65536, dtype=np.uint16).reshape(256, 256)
    expected = np.rint(255 * (1 - ddsm.SCANNERS[scanner].densities() / 4)).reshape(256, 256)
    assert (ddsm.brightness(grey, scanner) == expected).all()
    assert (ddsm.brightness(grey[3:9, 5:70], scanner) == expected[3:9, 5:70]).all()


def test_scanner_is_told_by_hospital_and_digitizer():
    assert ddsm.scanner_of("A-1-1", "DBA 21") == "dba"
    assert ddsm.scanner_of("A-1-1", "HOWTEK 43.5") == "howtek-mgh"
    assert ddsm.scanner_of("B-3-1", "LUMISYS") == "lumisys"
    assert ddsm.scanner_of("C-3-1", "LUMISYS LASER") == "lumisys"
    assert ddsm.scanner_of("D-4-1", "HOWTEK 43.5") == "howtek-ismd"
    for case_id, digitizer in (("A-1-1", "LUMISYS"), ("C-1-1", "VIDAR"), ("C-1-1", "")):
        with pytest.raises(CamsegError, match="no calibration for the scanner"):
            ddsm.scanner_of(case_id, digitizer)


def test_image_with_swapped_header_is_laid_out_as_the_ics_says(tmp_path):
    case = write_case(tmp_path, left=(50, 30))
    path = case / "B_0001_1.LEFT_CC.LJPEG"
    view = ddsm.View("LEFT_CC", 50, 30, 12, 200.0, False)
    swapped = ddsm.View("LEFT_CC", 30, 50, 12, 200.0, False)
    image = ddsm.read_image(path, view.shape)
    assert (ddsm.read_image(path, swapped.shape) == image.reshape(30, 50)).all()
    with pytest.raises(CamsegError, match=r"LEFT_CC.LJPEG: the LJPEG has 50 x 30 pixels"):
        ddsm.read_image(path, (50, 31))


def test_real_cases_are_read(fixtures):
    text = fixtures / "text"
    case = ddsm.read_ics(text / "normal_01/case0002/A-0002-1.ics")
    assert (case.case_id, case.digitizer, case.age) == ("A-0002-1", "DBA 21", 63)
    assert [view.overlay for view in case.views.values()] == [False] * 4
    (lesion,) = ddsm.read_overlay(text / "cancer_01/case0001/C_0001_1.RIGHT_CC.OVERLAY")
    assert lesion.lesion_types == ("MASS SHAPE IRREGULAR MARGINS SPICULATED",)
    assert lesion.outlines[0].start == (2248, 1240)
    assert lesion.outlines[0].closed
