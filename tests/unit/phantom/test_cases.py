import collections

import cv2
import numpy as np
import pytest
from scipy import ndimage

from camseg.errors import CamsegError
from camseg.formats import ddsm
from camseg.phantom import cases as phantom
from camseg.phantom.drawing import draw_mass, power_law_field
from camseg.phantom.options import PhantomOptions
from camseg.rois import boxes as roi

SEED, CASES = 3, 10
CONTRAST = PhantomOptions(cases=CASES).contrast  # what `write_study` takes by itself
SHAPES = ("ROUND", "OVAL", "LOBULATED", "IRREGULAR")
MARGINS = ("CIRCUMSCRIBED", "OBSCURED", "MICROLOBULATED", "ILL_DEFINED", "SPICULATED")


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    folder = tmp_path_factory.mktemp("phantom") / "study"
    phantom.write_study(folder, seed=SEED, cases=CASES)
    return folder


@pytest.fixture(scope="module")
def cases(study):
    """Every case as the files say it, by its number: (path, ddsm.Case, {view: abnormalities})."""
    found = {}
    for path in study.rglob("*.ics"):
        case = ddsm.read_ics(path)
        overlays = {
            name: ddsm.read_overlay(file)
            for name in case.views
            if (file := image_path(path, case, name).with_suffix(".OVERLAY")).exists()
        }
        found[int(case.case_id.split("-")[1]) - 1] = path, case, overlays
    return found


def image_path(ics, case, name):
    return ics.parent / f"{case.case_id.replace('-', '_')}.{name}.LJPEG"


def contents(folder):
    return {p.relative_to(folder): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def filled(start, chain, shape):
    """Walk a chain step by step and flood what it encloses; independent of OpenCV."""
    steps = [(0, -1), (1, -1), (1, 0), (1, 1), (0, 1), (-1, 1), (-1, 0), (-1, -1)]
    column, row = start
    mask = np.zeros(shape, dtype=bool)
    mask[row, column] = True
    for step in chain:
        column, row = column + steps[step][0], row + steps[step][1]
        mask[row, column] = True
    assert (column, row) == start, "the chain is open"
    return ndimage.binary_fill_holes(mask)


def blob(seed):
    """A random region without holes, often with arms one pixel wide, touching the border."""
    rng = np.random.default_rng(seed)
    regions, count = ndimage.label(
        ndimage.gaussian_filter(rng.normal(size=(40, 60)), rng.uniform(0.6, 4)) > 0,
        structure=np.ones((3, 3)),
    )
    largest = 1 + np.bincount(regions.ravel(), minlength=count + 1)[1:].argmax()
    return ndimage.binary_fill_holes(regions == largest)


@pytest.mark.parametrize("seed", range(20))
def test_chain_closes_and_fills_to_the_mask(seed):
    mask = blob(seed)
    start, chain = phantom.chain_code(mask)
    assert chain.dtype == np.uint8
    np.testing.assert_array_equal(filled(start, chain, mask.shape), mask)


def test_chain_of_a_square_and_of_a_pixel():
    mask = np.zeros((9, 9), dtype=bool)
    mask[2:6, 3:7] = True
    start, chain = phantom.chain_code(mask)
    assert start in {(column, row) for column in (3, 6) for row in (2, 5)}
    assert collections.Counter(chain.tolist()) == {0: 3, 2: 3, 4: 3, 6: 3}
    single = np.zeros((5, 5), dtype=bool)
    single[1, 4] = True
    start, chain = phantom.chain_code(single)
    assert start == (4, 1)
    assert len(chain) == 0


def test_chain_goes_round_one_region_only():
    with pytest.raises(ValueError, match="not 2"):
        phantom.chain_code(np.array([[1, 0, 1]], dtype=bool))
    with pytest.raises(ValueError, match="not 0"):
        phantom.chain_code(np.zeros((3, 3), dtype=bool))


@pytest.mark.parametrize("exponent", [2.0, 3.0])
def test_texture_has_the_power_spectrum(exponent):
    rng = np.random.default_rng(0)
    power = np.mean(
        [
            np.abs(np.fft.fft2(power_law_field((256, 256), rng, exponent=exponent))) ** 2
            for _ in range(8)
        ],
        axis=0,
    )
    frequency = np.hypot(*np.meshgrid(np.fft.fftfreq(256), np.fft.fftfreq(256)))
    rings = np.arange(4, 100)
    radial = [power[np.rint(frequency * 256) == ring].mean() for ring in rings]
    slope = np.polyfit(np.log(rings), np.log(radial), 1)[0]
    assert slope == pytest.approx(-exponent, abs=0.1)


def test_texture_is_standardised():
    field = power_law_field((300, 200), np.random.default_rng(1), stretch=2.0)
    assert field.shape == (300, 200)
    assert field.dtype == np.float32
    assert field.mean() == pytest.approx(0, abs=1e-4)
    assert field.std() == pytest.approx(1, abs=1e-4)
    down, along = (np.abs(np.diff(field, axis=axis)).mean() for axis in (0, 1))
    assert down > 1.3 * along


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("margin", MARGINS)
def test_outline_goes_generously_round_the_mass(shape, margin):
    mass = draw_mass(np.random.default_rng(5), shape=shape, margin=margin, radius=40, core=True)
    half = len(mass.profile) // 2
    assert mass.boundary[half, half]
    assert not (mass.boundary[[0, -1]].any() or mass.boundary[:, [0, -1]].any())
    assert 1.0 < np.sqrt(mass.boundary.sum() / np.pi) / 40 < 1.4
    body = mass.profile > 0.5
    assert (body & ~mass.boundary).sum() < (0.05 if margin != "SPICULATED" else 0.2) * body.sum()
    assert (mass.core & ~mass.boundary).sum() == 0
    assert mass.core.sum() < 0.5 * mass.boundary.sum()
    assert ndimage.label(mass.boundary, structure=np.ones((3, 3)))[1] == 1


def test_files_say_what_was_drawn(cases):
    assert sorted(cases) == list(range(CASES))
    for number, (path, case, overlays) in cases.items():
        drawn = phantom.draw_case(SEED, number, contrast=CONTRAST)
        assert case.case_id == drawn.case_id
        assert (case.age, case.density) == (drawn.age, drawn.category)
        assert set(case.views) == {"LEFT_CC", "RIGHT_CC"}
        scanner = ddsm.scanner_of(case.case_id, case.digitizer)
        for name, view in case.views.items():
            image = drawn.views[name]
            grey = ddsm.read_image(image_path(path, case, name), view.shape)
            np.testing.assert_array_equal(grey, ddsm.grey_level(image.density, scanner))
            assert view.resolution == 200
            assert view.overlay == bool(image.abnormalities) == (name in overlays)
            for said, meant in zip(overlays.get(name, ()), image.abnormalities, strict=True):
                assert said.lesion_types == meant.lesion_types
                assert (said.assessment, said.subtlety) == (meant.assessment, meant.subtlety)
                assert said.pathology == meant.pathology
                for outline, truth in zip(said.outlines, meant.outlines, strict=True):
                    assert (outline.kind, outline.start) == (truth.kind, truth.start)
                    np.testing.assert_array_equal(outline.chain, truth.chain)


def test_words_are_the_databases_own(cases):
    for path, _, overlays in cases.values():
        volume = path.parents[2].name
        assert volume in ("cancers", "benigns", "normals")
        assert (volume == "normals") == (not overlays)
        for abnormality in (lesion for lesions in overlays.values() for lesion in lesions):
            mass, _, shape, _, margin = abnormality.lesion_types[0].split()
            assert mass == "MASS"
            assert shape in SHAPES
            assert margin in MARGINS
            assert volume == {"MALIGNANT": "cancers", "BENIGN": "benigns"}[abnormality.pathology]
            assert 2 <= abnormality.assessment <= 5
            assert 1 <= abnormality.subtlety <= 5


def test_grey_levels_lie_in_each_scanners_range(cases):
    seen = set()
    for path, case, _ in cases.values():
        scanner = ddsm.scanner_of(case.case_id, case.digitizer)
        seen.add(scanner)
        for name, view in case.views.items():
            grey = ddsm.read_image(image_path(path, case, name), view.shape)
            known = ddsm.SCANNERS[scanner]
            assert view.bits_per_pixel == (16 if scanner == "dba" else 12)
            assert known.lowest < grey.min()
            assert grey.max() < min(known.highest, 2**view.bits_per_pixel - 1)
            density = ddsm.optical_density(grey, scanner)
            assert 0.2 < np.quantile(density, 0.02) < 1.6
            assert 3.2 < np.quantile(density, 0.98) < 3.5
    assert seen == {"dba", "lumisys", "howtek-ismd"}


def test_chest_wall_is_at_the_right_edge(cases):
    for path, case, _ in cases.values():
        scanner = ddsm.scanner_of(case.case_id, case.digitizer)
        for name, view in case.views.items():
            grey = ddsm.read_image(image_path(path, case, name), view.shape)
            density = ddsm.optical_density(grey, scanner)
            middle = density[len(density) // 3 : -len(density) // 3]
            left, right = middle[:, :20].mean(), middle[:, -20:].mean()
            assert (left < right - 0.5) if name == "LEFT_CC" else (right < left - 0.5)


def boxes(overlays, case):
    """The largest padded boxes of each view's lesions, and whether two lesions touch."""
    found = {}
    for name, lesions in overlays.items():
        shape = case.views[name].lines, case.views[name].pixels_per_line
        masks = [ddsm.fill_outline(lesion.outlines[0], shape) for lesion in lesions]
        assert (sum(ndimage.binary_dilation(mask, iterations=2) for mask in masks) <= 1).all()
        found[name] = [roi.pad_box(roi.bounding_box(mask), np.full(4, 0.3)) for mask in masks]
    return found


def test_first_ten_cases_hold_every_kind(cases):
    kinds = collections.Counter()
    for _, case, overlays in cases.values():
        padded = boxes(overlays, case)
        counts = sorted(len(lesions) for lesions in padded.values())
        if counts == [1, 1]:
            wall = roi.Wall("RIGHT", case.views["RIGHT_CC"].pixels_per_line)
            mirrored = roi.mirror_box(padded["LEFT_CC"][0], roi.Wall("LEFT", 0), wall)
            counts.append("overlap" if roi.overlap(mirrored, padded["RIGHT_CC"][0]) else "apart")
        kinds[tuple(counts)] += 1
    assert kinds == {(): 1, (1,): 6, (2,): 1, (1, 1, "overlap"): 1, (1, 1, "apart"): 1}
    assert collections.Counter(phantom.KINDS)["single"] / len(phantom.KINDS) == 0.8


def test_mirrored_place_lies_on_the_other_breast(cases):
    for _, case, overlays in cases.values():
        shapes = {name: (view.lines, view.pixels_per_line) for name, view in case.views.items()}
        walls = {
            "LEFT_CC": roi.Wall("LEFT", 0),
            "RIGHT_CC": roi.Wall("RIGHT", shapes["RIGHT_CC"][1]),
        }
        for name, padded in boxes(overlays, case).items():
            other = "RIGHT_CC" if name == "LEFT_CC" else "LEFT_CC"
            for box in padded:
                mirrored = roi.mirror_box(box, walls[name], walls[other])
                assert roi.clip_box(box, shapes[name]) == box
                assert roi.clip_box(mirrored, shapes[other]) == mirrored


@pytest.mark.parametrize("number", [0, 3])
def test_contrast_changes_the_mass_and_nothing_else(number):
    faint, strong = (phantom.draw_case(SEED, number, contrast=(c, c)) for c in (0.1, 0.7))
    for name, view in strong.views.items():
        change = view.density - faint.views[name].density
        shape = change.shape
        reached = np.zeros(shape, dtype=bool)
        for before, after in zip(faint.views[name].abnormalities, view.abnormalities, strict=True):
            mask = ddsm.fill_outline(after.outlines[0], shape)
            np.testing.assert_array_equal(mask, ddsm.fill_outline(before.outlines[0], shape))
            box = roi.clip_box(roi.pad_box(roi.bounding_box(mask), np.full(4, 0.8)), shape)
            reached[box.slices] = True
            assert change[mask > 0].mean() < -0.1
            assert after.subtlety > before.subtlety
        assert (change[~reached] == 0).all()


def test_masses_are_denser_than_their_surroundings():
    differences = []
    for number in (0, 1, 2, 3, 4, 6):
        for view in phantom.draw_case(SEED, number, contrast=(0.8, 0.8)).views.values():
            for abnormality in view.abnormalities:
                mask = ddsm.fill_outline(abnormality.outlines[0], view.density.shape)
                ring = ndimage.binary_dilation(mask, iterations=15) & (mask == 0)
                differences.append(view.density[mask > 0].mean() - view.density[ring].mean())
    assert np.mean(differences) < -0.2
    assert np.mean(np.array(differences) < 0) >= 0.8


def test_a_study_follows_from_its_seed_and_its_cases_from_nothing_else(tmp_path, study):
    phantom.write_study(tmp_path / "few", seed=SEED, cases=2)
    phantom.write_study(tmp_path / "other", seed=SEED + 1, cases=2)
    many, few, other = (contents(f) for f in (study, tmp_path / "few", tmp_path / "other"))
    assert few == {path: many[path] for path in few}
    assert not set(few.values()) & set(other.values())


def test_a_study_does_not_depend_on_the_machines_cores():
    images, threads = [], cv2.getNumThreads()
    for number in (1, 2, 3):
        cv2.setNumThreads(number)
        case = phantom.draw_case(SEED, 1, contrast=CONTRAST)
        images.append([view.density for view in case.views.values()])
    cv2.setNumThreads(threads)
    np.testing.assert_equal(images[1:], images[:1] * 2)


def test_a_study_is_written_whole_or_not_at_all(tmp_path, monkeypatch):
    def break_down(seed, number, *, contrast):
        if number == 1:
            raise RuntimeError("killed")
        return drawn

    drawn = phantom.draw_case(SEED, 5, contrast=CONTRAST)
    monkeypatch.setattr(phantom, "draw_case", break_down)
    with pytest.raises(RuntimeError, match="killed"):
        phantom.write_study(tmp_path / "study", seed=SEED, cases=2)
    assert list(tmp_path.iterdir()) == []


def test_a_study_overwrites_nothing(tmp_path):
    (tmp_path / "mine").write_text("precious")
    with pytest.raises(CamsegError, match="not empty"):
        phantom.write_study(tmp_path, seed=SEED, cases=1)
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


@pytest.mark.parametrize(
    ("cases", "contrast"), [(0, (0.1, 0.2)), (1, (0.3, 0.2)), (1, (0.0, 0.2)), (1, (-1.0, 1.0))]
)
def test_an_impossible_study_is_refused(tmp_path, cases, contrast):
    with pytest.raises(CamsegError, match="at least one case"):
        phantom.write_study(tmp_path / "study", seed=SEED, cases=cases, contrast=contrast)
    assert list(tmp_path.iterdir()) == []
