"""What is said and written of a data set: counts, the configuration, what cannot be described."""

import shlex

import numpy as np
import pandas as pd
import pytest
import yaml
from PIL import Image

from camseg.errors import CamsegError
from camseg.rois import extraction
from camseg.study import describe as module
from camseg.study.describe import FILES, describe
from conftest import block, bright, rectangle, write_case
from project import ROOT

SHAPE = (120, 80)


def told(path, out, cases=50):
    return list(describe(path, out, cases))


def proposed(out):
    return yaml.safe_load((out / "config.yaml").read_text())


@pytest.fixture
def ddsm(tmp_path):
    """Five DDSM cases: four with a lesion, of which one lacks its right image; one normal."""
    folder = tmp_path / "cases"
    for number in (1, 2, 3, 6):
        write_case(folder, f"B-{number:04}-1", left_lesions=(rectangle(20, 30, 20, 10 + number),))
    write_case(folder, "B-0005-1")
    (folder / "case0006/B_0006_1.RIGHT_CC.LJPEG").unlink()
    return folder


def test_every_number_is_that_of_the_files(ddsm, tmp_path):
    lines = told(ddsm, tmp_path / "out")
    assert lines[0] == f"{ddsm}: DDSM (dataset: source: ddsm)"
    assert lines[1].startswith("5 cases, 10 views: 9 usable with 4 lesions")
    for line in [
        "  rejected: 1 x B_0006_1.RIGHT_CC.LJPEG is missing",
        "patients: 5",
        "usable views: LEFT_CC 5, RIGHT_CC 4",
        "types of lesions: MASS 4",
        "pathologies of lesions: MALIGNANT 4",
        "usable views without a lesion: 5",
        "sizes in pixels: 80 x 120, median 80 x 120, to 80 x 120",
        "ROIs of 4 cases, drawn of 4 to cut from:",
        "     4 abnormal used",
        "     3 normal used",
        "     1 normal dropped RIGHT_CC cannot be used: B_0006_1.RIGHT_CC.LJPEG is missing",
        "lesions' boxes in pixels: 20 x 11, median 20 x 13, to 20 x 16",
    ]:
        assert line in lines
    (greys,) = (line for line in lines if line.startswith("grey levels of 7 pictures"))
    assert "bits a sample 12 7" in greys
    out = tmp_path / "out"
    assert {path.name for path in out.iterdir()} == set(FILES)
    candidates = pd.read_csv(out / "candidates.tsv", sep="\t")
    assert (candidates["status"] == "used").sum() == 7
    assert Image.open(out / "contact_sheet.png").width == pytest.approx(2067, abs=2)
    assert proposed(out) == {
        "pathvars": {"results": "results/cases"},
        "dataset": {"source": "ddsm", "path": str(ddsm)},
        "splits": 5,
    }
    command = f"snakemake --cores all all --configfile {out / 'config.yaml'}"
    assert f"# run: {command}" in (out / "config.yaml").read_text()
    assert lines[-1].endswith(command)


def test_described_twice_it_is_the_same(ddsm, tmp_path):
    for name in ("one", "two"):
        told(ddsm, tmp_path / name, cases=2)
    for name in FILES[:3]:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_from_another_folder_the_command_names_the_clone(ddsm, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (*_, last) = told(ddsm.relative_to(tmp_path), ddsm.relative_to(tmp_path).with_name("out"))
    snakefile = shlex.quote(str(ROOT / "Snakefile"))
    assert f"snakemake -s {snakefile} --cores all all --configfile out/config.yaml" in last
    assert proposed(tmp_path / "out")["dataset"]["path"] == "cases"  # from the same folder


def test_only_the_cases_drawn_are_cut(ddsm, tmp_path, monkeypatch):
    cut = []
    true = extraction.extract_case
    monkeypatch.setattr(extraction, "extract_case", lambda *a: cut.append(a) or true(*a))
    lines = told(ddsm, tmp_path / "out", cases=2)
    assert len(cut) == 2
    assert "ROIs of 2 cases, drawn of 4 to cut from:" in lines
    index = pd.read_csv(tmp_path / "out/index.tsv", sep="\t")
    assert len(index) == 10  # headers are read of all


def write_pair(folder, number, turned):
    """A pair of images and a mask, as lines of a table; with `turned` the right one faces left."""
    patient = f"p{number}"
    left, right = bright("LEFT", SHAPE), bright("LEFT" if turned else "RIGHT", SHAPE)
    left[number, 0] = right[number, 1] = 255
    for side, image in (("left", left), ("right", right)):
        Image.fromarray(image).save(folder / f"{patient}_{side}.png")
    mask = block(SHAPE, 15, 40 + number, 20, 20)
    Image.fromarray(mask).save(folder / f"{patient}_mask.png")
    return [
        f"{patient}_left.png,{patient},left,abnormal,{patient}_mask.png",
        f"{patient}_right.png,{patient},right,normal,",
    ]


@pytest.mark.parametrize("turned", [False, True])
def test_pictures_stored_turned_are_found_and_cut_so(tmp_path, turned):
    lines = [line for number in range(6) for line in write_pair(tmp_path, number, turned)]
    header = "image,patient,side,label,mask"
    (tmp_path / "list.csv").write_text("\n".join([header, *lines]) + "\n")
    lines = told(tmp_path, tmp_path / "out")
    assert lines[1] == "if it lists regions already cut: dataset: source: rois"
    config = proposed(tmp_path / "out")
    assert config["dataset"] == {"source": "table", "path": str(tmp_path / "list.csv")}
    assert config.get("rois") == ({"chest_wall": "left"} if turned else None)
    assert "     6 normal used" in lines
    assert not [line for line in lines if "see rois: chest_wall" in line]
    candidates = pd.read_csv(tmp_path / "out/candidates.tsv", sep="\t").set_index("roi_id")
    x = candidates.groupby("pair_id")["x"].agg(list)
    same = [first == second for first, second in x]
    assert all(same) if turned else not any(same)  # mirrored within the image, or not


def write_folders(folder, normal):
    """Images with masks in class folders; `normal` says how many have no lesion."""
    random = np.random.default_rng(0)
    for name, count in (("benign", 4), ("normal", normal)):
        (folder / name).mkdir(parents=True)
        for number in range(count):
            image = random.integers(0, 256, (90, 120)).astype(np.uint8)
            Image.fromarray(image).save(folder / name / f"{name} ({number}).png")
            if name == "benign":
                mask = block((90, 120), 10, 10 + number, 20, 20)
                Image.fromarray(mask).save(folder / name / f"{name} ({number})_mask.png")


@pytest.mark.parametrize(("normal", "taken_from"), [(3, "other_images"), (0, "same_image")])
def test_images_without_sides_and_patients(tmp_path, normal, taken_from):
    write_folders(tmp_path / "set", normal)
    lines = told(tmp_path / "set", tmp_path / "out")
    assert "patients: unknown" in lines
    assert "pathologies of lesions: BENIGN 4" in lines
    assert f"usable views without a lesion: {normal}" in lines
    assert "     4 normal used" in lines
    config = proposed(tmp_path / "out")
    assert config["rois"] == {"normal": taken_from}
    assert config["split"] == {"by": "image"}


def test_copies_in_the_sample_are_told(tmp_path):
    write_folders(tmp_path / "set", 2)
    for end in ("", "_mask"):
        copy = tmp_path / f"set/benign/benign (9){end}.png"
        copy.write_bytes((tmp_path / f"set/benign/benign (0){end}.png").read_bytes())
    lines = told(tmp_path / "set", tmp_path / "out")
    said = "warning: views of these are left out: 1 x its image has the same pixels as that of"
    assert any(line.startswith(said) for line in lines)
    assert "     4 abnormal used" in lines


def refusal(path, out):
    with pytest.raises(CamsegError, match=r"^[^\n]*$") as caught:
        told(path, out)
    assert str(path) in str(caught.value)
    assert not (out / "config.yaml").exists()
    return str(caught.value)


def test_images_without_any_mask_end_in_one_line_that_says_so(tmp_path):
    write_folders(tmp_path / "set", 0)
    for mask in (tmp_path / "set").rglob("*_mask.png"):
        mask.unlink()
    said = refusal(tmp_path / "set", tmp_path / "out")
    assert "4 x has no mask" in said
    assert said.endswith("see " + str(tmp_path / "out/contact_sheet.png"))
    assert (tmp_path / "out/contact_sheet.png").is_file()


def test_a_data_set_without_lesions_ends_in_one_line(tmp_path):
    write_case(tmp_path / "cases")
    assert refusal(tmp_path / "cases", tmp_path / "out").endswith(": no view has a lesion")


def test_a_study_of_the_default_name_does_not_write_into_the_default_study(ddsm, tmp_path):
    told(ddsm.rename(ddsm.with_name("phantom")), tmp_path / "out")
    assert proposed(tmp_path / "out")["pathvars"]["results"] == "results/phantom-data"


def test_a_sheet_is_bounded(ddsm, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "SHEET", 4)
    lines = told(ddsm, tmp_path / "out")
    assert any(line.startswith("grey levels of 3 pictures") for line in lines)  # and one rejected
