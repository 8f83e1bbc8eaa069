"""Which source a folder or a list is taken for, by the names of the files there."""

import numpy as np
import pytest
from PIL import Image

from camseg.datasets.detection import Detected, detect
from camseg.datasets.registry import SOURCES
from camseg.errors import CamsegError

# a file of each source that is told by its lists, as the collections call them
LISTS = {
    "ddsm": "cancer_01/case0001/A-0001-1.ics",
    "cbis_ddsm": "csv/mass_case_description_train_set.csv",
    "cdd_cesm": "Radiology_hand_drawn_segmentations_v2.csv",
    "mini_mias": "all-mias/Info.txt",
    "inbreast": "INbreast.csv",
    "vindr_mammo": "finding_annotations.csv",
}
TABLE = "image,patient,side,label\na.png,p1,left,normal\n"


def write(folder, name, text=""):
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text)
    return folder / name


def write_image(folder, name):
    path = write(folder, name)
    Image.fromarray(np.eye(9, dtype=np.uint8)).save(path)
    return path


def refusal(path) -> str:
    with pytest.raises(CamsegError, match=r"^[^\n]*$") as caught:
        detect(path)
    return str(caught.value)


def test_every_source_that_a_folder_may_be_of_is_tested_here():
    folders = {name for name, each in SOURCES.items() if each.path == "folder" and each.reader}
    assert folders == LISTS.keys() | {"image_folder"}


@pytest.mark.parametrize("name", LISTS)
def test_a_collection_is_told_by_its_list_whatever_images_and_tables_lie_beside_it(tmp_path, name):
    write(tmp_path, LISTS[name])
    write(tmp_path, "mine.csv", TABLE)
    write_image(tmp_path, "pictures/a.png")
    assert detect(tmp_path) == Detected(name, tmp_path)


def test_images_alone_are_folders_of_images(tmp_path):
    write_image(tmp_path, "benign/benign (1).png")
    write(tmp_path, "benign/._LISTED.ics")  # what macOS leaves is no file of a collection
    assert detect(tmp_path) == Detected("image_folder", tmp_path)


@pytest.mark.parametrize("named", [True, False])
def test_a_table_is_told_by_its_columns_named_itself_or_in_its_folder(tmp_path, named):
    table = write(tmp_path, "my list.csv", TABLE)
    write(tmp_path, "notes.txt", "nothing here")
    write_image(tmp_path, "a.png")
    found = detect(table if named else tmp_path)
    assert (found.name, found.path, found.refused) == ("table", table, ())
    assert found.others == ("rois",)  # the same columns


def test_a_table_that_is_not_one_is_told_beside_the_images_that_count(tmp_path):
    write(tmp_path, "mine.csv", TABLE.replace("side", "sides"))
    write_image(tmp_path, "a.png")
    found = detect(tmp_path)
    assert found.name == "image_folder"
    assert "mine.csv: unknown column 'sides'; did you mean side?" in found.refused[0]


def test_a_spreadsheet_that_would_be_a_list_is_told(tmp_path):
    sheet = write(tmp_path, "INbreast Release 1.0/INbreast.xls")
    write_image(tmp_path, "INbreast Release 1.0/AllDICOMs/a.png")
    found = detect(tmp_path)
    assert found.name == "image_folder"
    assert found.refused == (f"{sheet}: is a spreadsheet: save it as INbreast.csv, in UTF-8",)
    (tmp_path / "INbreast Release 1.0/AllDICOMs/a.png").unlink()
    assert "save it as INbreast.csv" in refusal(tmp_path)
    write(tmp_path, "INbreast Release 1.0/INbreast.csv")
    assert detect(tmp_path) == Detected("inbreast", tmp_path)


def test_several_data_sets_are_named_with_their_files(tmp_path):
    paths = [write(tmp_path, f"{name}/{LISTS[name]}") for name in ("ddsm", "inbreast")]
    said = refusal(tmp_path)
    assert f"holds several data sets: DDSM ({paths[0]}), INbreast ({paths[1]})" in said
    assert detect(tmp_path / "ddsm").name == "ddsm"


def test_of_several_tables_one_must_be_named(tmp_path):
    one, two = (write(tmp_path, name, TABLE) for name in ("a.csv", "b.tsv"))
    assert f"holds several lists: {one}, {two}; name one" in refusal(tmp_path)


def test_a_list_of_a_collection_is_answered_with_its_folder(tmp_path):
    listed = write(tmp_path, LISTS["inbreast"], "a;b\n")
    assert refusal(listed) == f"{listed}: is a list of INbreast: name its folder, {tmp_path}"


@pytest.mark.parametrize("content", [{}, {"a.txt": "some words", "b/c.md": "more"}])
def test_a_folder_of_nothing_is_one_line_of_all_that_was_looked_for(tmp_path, content):
    for name, text in content.items():
        write(tmp_path, name, text)
    said = refusal(tmp_path)
    wanted = [SOURCES[name].title for name in (*LISTS, "image_folder", "table")]
    assert [title for title in wanted if title not in said] == []
    assert "(no finding_annotations.csv)" in said
    assert ("a.txt:1: has no column 'image'" in said) == bool(content)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("lost", None, "there is no such file or folder"),
        ("a.csv", b"x,y\n1,2\n", "a.csv:1: has no column 'image'"),
        ("a.csv", b"image,patient,side,label\n", "has no line below its header"),
        ("a.png", b"\x89PNG\r\n\x1a\n", "byte 0x89 is no UTF-8"),
        ("empty", b"", "has no line of column names"),
    ],
)
def test_a_path_that_is_no_list_is_one_line(tmp_path, name, content, said):
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    assert refusal(path).startswith(f"{path}: ")
    assert said in refusal(path)


def test_heat_maps_are_sent_to_what_scores_them(tmp_path):
    for name in ("maps/a.png", "masks/a.png"):
        write_image(tmp_path, name)
    assert "holds heat maps of your own: `camseg score` scores them" in refusal(tmp_path)
