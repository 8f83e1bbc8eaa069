"""A made-up study with its record, for tests of what is told of records."""

import shutil
from pathlib import Path

from camseg.report import manifest
from project import ROOT

CONFIGURATION = {
    "seed": 4,
    "splits": 1,
    "seeds": 2,
    "dataset": {"source": "table", "path": "data/list.csv"},
    "training": {"epochs": 2},
}
MACHINE = {
    "processor": {"model": "Some Processor"},
    "switches": {"TF_ENABLE_ONEDNN_OPTS": "1"},
    "rounding": {"sha256": "ab" * 32, "error": 1e-6, "right": True},
}
TABLE2 = "Classifier,val_acc,Dice\nXception,0.9,0.434405\nVGG16,0.8,0.4\n"


def write_study(folder: Path) -> Path:
    """Write a study's results and data below `folder`; return the folder of the results."""
    results = folder / "results/study"
    files = {
        "tables/table2.csv": TABLE2,
        "tables/counts.csv": "what,n\nviews,5\nROIs,9\n",
        "splits/split-0.tsv": "roi_id\n1\n",
        "index.tsv": "case_id\n1\n",
        "provenance/configuration.yaml": "seed: 4\n",
        "training/original/Xception/split-0/model.keras": "weights",
        "training/original/Xception/split-0/resume/0.h5": "a state",
        "rois/shard-0.h5": "pictures",
        "rois/views-0.json": "small pictures",
        "rois/candidates.tsv": "roi_id\n1\n",
        "explorer/index.html": "pictures, too",
        "cases/a.LJPEG": "a picture",
        "logs/train.log": "said",
        ".hidden/note": "",
    }
    for name, text in files.items():
        (results / name).parent.mkdir(parents=True, exist_ok=True)
        (results / name).write_text(text)
    (folder / "data").mkdir(exist_ok=True)
    for name in ("list.csv", "a.png", "weights.h5"):
        (folder / "data" / name).write_text(name)
    return results


def write_code(folder: Path) -> Path:
    """Write a workflow of few files below `folder`; return its folder."""
    root = folder / "code"
    for name in ("Snakefile", "workflow/Snakefile", "scripts/draw.py", "config/config.yaml"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(f"# {name}\n")
    shutil.copy(ROOT / "LICENSE", root)
    (root / "scripts/__pycache__").mkdir(exist_ok=True)
    (root / "scripts/__pycache__/draw.pyc").touch()
    return root


def write_record(folder: Path, **changes: dict) -> Path:
    """Write a study and its record, with `changes` of it; return the folder of the results.

    Paths of the data are told from `folder`, which has to be the working directory.
    """
    results = write_study(folder)
    found = manifest.record(
        results,
        write_code(folder),
        CONFIGURATION | changes.pop("configuration", {}),
        machine=MACHINE,
        data=manifest.digests_below(folder / "data", [folder / "data/a.png"]),
        given=[Path("data/weights.h5")],
        timings=[{"stage": "all", "jobs": 3, "wall_s": 1.5, "cpu_s": 1.0, "peak_mb": None}],
    )
    manifest.write(results / manifest.NAME, found | changes)
    return results
