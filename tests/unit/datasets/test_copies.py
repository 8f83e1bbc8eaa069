import shutil

import numpy as np
import pytest
import tifffile
from PIL import Image

from camseg.datasets import index
from camseg.datasets.copies import reject_copies
from camseg.errors import CamsegError
from camseg.formats import ljpeg
from conftest import bright, rectangle, write_case, write_dicom
from made import index_source

SHAPE = 120, 80
LESION = (rectangle(20, 50, 16, 8),)


def indexed(path, source, folder):
    rows = index.in_order(index_source(path, source))
    reject_copies(rows, folder)
    return rows


def reasons(rows):
    return {f"{row['case_id']} {row['view']}": row["reason"] for row in rows}


def write_table(folder, patients):
    lines = ["image,patient,side,label,x,y,r"]
    for patient, images in patients.items():
        lines.append(f"{images[0]},{patient},left,abnormal,30,60,8")
        lines += [f"{images[1]},{patient},right,normal"] if images[1:] else []
    (folder / "table.csv").write_text("\n".join(lines) + "\n")
    return folder / "table.csv"


def noisy(seed, dtype=np.uint8):
    top = np.iinfo(dtype).max
    return np.random.default_rng(seed).integers(0, top + 1, SHAPE).astype(dtype)


def test_the_same_pixels_in_another_format_are_found_under_another_patient(tmp_path):
    pixels = noisy(1, np.uint16)
    Image.fromarray(pixels).save(tmp_path / "a.png")
    tifffile.imwrite(tmp_path / "b.tif", pixels, compression="lzw")
    write_dicom(tmp_path / "c.dcm", pixels, PatientID="c")
    other = pixels.copy()
    other[7, 7] ^= 0xFF00
    Image.fromarray(other).save(tmp_path / "d.png")
    table = write_table(tmp_path, {"1": ["a.png"], "2": ["b.tif"], "3": ["c.dcm"], "4": ["d.png"]})
    same = "its image has the same pixels as that of 1 LEFT (a.png)"
    rows = indexed(table, "table", tmp_path)
    assert reasons([row for row in rows if row["view"] == "LEFT"]) == {
        "1 LEFT": "",
        "2 LEFT": same,
        "3 LEFT": same,
        "4 LEFT": "",
    }
    assert [row["status"] for row in rows if row["reason"] == same] == ["rejected"] * 2
    with pytest.raises(CamsegError, match=r"2 of 8 views are rejected"):
        index.check_usable(rows, tmp_path, strict=True)
    index.check_usable(rows, tmp_path, strict=False)


def test_one_picture_for_both_breasts_is_found(tmp_path):
    Image.fromarray(noisy(1)).save(tmp_path / "a.png")
    shutil.copy(tmp_path / "a.png", tmp_path / "b.png")
    rows = indexed(write_table(tmp_path, {"1": ["a.png", "b.png"]}), "table", tmp_path)
    assert reasons(rows)["1 RIGHT"] == "its image has the same pixels as that of 1 LEFT (a.png)"


def test_a_renamed_ddsm_case_is_found_though_its_stream_differs(tmp_path):
    first = write_case(tmp_path, left_lesions=LESION)
    second = write_case(tmp_path, "B-0002-1", left_lesions=LESION)
    third = write_case(tmp_path, "B-0003-1", left_lesions=LESION)
    rng = np.random.default_rng(1)
    for side in ("LEFT", "RIGHT"):
        grey = rng.integers(0, 4096, SHAPE).astype(np.uint16)
        (first / f"B_0001_1.{side}_CC.LJPEG").write_bytes(ljpeg.encode(grey, precision=12))
        (second / f"B_0002_1.{side}_CC.LJPEG").write_bytes(ljpeg.encode(grey, precision=16))
        grey[-1, -1] ^= 1024  # alike at a glance
        (third / f"B_0003_1.{side}_CC.LJPEG").write_bytes(ljpeg.encode(grey, precision=12))
    found = reasons(indexed(tmp_path, "ddsm", tmp_path))
    assert {name for name, reason in found.items() if reason} == {
        "B-0002-1 LEFT_CC",
        "B-0002-1 RIGHT_CC",
    }


def test_only_cases_with_a_lesion_to_take_are_looked_at(tmp_path):
    pixels = noisy(1)
    for name in ("a.png", "b.png", "c.png"):
        Image.fromarray(pixels).save(tmp_path / name)
    lines = ["image,patient,side,label,x,y,r", "a.png,1,left,normal", "b.png,2,left,normal"]
    lines += ["c.png,3,left,abnormal,30,60,8"]
    (tmp_path / "table.csv").write_text("\n".join(lines) + "\n")
    found = reasons(indexed(tmp_path / "table.csv", "table", tmp_path))
    assert found["1 LEFT"] == found["2 LEFT"] == found["3 LEFT"] == ""


def test_what_cannot_be_decoded_is_no_copy(tmp_path):
    for name in ("a.png", "b.png"):
        Image.fromarray(noisy(1)).save(tmp_path / name)
        data = (tmp_path / name).read_bytes()
        (tmp_path / name).write_bytes(data[: len(data) // 2])
    rows = indexed(write_table(tmp_path, {"1": ["a.png"], "2": ["b.png"]}), "table", tmp_path)
    assert [row["reason"] for row in rows if row["view"] == "LEFT"] == ["", ""]


def test_the_cost_is_linear(tmp_path, monkeypatch):
    """Every image is decoded at most twice, whatever their number; a linked one once for all."""
    for number in range(6):
        Image.fromarray(noisy(number % 3)).save(tmp_path / f"{number}.png")
    (tmp_path / "6.png").hardlink_to(tmp_path / "0.png")
    Image.fromarray(bright("LEFT", (60, 40))).save(tmp_path / "7.png")  # of a size of its own
    read = []
    from camseg.datasets.sources import table as source

    decode = source.read_view
    monkeypatch.setattr(source, "read_view", lambda row, at: read.append(row) or decode(row, at))
    monkeypatch.setattr(source, "glance", lambda row, at: read.append(row) or decode(row, at)[0])
    table = write_table(tmp_path, {str(number): [f"{number}.png"] for number in range(8)})
    rows = indexed(table, "table", tmp_path)
    assert sum(row["status"] == "rejected" for row in rows) == 4
    names = [row["image"] for row in read]
    assert sorted(names) == sorted(2 * [f"{number}.png" for number in range(6)])
