"""The command `score`: what it writes, what it prints, what it refuses."""

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from camseg import __main__, __version__
from camseg.commands import score
from camseg.errors import CamsegError
from camseg.io.store import read_curves
from camseg.scoring.own_maps import score_maps
from conftest import padded_ellipses
from project import ROOT

N = 6
OUTPUTS = {"scores.tsv", "curves.h5", "maps.h5", "dice_curves.svg", "dice_curves.png"}
OUTPUTS |= {
    f"{name}.{end}"
    for name in ("heat_maps", "heat_maps_scores")
    for end in ("csv", "md", "tex", "html")
}


@pytest.fixture
def folder(tmp_path):
    """Maps of two methods, masks and images of six ROIs, a patient each."""
    random = np.random.default_rng(4)
    for name in ("cam", "saliency", "masks"):
        (tmp_path / name).mkdir()
    for number, mask in enumerate(padded_ellipses(N, 32)):
        np.save(tmp_path / f"cam/r{number}.npy", random.normal(size=(4, 4)))
        np.save(tmp_path / f"saliency/r{number}.npy", random.random((32, 32)) + mask)
        Image.fromarray(255 * mask).save(tmp_path / f"masks/r{number}_mask.png")
        image = random.integers(0, 99, (32, 32)) + 99 * mask
        Image.fromarray(image.astype(np.uint8)).save(tmp_path / f"masks/r{number}.png")
    return tmp_path


def arguments(folder, *more, maps="cam"):
    return ["--maps", maps, "--masks", str(folder / "masks"), "--out", str(folder / "out"), *more]


def test_as_a_program_it_writes_all_and_prints_the_table(folder):
    images = ("--images", str(folder / "masks"))
    more = ("--maps", f"noise={folder}/cam", *images)
    command = [sys.executable, "-m", "camseg", "score"]
    result = subprocess.run(
        [*command, *arguments(folder, *more, maps=str(folder / "saliency"))],
        cwd=ROOT / "scripts", text=True, capture_output=True,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    assert {path.name for path in (folder / "out").iterdir()} == OUTPUTS
    assert result.stdout.startswith("6 scored, 0 normal, 0 left out\n| map | Dice |")
    table = pd.read_csv(folder / "out/heat_maps.csv")
    assert list(table["map"][:2]) == ["saliency", "noise"]
    assert {"GrabCut", "brightness", "all 255"} <= set(table["map"])
    scores = pd.read_csv(folder / "out/scores.tsv", sep="\t")
    curves = read_curves(folder / "out/curves.h5", np.arange(len(scores)), scores["roi_id"])
    np.testing.assert_allclose(curves.mean(axis=1), scores["dice"])
    names = [f"r{number}" for number in range(N)]
    maps = {name: np.load(folder / f"cam/{name}.npy") for name in names}
    masks = dict(zip(names, padded_ellipses(N, 32), strict=True))
    from_python = score_maps(maps, masks, name="noise")
    both = [
        each.query("method == 'noise'").reset_index(drop=True)["dice"]
        for each in (scores, from_python)
    ]
    pd.testing.assert_series_equal(*both)


def test_an_error_of_the_program_is_one_line(folder):
    command = [sys.executable, "-m", "camseg", "scores"]
    result = subprocess.run(command, cwd=ROOT / "scripts", text=True, capture_output=True)
    assert result.returncode == 1
    assert result.stderr == "error: command is 'scores': did you mean score?\n"


@pytest.mark.parametrize(
    ("argument", "said"), [("--help", __main__.USAGE), ("--version", __version__), (None, "score")]
)
def test_what_it_says_of_itself(monkeypatch, capsys, argument, said):
    monkeypatch.setattr(sys, "argv", ["camseg", *([argument] if argument else [])])
    __main__.main()
    assert said in capsys.readouterr().out


def test_twice_the_same_bytes(folder):
    written = []
    for out in ("one", "two"):
        score.main(arguments(folder, "--out", str(folder / out), maps=str(folder / "cam")))
        written.append({path.name: path.read_bytes() for path in (folder / out).iterdir()})
    assert written[0] == written[1]


def test_what_is_left_out_is_named_and_strict_ends(folder, capsys):
    (folder / "cam/r1.npy").unlink()
    np.save(folder / "cam/r2.npy", np.zeros((4, 4)))
    score.main(arguments(folder, maps=str(folder / "cam")))
    lines = capsys.readouterr().out.splitlines()[:3]
    assert lines[0] == "5 scored, 0 normal, 1 left out"
    assert {line.partition(":")[0] for line in lines[1:]} == {"r1", "r2"}
    scores = pd.read_csv(folder / "out/scores.tsv", sep="\t")
    assert "has no map in" in scores.query("roi_id == 'r1'")["note"].item()
    with pytest.raises(CamsegError, match="2 names are noted, and --strict is given"):
        score.main(arguments(folder, "--strict", maps=str(folder / "cam")))


def test_a_table_gives_sides_and_thresholds(folder):
    sides = ["train"] * 3 + ["validation"] * 3
    table = pd.DataFrame({"name": [f"r{n}" for n in range(N)], "patient": "P", "side": sides})
    table.to_csv(folder / "table.tsv", sep="\t", index=False)
    more = ("--table", str(folder / "table.tsv"))
    score.main(arguments(folder, *more, maps=str(folder / "cam")))
    found = pd.read_csv(folder / "out/heat_maps.csv").set_index("map")
    assert found["Dice_at_threshold"].notna().all()
    assert found.loc["cam", "Dice_low":"Dice_high"].isna().all()  # of one patient
    assert "mean training mask" in found.index


@pytest.mark.parametrize(
    ("maps", "said"),
    [
        (["cam", "cam"], "cannot be called 'cam': each needs a name of its own; use NAME="),
        (["Otsu=cam"], "cannot be called 'Otsu': a floor is called so"),
        (["=cam"], "cannot be called ''"),
        (["x=nowhere"], "nowhere is missing: name the folder or file of the maps"),
    ],
)
def test_names_of_methods_that_will_not_do(folder, monkeypatch, maps, said):
    monkeypatch.chdir(folder)
    first, *others = maps
    more = [argument for other in others for argument in ("--maps", other)]
    with pytest.raises(CamsegError, match=r"^[^\n]*$") as error:
        score.main(arguments(folder, *more, maps=first))
    assert said in str(error.value)
    assert not (folder / "out").exists()
