"""The workflow as its users meet it: parsed, inspected, misconfigured, run, run again."""

import ast
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest
import yaml
from PIL import Image
from project import ROOT, SMALL, copy_project, jobs, snakemake

from camseg.dice import mean_dice
from camseg.sources import sources_of
from conftest import bright

WHEELS = {
    "cv2": "opencv-python-headless",
    "sklearn": "scikit-learn",
    "yaml": "pyyaml",
    "PIL": "pillow",
}


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> Path:
    """A fresh copy of the project that has run nothing."""
    return copy_project(tmp_path_factory.mktemp("project"))


@pytest.fixture(scope="module")
def study(tmp_path_factory) -> Path:
    """A copy of the project that has run a small study of one network in all regimes."""
    folder = copy_project(tmp_path_factory.mktemp("study"))
    result = snakemake(folder, "--cores", "2", "all", config=SMALL)
    assert result.returncode == 0, result.stdout + result.stderr
    return folder


def test_default_study_has_nineteen_trainings(project):
    counts = jobs(snakemake(project, "-n", "all"))
    assert counts["train_classifier"] == 19
    assert counts["compute_cams"] == counts["score_dice"] == 6
    assert counts["extract_rois"] == 2
    assert [counts[f"render_figure{number}"] for number in (4, 5, 6, 7, 8, 9, 10)] == [1] * 7
    assert counts["render_learning_curve"] == 19
    assert "render_figure1" not in counts


@pytest.mark.parametrize("profile", ["gpu", "slurm"])
def test_every_profile_plans_the_same_jobs(project, profile):
    planned = snakemake(project, "-n", "--workflow-profile", f"profiles/{profile}", "all")
    assert jobs(planned) == jobs(snakemake(project, "-n", "all"))


def test_paper_study_can_be_inspected_without_data(project):
    counts = jobs(snakemake(project, "-n", "--configfile=config/paper.yaml", "all"))
    assert counts["train_classifier"] == 19
    assert "make_phantom" not in counts


def test_paper_study_without_data_says_where_to_put_them(project):
    result = snakemake(project, "--cores", "1", "--configfile=config/paper.yaml", "all")
    assert result.returncode != 0
    lines = [line for line in result.stderr.splitlines() if "resources/ddsm: no .ics file" in line]
    assert len(lines) == 1
    assert "put DDSM case folders there" in lines[0]


def test_cbis_ddsm_without_data_says_where_to_put_them(project):
    config = {"dataset": {"source": "cbis_ddsm", "path": "docs"}}
    result = snakemake(project, "--cores", "1", "all", config=config)
    assert result.returncode != 0
    lines = [line for line in result.stderr.splitlines() if "docs: no mass_case_desc" in line]
    assert len(lines) == 1


def test_rule_graph_is_drawn(project):
    graph = snakemake(project, "--rulegraph").stdout
    for rule in ("make_phantom", "index_cases", "train_classifier", "render_figure8"):
        assert f'label = "{rule}"' in graph
    if not shutil.which("dot"):
        pytest.skip("graphviz is not installed: the graph is not drawn")
    drawn = subprocess.run(["dot", "-Tsvg"], input=graph, text=True, capture_output=True)
    assert "</svg>" in drawn.stdout


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"training": {"epohcs": 3}}, "config: training.epohcs: no such key; did you mean epochs?"),
        ({"seed": "one"}, "config: seed: 'one' is not of type 'integer'"),
        ({"models": ["Xception"]}, "config: regimes.inverse: InceptionV3 is not among models"),
        ({"rois": {"size": 96}}, "config: rois.size: "),
        ({"dataset": {"source": "ddsm", "path": "no/where"}}, "there is no folder no/where"),
        ({"dataset": {"source": "table", "path": "no/where"}}, "there is no table no/where"),
    ],
)
def test_a_bad_configuration_is_one_readable_line(project, config, message):
    result = snakemake(project, "-n", "all", config=config)
    assert result.returncode != 0
    lines = (result.stdout + result.stderr).splitlines()
    assert sum(message in line for line in lines) == 1
    assert "Traceback" not in result.stdout + result.stderr


def rules() -> dict[str, str]:
    """Every rule's text by its name."""
    text = "\n".join(path.read_text() for path in sorted(ROOT.glob("workflow/rules/*.smk")))
    parts = re.split(r"^rule (\w+):$", text, flags=re.M)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


@pytest.mark.parametrize("name", rules())
def test_every_rules_environment_holds_what_its_code_imports(name):
    rule = rules()[name]
    script = re.search(r'sources\("(\w+)"\)', rule)[1]
    environment = re.search(r'"../../(envs/\w+\.yaml)"', rule)[1]
    pins = yaml.safe_load((ROOT / environment).read_text())["dependencies"][-1]["pip"]
    have = {pin.split("==")[0] for pin in pins}
    for path in sources_of(ROOT / "scripts" / f"{script}.py", ROOT):
        for node in ast.walk(ast.parse((ROOT / path).read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module] if isinstance(node, ast.ImportFrom) else []
            for module in {name.partition(".")[0] for name in names}:
                if module not in sys.stdlib_module_names and module != "camseg":
                    assert WHEELS.get(module, module) in have, f"{path} needs {module}"


@pytest.mark.slow
def test_tables_follow_from_the_stages_before(study):
    """Table II by another way: from the HDF5 files and metrics, by brute force."""
    results = study / "results/phantom"
    table2 = pd.read_csv(results / "tables/table2.csv")
    assert list(table2.columns) == ["Classifier", "val_acc", "Dice", "CAM_val_acc", "mask_val_acc"]
    assert list(pd.read_csv(results / "tables/table1.csv").columns) == list(table2.columns)[:3]
    (row,) = table2.to_dict("records")
    for regime, column in (
        ("original", "val_acc"),
        ("cam", "CAM_val_acc"),
        ("mask", "mask_val_acc"),
    ):
        folder = results / f"training/{regime}/MobileNetV2/split-0"
        history = pd.read_csv(folder / "history.csv")
        metrics = json.loads((folder / "metrics.json").read_text())
        assert row[column] == pytest.approx(history["val_accuracy"].max(), abs=1e-6)
        assert metrics["val_acc_last"] == pytest.approx(history["val_accuracy"].iloc[-1])
        predictions = pd.read_csv(folder / "predictions.tsv", sep="\t")
        validation = predictions[predictions["side"] == "validation"]
        right = (validation["probability"] > 0.5) == (validation["label"] == "abnormal")
        assert metrics["val_acc"] == pytest.approx(right.mean())
    inverse = json.loads(
        (results / "training/inverse/MobileNetV2/split-0/metrics.json").read_text()
    )
    table = pd.read_csv(results / "tables/inverse_mask.csv")
    assert table.to_dict("records") == [
        {
            "Classifier": "MobileNetV2",
            "inverse_val_acc": pytest.approx(inverse["val_acc"], abs=1e-6),
        }
    ]
    masks = {}
    for path in sorted((results / "rois").glob("shard-*.h5")):
        with h5py.File(path) as file:
            masks |= dict(zip(file["roi_id"].asstr()[:], file["mask"][:], strict=True))
    with h5py.File(results / "cams/grad_cam/MobileNetV2/split-0.h5") as file:
        cams = dict(zip(file["roi_id"].asstr()[:], file["cam"][:], strict=True))
    dice = [
        np.mean([2 * (mask * (cams[name] > t)).sum() / (mask.sum() + (cams[name] > t).sum())
                 for t in range(256)])
        for name, mask in masks.items() if name.endswith(".abnormal")
    ]  # fmt: skip
    assert row["Dice"] == pytest.approx(np.mean(dice), abs=1e-6)
    some = np.array([name for name in masks if name.endswith(".abnormal")][:2])
    both = mean_dice(np.array([cams[name] for name in some]), np.array([masks[n] for n in some]))
    assert both == pytest.approx(dice[:2], abs=1e-12)
    for number in (4, 5, 6, 8):
        assert (results / f"figures/figure{number}.png").stat().st_size > 10_000


@pytest.mark.slow
def test_candidates_add_up_with_the_index(study):
    results = study / "results/phantom"
    index = pd.read_csv(results / "index.tsv", sep="\t")
    candidates = pd.read_csv(results / "rois/candidates.tsv", sep="\t")
    lesions = index["abnormalities"][index["status"] == "usable"].sum()
    assert len(candidates) == 2 * lesions
    assert set(candidates["status"]) == {"used", "dropped"}
    assert (candidates["reason"].isna() == (candidates["status"] == "used")).all()
    split = pd.read_csv(results / "splits/split-0.tsv", sep="\t")
    assert set(split["roi_id"]) == set(candidates["roi_id"][candidates["status"] == "used"])
    sides = split.groupby("patient_id")["side"].nunique()
    assert (sides == 1).all()


@pytest.mark.slow
def test_a_second_run_has_nothing_to_do(study):
    result = snakemake(study, "--cores", "2", "all", config=SMALL)
    assert "Nothing to be done" in result.stdout + result.stderr


@pytest.mark.slow
def test_the_order_of_keys_in_a_config_reruns_nothing(study):
    config = yaml.safe_load((ROOT / "config/config.yaml").read_text())
    for section, values in SMALL.items():
        config[section] = {**config[section], **values} if isinstance(values, dict) else values
    turned = {
        key: dict(reversed(value.items())) if isinstance(value, dict) else value
        for key, value in config.items()
    }
    result = snakemake(study, "-n", "all", config=turned)
    assert "Nothing to be done" in result.stdout + result.stderr


def test_the_readme_is_whole():
    text = (ROOT / "README.md").read_text()
    assert not re.search(r"[A-Z]_HERE", text)
    for target in re.findall(r"\]\(([^)#:]+)", text):
        assert (ROOT / target).exists(), target


@pytest.mark.slow
def test_rerunning_one_model_reruns_what_follows_from_it_only(study):
    target = "results/phantom/training/original/MobileNetV2/split-0/model.keras"
    counts = jobs(snakemake(study, "-n", "-R", "compute_cams", "--", "all", config=SMALL))
    assert counts["train_classifier"] == 1  # the regime `cam` alone
    assert counts == {
        **dict.fromkeys(("compute_cams", "score_dice", "train_classifier"), 1),
        **dict.fromkeys(("render_tables", "render_figure8", "all"), 1),
        **dict.fromkeys(("render_figure7", "render_figure9", "render_figure10"), 1),
        "render_learning_curve": 1,
    }
    counts = jobs(snakemake(study, "-n", "-f", target, config=SMALL))
    assert counts == {"train_classifier": 1}
    times = {path: path.stat() for path in (study / target).parent.iterdir()}
    for path in times:  # as that rerun leaves them
        path.touch()
    try:
        counts = jobs(snakemake(study, "-n", "all", config=SMALL))
    finally:
        for path, stat in times.items():
            os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert counts["train_classifier"] == counts["compute_cams"] == counts["score_dice"] == 1
    assert not {"extract_rois", "split_rois"} & set(counts)


@pytest.mark.slow
def test_a_changed_parameter_reruns_its_branch_only(study):
    changed = {**SMALL, "cam": {"relu": True}}
    counts = jobs(snakemake(study, "-n", "all", config=changed))
    assert counts["compute_cams"] == 1
    assert counts["train_classifier"] == 1
    assert "extract_rois" not in counts
    changed = {**SMALL, "seed": 2}
    assert jobs(snakemake(study, "-n", "all", config=changed))["train_classifier"] == 4


@pytest.mark.slow
def test_editing_the_scoring_reruns_nothing_before_it(study):
    path = study / "scripts/camseg/dice.py"
    before = path.read_text()
    path.write_text(before + "\n# edited\n")
    try:
        counts = jobs(snakemake(study, "-n", "all", config=SMALL))
    finally:
        path.write_text(before)
    figures = {f"render_figure{number}" for number in (7, 8, 9, 10)}
    assert set(counts) == {"score_dice", "render_tables", "all"} | figures


@pytest.mark.slow
def test_the_same_study_again_gives_identical_tables_and_another_seed_other_rois(study, tmp_path):
    again = copy_project(tmp_path)
    config = {**SMALL, "rois": {"size": 64, "shards": 3}}  # sharding must not matter either
    result = snakemake(again, "--cores", "1", "all", config=config)
    assert result.returncode == 0, result.stdout + result.stderr
    for folder in ("tables", "figures", "dice", "splits"):
        paths = sorted((study / "results/phantom" / folder).rglob("*.*"))
        assert paths
        for path in paths:
            same = again / path.relative_to(study)
            assert path.read_bytes() == same.read_bytes(), path.name
    result = snakemake(
        again, "--cores", "2", "results/phantom/rois/candidates.tsv", config={**SMALL, "seed": 2}
    )
    assert result.returncode == 0, result.stdout + result.stderr
    name = "results/phantom/rois/candidates.tsv"
    assert (again / name).read_bytes() != (study / name).read_bytes()


@pytest.mark.slow
def test_bad_cases_are_named_and_the_run_goes_on(study, tmp_path):
    """A DDSM folder with a truncated picture, a broken chain and a missing contralateral view."""
    folder = tmp_path / "ddsm"
    shutil.copytree(study / "results/phantom/cases", folder)
    overlays = sorted(folder.rglob("*.OVERLAY"))
    overlays[0].write_text(overlays[0].read_text().replace(" #", " 9 #"))
    truncated = overlays[-1].with_suffix(".LJPEG")
    truncated.write_bytes(truncated.read_bytes()[:-1000])
    name = overlays[-2].name
    other = name.replace("LEFT", "XX").replace("RIGHT", "LEFT").replace("XX", "RIGHT")
    overlays[-2].with_name(other).with_suffix(".LJPEG").unlink()
    config = {
        **SMALL,
        "dataset": {"source": "ddsm", "path": str(folder)},
        "pathvars": {"results": "results/spoiled"},
    }
    result = snakemake(study, "--cores", "2", "results/spoiled/splits/split-0.tsv", config=config)
    assert result.returncode == 0, result.stdout + result.stderr
    index = pd.read_csv(study / "results/spoiled/index.tsv", sep="\t")
    candidates = pd.read_csv(study / "results/spoiled/rois/candidates.tsv", sep="\t")
    reasons = " ".join([*index["reason"].dropna(), *candidates["reason"].dropna()])
    assert "broken chain code" in reasons
    assert f"{truncated.name}: lossless JPEG, byte" in reasons
    assert f"{Path(other).stem.upper()}.LJPEG is missing" in reasons
    assert (candidates["status"] == "used").sum() > 20


@pytest.mark.slow
def test_strict_ends_at_a_bad_case(study, tmp_path):
    folder = tmp_path / "ddsm"
    shutil.copytree(study / "results/phantom/cases", folder)
    next(folder.rglob("*.LJPEG")).unlink()
    config = {
        **SMALL,
        "dataset": {"source": "ddsm", "path": str(folder)},
        "pathvars": {"results": "results/strict"},
        "strict": True,
    }
    result = snakemake(study, "--cores", "2", "results/strict/index.tsv", config=config)
    assert result.returncode != 0
    assert "1 of 48 views are rejected" in result.stderr


@pytest.mark.slow
def test_a_table_of_pictures_goes_through_the_same_stages(project, tmp_path):
    lines = ["image,patient,side,label,x,y,r,y_from"]
    for patient in range(1, 7):
        for side in ("left", "right"):
            name = f"{patient}-{side}.png"
            Image.fromarray(bright(side.upper(), (120, 80))).save(tmp_path / name)
            lesion = "abnormal,30,40,8,bottom" if side == "left" else "normal"
            lines.append(f"{name},{patient},{side},{lesion}")
    (tmp_path / "1-right.png").write_bytes(b"no picture")
    (tmp_path / "table.csv").write_text("\n".join(lines))
    config = {
        **SMALL,
        "dataset": {"source": "table", "path": str(tmp_path / "table.csv")},
        "pathvars": {"results": "results/table"},
    }
    target = "results/table/splits/split-0.tsv"
    result = snakemake(project, "--cores", "2", target, config=config)
    assert result.returncode == 0, result.stdout + result.stderr
    index = pd.read_csv(project / "results/table/index.tsv", sep="\t")
    assert index["status"].value_counts().to_dict() == {"usable": 11, "rejected": 1}
    assert "1-right.png: cannot be read" in index["reason"].dropna().iloc[0]
    assert len(pd.read_csv(project / target, sep="\t")) == 6 + 5
    strict = {**config, "strict": True}
    result = snakemake(project, "--cores", "2", "-F", target, config=strict)
    assert result.returncode != 0
    assert "1 of 12 views are rejected" in result.stderr
