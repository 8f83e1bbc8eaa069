"""The list of mini-MIAS, made a table by the command that docs/datasets.md gives."""

import re
import shutil
import subprocess

import pytest

from camseg.datasets.lists import read_lines
from project import ROOT

COMMAND = re.search(
    r"^    (awk '.*' )Info.txt > ", (ROOT / "docs/datasets.md").read_text(), re.M | re.S
)
NOTES = "mini-MIAS: the list of films\n\n4th column: mdb is no film\n"
INFO = """\
mdb001 G CIRC B 535 425 197
mdb002 G CIRC M 522 280 69
mdb003 D NORM
mdb004 D NORM
mdb005 F CIRC B 477 133 30
mdb005 F CIRC B 500 168 26
mdb059 F CIRC B
mdb216 D CALC M *NOTE 3*
mdb322 D NORM
"""
# film, patient, side, label, x, y, r, y_from, pathology, type
ROWS = [
    ["mdb001", "p1", "right", "abnormal", "535", "425", "197", "bottom", "BENIGN", "CIRC"],
    ["mdb002", "p1", "left", "abnormal", "522", "280", "69", "bottom", "MALIGNANT", "CIRC"],
    ["mdb003", "p2", "right", "normal", "", "", "", "", "", ""],
    ["mdb004", "p2", "left", "normal", "", "", "", "", "", ""],
    ["mdb005", "p3", "right", "abnormal", "477", "133", "30", "bottom", "BENIGN", "CIRC"],
    ["mdb005", "p3", "right", "abnormal", "500", "168", "26", "bottom", "BENIGN", "CIRC"],
    ["mdb059", "p30", "right", "abnormal", "", "", "", "", "BENIGN", "CIRC"],
    ["mdb216", "p108", "left", "abnormal", "", "", "", "", "MALIGNANT", "CALC"],
    ["mdb322", "p161", "left", "normal", "", "", "", "", "", ""],
]


@pytest.mark.skipif(not shutil.which("awk"), reason="there is no awk")
@pytest.mark.parametrize(
    "text",
    [
        INFO,
        NOTES + INFO,
        (NOTES + INFO).replace("\n", "\r\n"),
        "\ufeff" + INFO.replace("\n", "\r\n"),
        INFO.replace("\n", "  \n").rstrip(),
    ],
)
def test_every_film_keeps_its_label_and_place_whatever_ends_a_line(tmp_path, text):
    (tmp_path / "Info.txt").write_bytes(text.encode())
    command = COMMAND[1] + "Info.txt > mias.tsv"
    subprocess.run(command, shell=True, cwd=tmp_path, check=True)
    lines = list(read_lines(tmp_path / "mias.tsv", ("image", "patient", "side", "label"), "side"))
    assert [list(fields.values()) for _, fields in lines] == [
        [f"{film}.pgm", *rest] for film, *rest in ROWS
    ]
