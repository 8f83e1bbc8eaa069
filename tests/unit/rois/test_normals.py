from collections import Counter
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from camseg.datasets.index import write_index
from camseg.datasets.views import COLUMNS, new_row, read_index
from camseg.errors import CamsegError
from camseg.rois import extraction, normals
from camseg.rois.boxes import Box, Wall, overlap
from camseg.rois.breast import Breast
from camseg.rois.lesions import NO_LESION, Candidate
from conftest import block, bright
from made import RULES, index_source

SHAPE = 24, 30
SMALL = Box(0, 0, 10, 10)
BESIDE = replace(RULES, normal="same_image", normal_place="drawn")
ELSEWHERE = replace(RULES, normal="other_images")


def a_breast():
    """A triangle at the left edge: its skin line runs from the upper right to the lower left."""
    rows, columns = np.ogrid[: SHAPE[0], : SHAPE[1]]
    return Breast(rows + columns < 30, "LEFT", 0)


def allowed(box, blocked, breast, share):
    """The places of a box by trying each."""
    wanted = share * breast.pixels[box.slices].mean()
    places = {
        Box(x, y, box.w, box.h) for x in range(SHAPE[1] - box.w + 1)
        for y in range(SHAPE[0] - box.h + 1)
    }  # fmt: skip
    return {
        place
        for place in places
        if not any(overlap(place, other) for other in blocked)
        and breast.pixels[place.slices].mean() >= wanted - 1e-6
    }


def test_a_place_beside_the_lesion_is_any_that_is_allowed_and_no_other():
    """Oracle: all places tried one by one; over many draws each of them comes up."""
    box, other, breast = Box(2, 3, 6, 5), Box(12, 2, 4, 4), a_breast()
    wanted = allowed(box, [box, other], breast, 0.5)
    drawn = {
        normals.free_place(box, [box, other], breast, SHAPE, BESIDE, str(n)) for n in range(3000)
    }
    assert 50 < len(wanted) < 400
    assert drawn == wanted


def test_without_a_breast_to_look_for_any_place_off_the_lesions_will_do():
    box = Box(2, 3, 20, 20)
    rules = replace(BESIDE, normal_place="skin_distance")
    drawn = {
        normals.free_place(box, [Box(0, 0, 5, 3)], None, SHAPE, rules, str(n)) for n in range(500)
    }
    assert drawn == {
        Box(x, y, 20, 20) for x in range(11) for y in range(5) if x >= 5 or y >= 3
    }  # fmt: skip


def test_a_place_matched_in_distance_from_the_skin_line_lies_about_as_deep():
    """Oracle: the distance of each pixel of the breast from the nearest that is none."""
    breast, box = a_breast(), Box(3, 12, 3, 3)
    inside, outside = np.argwhere(breast.pixels), np.argwhere(~breast.pixels)
    depth = np.zeros(SHAPE)
    for row, column in inside:
        depth[row, column] = np.hypot(*(outside - (row, column)).T).min()
    places = sorted(allowed(box, [box], breast, 0.5))
    off = {p: abs(depth[p.y + 1, p.x + 1] - depth[13, 4]) for p in places}
    nearest = sorted(off.values())[round(normals.NEAREST * len(places)) - 1]
    rules = replace(BESIDE, normal_place="skin_distance")
    found = [normals.free_place(box, [box], breast, SHAPE, rules, str(n)) for n in range(200)]
    assert max(off[place] for place in found) <= nearest + 1e-4
    assert nearest < 1 < max(off.values())
    assert len(set(found)) > 1


@pytest.mark.parametrize(
    ("box", "blocked", "reason"),
    [
        (Box(2, 2, 16, 14), [Box(10, 8, 8, 8)], "off all lesions in the same image"),
        (Box(0, 0, 10, 10), [Box(0, 0, 20, 20)], "with enough breast in the same image"),
    ],
)
def test_where_no_place_is_allowed_the_reason_is_told(box, blocked, reason):
    rules = replace(BESIDE, min_breast_share=0.9)
    told = normals.free_place(box, blocked, a_breast(), SHAPE, rules, "a")
    assert told.endswith(reason)


def test_the_same_place_in_another_picture_is_at_the_same_share_of_its_sides():
    assert normals.same_place(Box(10, 20, 8, 6), (100, 60), (200, 180)) == (
        Box(38, 43, 8, 6),
        {"shift_x": 0, "shift_y": 0},
    )
    # at the edge it is shifted in, and a picture that is too small takes none
    assert normals.same_place(Box(50, 0, 10, 10), (100, 60), (100, 30)) == (
        Box(20, 0, 10, 10),
        {"shift_x": -2, "shift_y": 0},
    )
    assert normals.same_place(Box(0, 0, 10, 10), (100, 60), (9, 60)) is None


def test_opposite_is_as_far_from_the_other_chest_wall():
    found = normals.opposite(Box(5, 8, 10, 4), Wall("LEFT", 0), Wall("RIGHT", 80), (40, 80))
    assert found == (Box(65, 8, 10, 4), {"shift_x": 0, "shift_y": 0})


def an_index(lesions, normal_views):
    """An index of views with lesions, {(patient, view): numbers}, and of normal ones."""
    rows = [
        new_row(case_id=p, patient_id=p, view=v, status="usable", abnormalities=2, selected=s,
                lines=100, pixels_per_line=80, source="table")
        for (p, v), s in lesions.items()
    ] + [
        new_row(case_id=p, patient_id=p, view=v, status="usable",
                lines=100, pixels_per_line=80, source="table")
        for p, v in normal_views
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=COLUMNS).fillna("").astype(str)


def lesion(patient, view, number, box=SMALL):
    row = new_row(case_id=patient, patient_id=patient, view=view)
    return Candidate(f"{patient}.{view}.{number}", "abnormal", row, number, NO_LESION, box=box)


def test_normal_pictures_are_dealt_out_evenly_whatever_the_order_of_the_index():
    names = [f"a{n}" for n in range(10)]
    index = an_index(
        {(name, "IMAGE"): "1 2" for name in names}, [(f"n{n}", "IMAGE") for n in range(5)]
    )
    dealt = normals.OtherImages(index, seed=3)
    found = {
        (name, number): dealt.place(lesion(name, "IMAGE", number))["case_id"]
        for name in names
        for number in (1, 2)
    }
    assert Counter(found.values()) == {f"n{n}": 4 for n in range(5)}
    again = normals.OtherImages(index.sample(frac=1, random_state=0), seed=3)
    assert found == {
        key: again.place(lesion(key[0], "IMAGE", key[1]))["case_id"] for key in found
    }  # fmt: skip
    other = normals.OtherImages(index, seed=4)
    assert any(
        other.place(lesion(*key[:1], "IMAGE", key[1]))["case_id"] != found[key] for key in found
    )


def test_a_normal_picture_is_of_the_same_view_and_of_a_patient_without_lesions():
    index = an_index(
        {("p", "LEFT_CC"): "1", ("s", "RIGHT_CC"): "1"},
        [("p", "LEFT_MLO"), ("q", "RIGHT_CC"), ("r", "LEFT_CC"), ("s", "LEFT_CC")],
    )
    dealt = normals.OtherImages(index, seed=1)
    assert dealt.place(lesion("p", "LEFT_CC", 1))["case_id"] == "r"
    big = lesion("p", "LEFT_CC", 1, Box(0, 0, 90, 20))
    assert dealt.place(big) == (
        "its place does not fit into any picture of the view LEFT_CC of a patient without lesions"
    )
    none = normals.OtherImages(an_index({("p", "CC"): "1"}, [("p", "MLO")]), seed=1)
    assert none.place(lesion("p", "CC", 1)) == "there is no picture of a patient without lesions"


def test_all_lesions_of_a_patient_depend_on_one_other_patient():
    """So that keeping lesions and normal ROIs together does not join all patients."""
    views = ("LEFT_CC", "LEFT_MLO", "RIGHT_CC")
    index = an_index(
        {(f"a{n}", view): "1 2" for n in range(8) for view in views},
        [(f"n{n}", view) for n in range(4) for view in views],
    )
    dealt = normals.OtherImages(index, seed=2)
    found = {
        n: {dealt.place(lesion(f"a{n}", v, k))["patient_id"] for v in views for k in (1, 2)}
        for n in range(8)
    }
    assert all(len(of_patient) == 1 for of_patient in found.values())
    assert Counter(min(each) for each in found.values()) == {f"n{n}": 2 for n in range(4)}


def write(folder, name, image):
    Image.fromarray(image).save(folder / name)
    return name


def extract(table, rules):
    """The candidates of a table by ROI id, with the pictures of other patients at hand."""
    cases = list(index_source(table, "table"))
    write_index(table.with_name("index.tsv"), [row for rows in cases for row in rows])
    index = read_index(table.with_name("index.tsv"))
    others = normals.OtherImages(index, rules.seed)
    found = [
        c for rows in cases for c in extraction.extract_case(rows, table.parent, rules, others)
    ]
    return {candidate.roi_id: candidate for candidate in found}


@pytest.fixture
def table(tmp_path):
    """Two breasts with a lesion each, of one patient, and one without; the mask of the first."""
    for name, side in (("a", "LEFT"), ("b", "RIGHT"), ("n", "LEFT")):
        write(tmp_path, f"{name}.png", bright(side, (120, 80)))
    write(tmp_path, "mask.png", block((120, 80), 10, 50, 16, 8))
    path = tmp_path / "table.csv"
    path.write_text(
        "image,patient,side,label,mask\n"
        "a.png,p,left,abnormal,mask.png\nb.png,p,right,abnormal,missing.png\nn.png,q,left,normal,\n"
    )
    return path


def test_beside_a_lesion_in_its_own_image(table):
    found = extract(table, replace(RULES, normal="same_image"))
    abnormal, normal = found["p.LEFT.1.abnormal"], found["p.LEFT.1.normal"]
    assert normal.reason == ""
    assert normal.row["view"] == "LEFT"
    assert not overlap(normal.box, abnormal.box)
    assert (normal.box.w, normal.box.h) == (abnormal.box.w, abnormal.box.h)
    image = np.asarray(Image.open(table.parent / "a.png"))
    part = Image.fromarray(image[normal.box.slices])
    assert np.abs(np.asarray(part.resize((32, 32))).astype(int) - normal.image).mean() < 3
    # whose place is not known may lie anywhere
    lost = found["p.RIGHT.1.normal"]
    assert lost.reason == "its abnormal ROI is dropped"


def test_at_the_place_in_another_patients_normal_picture(table):
    found = extract(table, ELSEWHERE)
    abnormal, normal = found["p.LEFT.1.abnormal"], found["p.LEFT.1.normal"]
    assert normal.reason == ""
    assert (normal.row["case_id"], normal.record()["patient_id"]) == ("q", "q")
    assert normal.box == abnormal.box  # the same side: as far from the same chest wall
    assert normal.image.tolist() == abnormal.image.tolist()  # pictures are alike


def test_a_second_normal_roi_of_an_image_shares_no_pixel_with_the_first(table):
    write(table.parent, "second.png", block((120, 80), 40, 20, 8, 8))
    text = table.read_text().replace(
        "b.png,p,right,abnormal,missing.png", "a.png,p,left,abnormal,second.png"
    )
    table.write_text(text)
    for seed in range(20):
        found = extract(table, replace(BESIDE, seed=seed))
        used = [item.box for item in found.values() if not item.reason]
        assert len(used) == 4
        for n, box in enumerate(used):
            assert not any(overlap(box, other) for other in used[n + 1 :])


def test_a_lesion_of_unknown_place_leaves_no_normal_roi_beside_it(table):
    text = table.read_text().replace("b.png,p,right", "a.png,p,left")
    table.write_text(text)
    found = extract(table, BESIDE)
    assert found["p.LEFT.1.abnormal"].reason == ""
    assert found["p.LEFT.1.normal"].reason == "LEFT holds a lesion whose place is not known"


def test_images_without_a_side_have_no_opposite(table):
    table.write_text("image,label,mask\na.png,abnormal,mask.png\nn.png,normal,\n")
    found = extract(table, RULES)
    assert found["a.IMAGE.1.normal"].reason == extraction.NO_SIDE
    assert found["a.IMAGE.1.abnormal"].record()["patient_id"] == "image:a"
    assert found["a.IMAGE.1.abnormal"].record()["breast_share"] == ""
    elsewhere = extract(table, ELSEWHERE)["a.IMAGE.1.normal"]
    assert (elsewhere.reason, elsewhere.record()["patient_id"]) == ("", "image:n")


def test_regions_already_cut_are_rois_as_they_stand(table):
    """No padding, no pairs: the whole picture, resized, and its mask."""
    table.write_text("image,label,mask,pathology\na.png,abnormal,mask.png,BENIGN\nn.png,normal,,\n")
    found = extract(table, replace(RULES, whole=True))
    assert set(found) == {"a.IMAGE.1.abnormal", "n.IMAGE.1.normal"}
    abnormal, normal = found.values()
    assert abnormal.box == normal.box == Box(0, 0, 80, 120)
    assert abnormal.lesion.mean() == pytest.approx(16 * 8 / (120 * 80), abs=0.006)
    assert abnormal.record()["pathology"] == "BENIGN"
    rois = extraction.to_rois(list(found.values()), 32)
    assert rois.label.tolist() == [1, 0]
    assert rois.mask[1].sum() == 0


def test_a_region_that_cannot_be_read_is_left_out_by_itself(table):
    table.write_text("image,label,mask\na.png,abnormal,mask.png\nn.png,normal,\n")
    cases = list(index_source(table, "table"))
    (table.parent / "n.png").write_bytes((table.parent / "n.png").read_bytes()[:80])
    rules = replace(RULES, whole=True)
    found = [c for rows in cases for c in extraction.extract_case(rows, table.parent, rules)]
    assert [item.status for item in found] == ["used", "unreadable"]
    assert "n.png" in found[1].reason


def test_an_unknown_way_is_refused():
    with pytest.raises(CamsegError, match="normal is 'mirror': must be one of contralateral"):
        replace(RULES, normal="mirror")
