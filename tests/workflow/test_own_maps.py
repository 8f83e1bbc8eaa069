"""Heat maps that were made elsewhere, as a study: `dataset: source: maps`."""

import hashlib
import json
import shutil
import subprocess
import sys
from pathlib import Path

import h5py
import nibabel
import numpy as np
import pandas as pd
import pytest
from PIL import Image

from conftest import padded_ellipses
from project import copy_project, jobs, snakemake

N, SIZE = 8, 32
PATH = "resources/o'dd maps"
CONFIG = {"dataset": {"source": "maps", "path": PATH}, "pathvars": {"results": "results/own"}}
RERUN = {"all", "digest_inputs", "score_own_maps", "summarise_runtime", "record_provenance"}


def write(folder: Path) -> None:
    """Two methods, one of NIfTI and one in a file of HDF5; masks, images and a table."""
    random = np.random.default_rng(4)
    for name in ("maps/cam", "masks", "images"):
        (folder / name).mkdir(parents=True)
    maps = {}
    for number, mask in enumerate(padded_ellipses(N, SIZE)):
        name = f"r{number}"
        raw = random.normal(size=(4, 5)).astype(np.float32)
        nibabel.save(nibabel.Nifti1Image(raw.T, np.eye(4)), folder / f"maps/cam/{name}.nii.gz")
        maps[name] = random.random((SIZE, SIZE)) + mask
        Image.fromarray(255 * mask).save(folder / f"masks/{name}_mask.png")
        image = (random.integers(0, 99, mask.shape) + 99 * mask).astype(np.uint8)
        Image.fromarray(image).save(folder / f"images/{name}.png")
    with h5py.File(folder / "maps/saliency.h5", "w") as file:
        for name, values in maps.items():
            file[name] = values
    sides = ["train"] * 4 + ["validation"] * 4
    table = pd.DataFrame({"name": list(maps), "patient": np.arange(N) // 2, "side": sides})
    table.to_csv(folder / "table.tsv", sep="\t", index=False)


@pytest.fixture(scope="module")
def study(tmp_path_factory) -> Path:
    """A finished study of maps."""
    folder = copy_project(tmp_path_factory.mktemp("own-maps"))
    write(folder / PATH)
    result = snakemake(folder, "--cores", "2", "all", config=CONFIG)
    assert result.returncode == 0, result.stdout + result.stderr
    return folder


def test_the_results_are_those_of_the_command_to_the_bit(study):
    places = {"--masks": "masks", "--images": "images", "--table": "table.tsv"}
    command = [sys.executable, "-m", "camseg", "score", "--out", str(study / "out")]
    for option, name in places.items():
        command += [option, str(study / PATH / name)]
    for name in ("cam", "saliency.h5"):
        command += ["--maps", str(study / PATH / "maps" / name)]
    result = subprocess.run(command, cwd=study / "scripts", text=True, capture_output=True)
    assert result.returncode == 0, result.stderr
    own, out = study / "results/own/own_maps", study / "out"
    names = {path.name for path in out.iterdir()}
    assert names == {path.name for path in own.iterdir()}
    assert {"scores.tsv", "heat_maps.html", "dice_curves.svg", "maps.h5"} <= names
    for name in names:
        assert (own / name).read_bytes() == (out / name).read_bytes(), name
    table = pd.read_csv(own / "heat_maps.csv").set_index("map")
    assert list(table.index[:2]) == ["saliency", "cam"]
    assert table.loc["cam", "Dice_at_threshold":"grid"].notna().all()
    assert set(table["patients"]) == {N // 2}


def test_it_has_its_records_and_trains_nothing(study):
    runtime = pd.read_csv(study / "results/own/runtime/runtime.csv")
    assert list(runtime["stage"]) == ["score_own_maps", "all"]
    assert "source: maps" in (study / "results/own/provenance/configuration.yaml").read_text()
    again = snakemake(study, "-n", "all", config=CONFIG)
    assert jobs(again) == {}
    assert "Nothing to be done" in again.stdout + again.stderr


def test_its_record_counts_the_maps_that_it_read(study):
    record = json.loads((study / "results/own/manifest.json").read_text())
    data = record["inputs"]["data"]
    assert data["path"] == PATH
    files = {path for path in (study / PATH).rglob("*") if path.is_file()}
    assert set(data["files"]) == {path.relative_to(study / PATH).as_posix() for path in files}
    for name, digest in data["files"].items():
        content = (study / PATH / name).read_bytes()
        assert digest == {
            "bytes": len(content),
            "sha256": hashlib.sha256(content).hexdigest(),
        }


def plan(study: Path) -> set[str]:
    return set(jobs(snakemake(study, "-n", "all", config=CONFIG)))


def test_what_is_changed_added_or_removed_is_scored_again_and_notes_are_not(study):
    folder = study / PATH
    mask = folder / "masks/r1_mask.png"
    before = mask.read_bytes()
    Image.fromarray(np.eye(SIZE, dtype=np.uint8) * 255).save(mask)
    assert plan(study) == RERUN
    mask.write_bytes(before)
    assert plan(study) == set()
    shutil.copy(folder / "images/r1.png", folder / "images/r9.png")
    assert plan(study) == RERUN
    (folder / "images/r9.png").unlink()
    table = folder / "table.tsv"
    table.rename(folder / "patients.tsv")
    assert plan(study) == RERUN
    (folder / "patients.tsv").rename(table)
    (folder / "maps/notes.txt").write_text("of no concern")
    assert plan(study) == set()


def test_the_report_shows_the_tables_with_captions_of_their_own(study):
    result = snakemake(study, "--report", "report.zip", config=CONFIG)
    assert result.returncode == 0, result.stderr
    shutil.unpack_archive(study / "report.zip", study / "report")
    (page,) = (study / "report").rglob("report.html")
    text = page.read_text()
    for name in ("heat_maps", "heat_maps_scores", "dice_curves"):
        caption = (study / f"workflow/report/own_{name}.rst").read_text().split(";")[0]
        assert json.dumps(caption)[1:-1].split("\\")[0] in text
    assert "heat maps that were made elsewhere" in text
    assert ">saliency<" in text.replace("\\n", "")


@pytest.mark.parametrize(
    ("change", "target", "said"),
    [
        ({"path": "docs"}, "all", "docs: has no maps: put them into docs/maps (docs/own_maps.md"),
        ({"path": "no/where"}, "all", "config: dataset.path: there is no folder no/where"),
        (
            {},
            "results/own/tables/table1.csv",
            "dataset.source: maps has no cases; what it makes is",
        ),
        (
            {"source": "phantom"},
            "results/own/own_maps/scores.tsv",
            "dataset.source: set it to maps",
        ),
    ],
)
def test_what_is_missing_is_told_before_anything_runs(study, change, target, said):
    config = CONFIG | {"dataset": CONFIG["dataset"] | change}
    result = snakemake(study, "-n", target, config=config)
    assert result.returncode != 0
    assert said in result.stdout + result.stderr


def test_a_name_that_snakemake_would_read_otherwise_is_told(study, tmp_path):
    write(tmp_path / "maps of mine")
    (tmp_path / "maps of mine/masks/{x}.png").touch()
    config = CONFIG | {"dataset": {"source": "maps", "path": str(tmp_path / "maps of mine")}}
    result = snakemake(study, "-n", "all", config=config)
    assert result.returncode != 0
    said = "masks/{x}.png': a name must not hold braces, angle brackets or control characters"
    assert said in result.stdout + result.stderr


def test_strict_ends_where_anything_is_noted(study, tmp_path):
    shutil.copytree(study / PATH, tmp_path / "maps")
    (tmp_path / "maps/masks/r2_mask.png").unlink()
    dataset = {"source": "maps", "path": str(tmp_path / "maps")}
    config = {"dataset": dataset, "pathvars": {"results": "results/strict"}, "strict": True}
    result = snakemake(study, "--cores", "1", "all", config=config)
    assert result.returncode != 0
    last = (study / "results/strict/logs/score_own_maps.log").read_text().splitlines()[-1]
    assert last.startswith("error: 1 names are noted, and --strict is given; r2: left out: ")
