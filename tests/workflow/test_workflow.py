"""The workflow as its users meet it: parsed, inspected, misconfigured, run, run again."""

import ast
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest
import yaml
from PIL import Image

from browser import open_page
from camseg.code import code_of
from camseg.named import names
from camseg.scoring.dice import mean_dice
from camseg.training.registry import REGIMES
from conftest import bright
from project import ROOT, SMALL, copy_project, jobs, snakemake
from typeset import typeset

RENDERED = ("render_tables", "render_intervals", "render_claims", "render_selection_bias")
RENDERED += ("render_heat_maps", "render_dice_curves", "render_sanity", "render_sensitivity")
RENDERED += ("render_transplant", "render_verdicts", "render_checklist", "render_architectures")
RENDERED += ("render_map_alone", "render_label_leaks", "render_figure8", "summarise_runtime")
RENDERED += ("render_front_page", "record_provenance", "all")
WHEELS = {
    "cv2": "opencv-python-headless",
    "skimage": "scikit-image",
    "sklearn": "scikit-learn",
    "yaml": "pyyaml",
    "PIL": "pillow",
}


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> Path:
    """A fresh copy of the project that has run nothing."""
    return copy_project(tmp_path_factory.mktemp("project"))


def test_default_study_has_nineteen_trainings(project):
    counts = jobs(snakemake(project, "-n", "all"))
    assert counts["train_classifier"] == 19
    # of three methods on six networks
    assert counts["compute_cams"] == counts["score_dice"] == 3 * 6
    assert counts["check_cams"] == counts["probe_cams"] == 6
    assert counts["measure_leaks"] == counts["render_label_leaks"] == 1
    assert counts["measure_sensitivity"] == counts["transplant_regions"] == 1
    assert counts["extract_rois"] == 2
    assert [counts[f"render_figure{number}"] for number in ("s4_5", 6, 7, 8, 9, 10)] == [1] * 6
    assert (counts["render_learning_curve"], counts["render_learning_curves"]) == (19, 1)
    assert "render_figure1" not in counts
    assert "digest_inputs" not in counts  # phantoms are results, which the record counts
    assert counts["score_baselines"] == counts["score_untrained"] == 1


def test_more_splits_are_more_of_the_same_jobs(project):
    counts = jobs(snakemake(project, "-n", "all", config={"splits": 3}))
    assert counts["train_classifier"] == 3 * 19
    assert counts["compute_cams"] == counts["score_dice"] == 3 * 3 * 6
    assert counts["split_rois"] == 3
    assert counts["render_learning_curve"] == 3 * 19
    assert counts["render_tables"] == counts["render_claims"] == counts["extract_rois"] / 2 == 1


def test_more_seeds_are_more_of_the_same_jobs(project):
    counts = jobs(snakemake(project, "-n", "all", config={"splits": 2, "seeds": 3}))
    assert counts["train_classifier"] == counts["render_learning_curve"] == 6 * 19
    assert (
        counts["compute_cams"] == 3 * counts["check_cams"] == 3 * counts["probe_cams"] == 6 * 3 * 6
    )
    assert counts["split_rois"] == counts["score_baselines"] == counts["measure_leaks"] == 6
    assert counts["measure_sensitivity"] == counts["render_tables"] == 1


def test_a_test_set_is_asked_for_where_rois_are_divided(project):
    target = "results/phantom/splits/split-0.tsv"
    for test, flag in ((True, " --test "), (False, " --no-test ")):
        planned = snakemake(project, "-n", "-p", target, config={"split": {"test": test}})
        (line,) = (line for line in planned.stdout.splitlines() if "split_rois.py" in line)
        assert flag in line


def test_further_explanations_are_made_scored_and_checked_and_train_nothing(project):
    counts = jobs(snakemake(project, "-n", "all", config={"cam": {"also": ["hires_cam"]}}))
    assert counts["train_classifier"] == 19
    assert counts["compute_cams"] == counts["score_dice"] == 2 * 6
    assert counts["check_cams"] == counts["probe_cams"] == 6
    assert counts["render_explanations"] == 1


@pytest.mark.parametrize(
    ("methods", "expected"),
    [
        (["grad_cam", "rise", "saliency", "occlusion"], ["grad_cam saliency", "occlusion", "rise"]),
        (["rise", "occlusion"], ["occlusion", "rise"]),
    ],
)
def test_quick_methods_are_checked_together_and_costly_ones_by_themselves(
    project, methods, expected
):
    config = {"cam": {"explanation": methods[0], "also": methods[1:]}, "models": ["Xception"]}
    config["regimes"] = {"inverse": []}
    planned = snakemake(project, "-n", "-p", "all", config=config).stdout
    checks = [line for line in planned.splitlines() if "check_cams.py" in line]
    assert sorted(re.search("--explanations ([a-z_ ]+) --", line)[1] for line in checks) == expected


def test_retraining_on_a_methods_maps_brings_the_controls_along_and_nothing_else(project):
    config = {"regimes": {"cam_untrained": ["Xception"], "swapped_verdict": ["Xception"]}}
    config["cam"] = {"also": ["hires_cam", "saliency"]}
    before = jobs(snakemake(project, "-n", "all", config=config))
    config["cam"]["retrain"] = ["saliency"]
    after = jobs(snakemake(project, "-n", "all", config=config))
    added = {rule: count - before.get(rule, 0) for rule, count in after.items() if rule != "all"}
    assert {rule: count for rule, count in added.items() if count} == {
        **dict.fromkeys(("train_classifier", "render_learning_curve"), 6 + 2),
        "compute_cams": 1,  # of the untrained network
        "render_retrained": 1,
    }
    target = "results/phantom/training/{}-saliency/Xception/split-0/model.keras"
    maps = "results/phantom/cams/saliency{}/Xception/split-0.h5"
    for regime, further in (
        ("cam", ""),
        ("cam_untrained", f" --untrained {maps.format('_untrained')}"),
        ("swapped_verdict", " --verdicts results/phantom/training/original/Xception/split-0/"),
    ):  # as the study's own regimes, but for the maps
        planned = snakemake(project, "-n", "-p", target.format(regime), config=config)
        lines = [line for line in planned.stdout.splitlines() if "train_classifier.py" in line]
        (line,) = (line for line in lines if f" --regime {regime} " in line)
        assert f" --cams {maps.format('')}{further}" in line
        assert ("--untrained" in line, "--verdicts" in line) == (
            "--untrained" in further,
            "--verdicts" in further,
        )
    target = target.replace("-saliency", "-hires_cam").format("cam")
    assert "MissingRuleException" in snakemake(project, "-n", target, config=config).stdout


def test_controls_are_further_trainings_that_wait_for_their_cams(project):
    controls = {
        name: ["Xception"]
        for name, regime in REGIMES.items()
        if "cams" in regime.needs and name != "cam"
    }
    config = {"regimes": {**controls, "silhouette": "all"}}
    assert jobs(snakemake(project, "-n", "all", config=config))["train_classifier"] == 19 + 8 + 6
    target = "results/phantom/training/{}/Xception/split-0/model.keras"
    for regime, first, maps in (
        ("noise", 1, 1), ("silhouette", 0, 0), ("swapped_verdict", 1, 1), ("cam_untrained", 1, 2),
    ):  # fmt: skip
        counts = jobs(snakemake(project, "-n", target.format(regime), config=config))
        assert (counts["train_classifier"], counts.get("compute_cams", 0)) == (1 + first, maps)


@pytest.mark.parametrize("profile", ["gpu", "slurm"])
def test_every_profile_plans_the_same_jobs(project, profile):
    planned = snakemake(project, "-n", "--workflow-profile", f"profiles/{profile}", "all")
    assert jobs(planned) == jobs(snakemake(project, "-n", "all"))


def test_paper_study_can_be_inspected_without_data(project):
    planned = snakemake(project, "-n", "--configfile=config/paper.yaml", "all")
    counts = jobs(planned)
    assert counts["train_classifier"] == 19
    assert "make_phantom" not in counts
    assert counts["digest_inputs"] == 1
    (line,) = (line for line in planned.stdout.splitlines() if "no .ics file" in line)
    assert "Indexing the cases of resources/ddsm; a run would end here: resources/ddsm: no" in line
    dag = snakemake(project, "--dag", "--configfile=config/paper.yaml", "all")
    assert dag.stdout.startswith("digraph")


def test_the_plan_of_a_study_with_data_says_nothing_of_them(project):
    (project / "data").mkdir()
    (project / "data/a.ics").touch()
    config = {"dataset": {"source": "ddsm", "path": "data"}}
    planned = snakemake(project, "-n", "all", config=config)
    assert re.search(r"Indexing the cases of data$", planned.stdout, re.M)


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
        ({"models": ["Xceptoin"]}, "has no network Xceptoin; did you mean Xception?"),
        ({"models": [{"name": "V2", "heads": "gap"}]}, "models.0.heads: no such key; did you mean"),
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
def test_every_rule_of_results_has_its_runtime_recorded(name):
    # which the rules after the sum of runtimes cannot be part of
    after = ("summarise_runtime", "summarise_segmentation", "record_provenance", "digest_inputs")
    assert ("benchmark:" in rules()[name]) == (name not in after)


@pytest.mark.parametrize("name", rules())
def test_every_rules_environment_holds_what_its_code_imports(name):
    rule = rules()[name]
    environment = re.search(r"conda:\s+(\w+)", rule)[1].lower()
    pins = yaml.safe_load((ROOT / f"envs/{environment}.yaml").read_text())["dependencies"][-1][
        "pip"
    ]
    have = {pin.split("==")[0] for pin in pins}
    packages = ["camseg.datasets.sources"] if ", READER)" in rule else []
    packages += re.findall(r"camseg\.\w+\.(?:methods|filters)", rule)
    chosen = [f"{package}.{module}" for package in packages for module in names(package)]
    for path in code_of(ROOT / f"scripts/{name}.py", chosen):
        for node in ast.walk(ast.parse(path.read_text())):
            found = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            found += [node.module] if isinstance(node, ast.ImportFrom) else []
            for module in {each.partition(".")[0] for each in found}:
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
    assert list(table["Classifier"]) == ["MobileNetV2"]
    assert table["inverse_val_acc"].item() == pytest.approx(inverse["val_acc"], abs=1e-6)
    assert table["expected_best"].item() > 0.5
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
    heat_maps = pd.read_csv(results / "tables/heat_maps.csv").set_index("Classifier")
    assert list(heat_maps.index)[:3] == ["MobileNetV2", "all 255", "centred Gaussian"]
    assert heat_maps.loc["MobileNetV2", "Dice"] == row["Dice"]
    share = np.array([masks[name].mean() for name in masks if name.endswith(".abnormal")])
    trivial = 255 / 256 * np.mean(2 * share / (1 + share))
    assert heat_maps.loc["all 255", "Dice"] == pytest.approx(trivial, abs=1e-6)
    assert heat_maps.loc["MobileNetV2", "grid"] == "2 x 2"
    assert row["Dice"] < heat_maps.loc["MobileNetV2", "grid_limit"] < 0.7
    groups = pd.read_csv(results / "tables/heat_maps_by_group.csv").set_index("Classifier")
    network = groups.loc["MobileNetV2"]
    assert network["n_train"] + network["n_validation"] == len(dice)
    both_sides = (
        network["train"] * network["n_train"] + network["validation"] * network["n_validation"]
    )
    assert both_sides / len(dice) == pytest.approx(row["Dice"], abs=1e-5)
    with h5py.File(results / "dice/grad_cam/MobileNetV2/split-0.h5") as file:
        curves = dict(zip(file["roi_id"].asstr()[:], file["curve"][:].mean(axis=1), strict=True))
    assert [curves[name] for name in some] == pytest.approx(dice[:2], abs=1e-12)
    assert (results / "figures/dice_curves.png").stat().st_size > 10_000
    for number in (4, 5, 6, 8):
        assert (results / f"figures/figure{number}.png").stat().st_size > 10_000


@pytest.mark.slow
def test_intervals_and_claims_follow_from_predictions(study):
    """The tables of statistics by another way: from every ROI's prediction."""
    results = study / "results/phantom"
    right, one_class = {}, set()
    for regime in ("original", "cam", "mask", "inverse"):
        path = results / f"training/{regime}/MobileNetV2/split-0/predictions.tsv"
        table = pd.read_csv(path, sep="\t", index_col="roi_id")
        table = table[table["side"] == "validation"]
        right[regime] = (table["probability"] > 0.5) == (table["label"] == "abnormal")
        if len(set(table["probability"] > 0.5)) == 1:
            one_class.add(regime)
    n = len(right["original"])
    claims = pd.read_csv(results / "tables/claims.csv").query("data == 'this study'")
    assert set(claims["claim"]) == {"H1", "H2"}  # one classifier has no correlation
    for row in claims.itertuples():
        first, second = (right[regime] for regime in row.comparison.split(" - "))
        assert row.statistic == f"{(first & ~second).sum()} : {(second & ~first).sum()}"
        assert row.difference == pytest.approx(first.mean() - second.mean(), abs=1e-6)
        by_patient = (first.astype(int) - second).groupby(table["patient_id"]).mean()
        unread = one_class & set(row.comparison.split(" - "))
        assert row.reading.startswith("No reading: ") == np.isnan(row.p) == bool(unread)
        if (by_patient != by_patient.iloc[0]).any() and not unread:
            assert row.low <= row.difference <= row.high
        else:  # nothing that a bootstrap could draw
            assert np.isnan([row.low, row.high]).all()
    intervals = pd.read_csv(results / "tables/table2_intervals.csv", index_col="quantity")
    for regime, column in (("original", "val_acc"), ("inverse", "inverse_val_acc")):
        assert intervals.loc[column, "value"] == pytest.approx(right[regime].mean(), abs=1e-6)
        assert intervals.loc[column, "n"] == n
        assert intervals.loc[column, "balanced"] == pytest.approx(
            right[regime].groupby(table["label"]).mean().mean(), abs=1e-6
        )
    by_class = pd.read_csv(results / "tables/accuracy_by_class.csv").set_index("regime")
    assert set(by_class.index[by_class["called"] != "both"]) == one_class
    assert (by_class[["n_abnormal", "n_normal"]].sum(axis=1) == n).all()
    assert intervals.loc["Dice", "low"] < intervals.loc["Dice", "value"]
    bias = pd.read_csv(results / "tables/selection_bias.csv", index_col="regime")
    assert list(bias["n"]) == [n] * 4
    assert (bias["epochs"] == 2).all()
    assert bias["expected_best"].between(0.5, 0.75).all()


@pytest.mark.slow
def test_all_latex_tables_of_a_study_compile(study, tmp_path):
    found = sorted((study / "results/phantom/tables").glob("*.tex"))
    assert len(found) >= 9
    for path in found:
        shutil.copy(path, tmp_path)
    # a long table makes no room for a float that still waits for its place
    output = typeset(tmp_path, [path.stem for path in found], r"\clearpage")
    assert "Overfull" not in output


@pytest.mark.slow
def test_a_reader_finds_the_main_results_in_the_report(study, tmp_path):
    result = snakemake(study, "--report", "results/report.zip", config=SMALL)
    assert result.returncode == 0, result.stdout + result.stderr
    with zipfile.ZipFile(study / "results/report.zip") as archive:
        archive.extractall(tmp_path)
    tables = study / "results/phantom/tables"
    rows = {
        label: (tables / f"{name}.md").read_text().splitlines()[2].strip("| ").split(" | ")
        for label, name in (("Answers", "verdicts"), ("Table I", "table1"), ("Table II", "table2"))
    }
    with open_page(tmp_path / "report/report.html") as page:
        first = page.locator(".prose")
        assert "24 synthetic cases" in first.inner_text()
        for table, cells in zip(first.locator("table").all(), rows.values(), strict=True):
            assert table.locator("tbody td").all_inner_texts() == cells
        assert first.locator("svg").bounding_box()["width"] > 200

        page.get_by_text("1 Main results").click()  # and from the menu
        menu, shown = page.locator("nav tbody tr"), page.frame_locator("iframe")
        names = menu.locator("td:first-child")
        listed = ["Answers", "Answers, with reasons", "Figure 8", "Table I", "Table II"]
        assert names.all_inner_texts() == listed
        columns = {"Answers": "segmentation", "Table I": "Dice", "Table II": "mask_val_acc"}
        for label, column in columns.items():
            menu.nth(listed.index(label)).locator("a").first.click()
            shown.get_by_role("columnheader", name=column).wait_for()
            assert shown.locator("tbody td").all_inner_texts() == rows[label]
        menu.nth(listed.index("Figure 8")).locator("a").first.click()
        figure = page.locator("img[src*=figure8]")
        assert figure.evaluate("image => image.decode().then(() => image.naturalWidth)") > 500


@pytest.mark.slow
def test_the_front_page_leads_to_everything_that_the_study_makes(study):
    results = study / "results/phantom"
    numbers = pd.read_csv(results / "tables/heat_maps.csv").set_index("Classifier")
    verdicts = pd.read_csv(results / "tables/verdicts.csv")
    with open_page(results / "index.html") as page:
        assert "Synthetic images" in page.locator("header").inner_text()
        cells = page.locator("#numbers tbody tr").first.locator("th, td").all_inner_texts()
        assert [cells[0], *cells[2:4]] == [
            "MobileNetV2",
            *(
                f"{numbers.loc['MobileNetV2', name]:z.3f}"
                for name in ("Dice_at_threshold", "placement")
            ),
        ]
        answers = page.locator("#verdicts tbody td").all_inner_texts()
        assert answers == list(verdicts.iloc[0, 1:])
        links = page.locator("a").evaluate_all("all => all.map(each => each.getAttribute('href'))")
        page.get_by_role("link", name="MobileNetV2", exact=True).first.click()
        page.wait_for_selector("html[data-shown]")  # the explorer
        assert "model=MobileNetV2" in page.url
    files = {link.partition("#")[0] for link in links} - {""}
    assert {name for name in files if not (results / name).is_file()} == set()
    made = {
        path.relative_to(results).as_posix()
        for pattern in ("tables/*.html", "figures/**/*.svg", "provenance/*.html", "runtime/*.html")
        for path in results.glob(pattern)
    }
    assert made - files == {"figures/figure8_column.svg"}  # which is shown


@pytest.mark.slow
def test_everything_in_the_report_can_be_seen(study, tmp_path):
    result = snakemake(study, "--report", str(tmp_path / "report.html"), config=SMALL)
    assert result.returncode == 0, result.stdout + result.stderr
    seen, contents = {}, set()
    with open_page(tmp_path / "report.html") as page:
        categories = page.locator("nav li").filter(has_text=re.compile(r"^\d "))
        for category in categories.all_inner_texts():
            page.get_by_text(category, exact=True).click()
            for row in page.locator("nav tbody tr").all():
                row.locator("a").first.click()
                content = page.locator("nav + div").locator("img, iframe")
                contents.add(content.get_attribute("src"))
                content.evaluate("shown => shown.decode && shown.decode()")  # fails if it cannot
                seen.setdefault(category, []).append(row.locator("td").first.inner_text())
            page.get_by_text("Results", exact=True).click()
    assert len(contents) == sum(map(len, seen.values()))
    main = ["Answers", "Answers, with reasons", "Figure 8", "Table I", "Table II"]
    assert seen["1 Main results"] == main
    assert "The paper's claims" in seen["2 Intervals, claims, comparison"]
    assert "Heat maps, floors and ceilings" in seen["3 Heat maps"]
    good = "What goes with a good map"
    assert {good, f"{good}, correlations", f"{good}, drawn"} <= set(seen["3 Heat maps"])
    figures = [f"Figure {number}" for number in (4, 5, 6, 7, 9, 10)]
    assert seen["4 Figures"] == [*figures, "Learning curves"]
    assert seen["5 Learning curves"] == ["cam", "inverse", "mask", "original"]
    records = ["Checklist (CLAIM, TRIPOD+AI)", "Configuration", "Runtime", "Versions"]
    records.append("Where the time goes")
    assert seen["7 Runtime, versions, configuration"] == records


@pytest.mark.slow
def test_records_are_of_this_study_and_are_no_reason_to_run_it_again(study):
    results = study / "results/phantom"
    runtime = pd.read_csv(results / "runtime/runtime.csv", index_col="stage")
    ran = {path.relative_to(results / "runtime").parts[0].removesuffix(".tsv")
           for path in (results / "runtime").rglob("*.tsv")}  # fmt: skip
    assert set(runtime.index) == ran | {"all"}
    assert {"make_phantom", "train_classifier", "score_dice", "render_figure8"} <= ran
    assert runtime.loc["all", "wall_s"] == pytest.approx(
        runtime["wall_s"].iloc[:-1].sum(), rel=1e-4
    )
    configuration = yaml.safe_load((results / "provenance/configuration.yaml").read_text())
    assert configuration["models"] == SMALL["models"]
    assert configuration["training"]["batch_size"] == 8
    versions = pd.read_csv(results / "provenance/versions.csv", index_col="name")["version"]
    assert versions["camseg"] == "not in a repository"
    counted = pd.read_csv(results / "tables/candidates.csv")
    candidates = pd.read_csv(results / "rois/candidates.tsv", sep="\t")
    assert counted.query("what != 'view'")["count"].sum() == len(candidates)
    config = {**SMALL, "execution": {"memory_mb": 300}}
    shutil.move(results / "runtime/train_classifier", study / "elsewhere")
    try:
        result = snakemake(study, "-n", "all", config=config)
    finally:
        shutil.move(study / "elsewhere", results / "runtime/train_classifier")
    assert "Nothing to be done" in result.stdout + result.stderr


@pytest.mark.slow
def test_the_record_counts_every_file_but_logs_and_finds_what_was_edited(study):
    results = study / "results/phantom"
    record = json.loads((results / "manifest.json").read_text())
    files = {
        path.relative_to(results).as_posix()
        for path in results.rglob("*")
        if path.is_file() and not {"logs", "resume"} & set(path.relative_to(results).parts)
    }
    assert set(record["outputs"]) == {name for name in files if "/." not in f"/{name}"} - {
        "manifest.json"
    }
    assert record["configuration"]["values"]["models"] == SMALL["models"]
    assert record["machine"]["rounding"]["right"]
    command = [sys.executable, "-m", "camseg", "verify", str(results)]
    assert subprocess.run(command, cwd=study / "scripts", check=False).returncode == 0
    table = results / "tables/table1.csv"
    before = table.read_text()
    table.write_text(before.replace("MobileNetV2", "MobileNetV3"))
    edited = subprocess.run(
        command, cwd=study / "scripts", text=True, capture_output=True, check=False
    )
    table.write_text(before)
    assert edited.returncode == 1
    assert "  altered: tables/table1.csv\n" in edited.stdout


@pytest.mark.slow
def test_the_runtime_of_every_job_counts(finished_study):
    folder = finished_study / "results/phantom/runtime"
    runtime = pd.read_csv(folder / "runtime.csv", index_col="stage")
    assert runtime.loc["all", "jobs"] == len(list(folder.rglob("*.tsv")))


@pytest.mark.slow
def test_more_splits_outdate_no_training(study):
    counts = jobs(snakemake(study, "-n", "all", config={**SMALL, "splits": 2}))
    assert counts["train_classifier"] == 4
    assert counts["compute_cams"] == counts["score_dice"] == counts["split_rois"] == 1
    assert "extract_rois" not in counts


@pytest.mark.slow
def test_retraining_on_a_methods_maps_outdates_nothing(study):
    config = {**SMALL, "cam": {"also": ["saliency"], "retrain": ["saliency"]}}
    counts = jobs(snakemake(study, "-n", "all", config=config))
    new = ("compute_cams", "score_dice", "check_cams", "train_classifier", "render_learning_curve")
    records = ("render_checklist", "record_provenance", "summarise_runtime")  # name the keys
    shown = ("render_explanations", "render_retrained", "render_explorer", "render_front_page")
    shown += ("render_learning_curves",)
    # what shows checks: those of a model's quick methods are one job
    shown += ("render_sanity", "render_locality", "render_transplant", "render_verdicts")
    shown += ("render_architectures",)
    expected = dict.fromkeys([*new, *records, *shown], 1) | {"pack_rois": 2}
    assert {rule: count for rule, count in counts.items() if rule != "all"} == expected


@pytest.mark.slow
def test_explanations_beside_each_other(finished_study, tmp_path):
    study = shutil.copytree(finished_study, tmp_path / "study", symlinks=True)
    tables, figures = study / "results/phantom/tables", study / "results/phantom/figures"
    config = {**SMALL, "cam": {"also": ["saliency", "ablation_cam"], "retrain": ["saliency"]}}
    names = ["tables/explanations.csv", "tables/explanations_retrained.csv"]
    targets = [f"results/phantom/{name}" for name in [*names, "figures/explanations_cost.svg"]]
    before = (tables / "heat_maps.csv").read_text()
    result = snakemake(study, "--cores", "2", *targets, config=config)
    assert result.returncode == 0, result.stderr
    assert (tables / "heat_maps.csv").read_text() == before
    scored = pd.read_csv(tables / "explanations.csv").set_index("explanation")
    methods = scored[scored["Classifier"] == "MobileNetV2"]
    assert set(methods.index) == {"grad_cam", "saliency", "ablation_cam"}
    own = pd.read_csv(tables / "heat_maps.csv").set_index("Classifier")
    assert methods.loc["grad_cam", "Dice"] == pytest.approx(own.loc["MobileNetV2", "Dice"])
    # whose maps no network is trained on, of abnormal ROIs alone
    for method, labels in (("saliency", 2), ("ablation_cam", 1)):
        path = study / f"results/phantom/dice/{method}/MobileNetV2/split-0.tsv"
        assert pd.read_csv(path, sep="\t")["label"].nunique() == labels
    runs = {name: (row["forward"], row["back"]) for name, row in methods.iterrows()}
    assert runs == {"grad_cam": (1, 0), "saliency": (1, 1), "ablation_cam": (1, 0)}
    retrained = pd.read_csv(tables / "explanations_retrained.csv").set_index("explanation")
    for method, folder in (("grad_cam", "cam"), ("saliency", "cam-saliency")):
        path = study / f"results/phantom/training/{folder}/MobileNetV2/split-0/metrics.json"
        accuracy = json.loads(path.read_text())["val_acc"]
        assert retrained.loc[method, "CAM_val_acc"] == pytest.approx(accuracy, abs=1e-5)
    assert (figures / "explanations_roi.png").stat().st_size > 10_000


@pytest.mark.slow
def test_more_seeds_train_anew_on_the_same_rois(finished_study, tmp_path):
    """All that follows from a training is made of each; tables are means, intervals over both."""
    study = shutil.copytree(finished_study, tmp_path / "study", symlinks=True)
    results, config = study / "results/phantom", {**SMALL, "seeds": 2}
    counts = jobs(snakemake(study, "-n", "all", config=config))
    assert counts["train_classifier"] == 4
    assert counts["compute_cams"] == counts["check_cams"] == counts["transplant_regions"] == 1
    assert "extract_rois" not in counts
    result = snakemake(study, "--cores", "2", "all", config=config)
    assert result.returncode == 0, result.stderr
    runs = ["split-0", "split-0-seed-1"]
    first, second = ((results / f"splits/{run}.tsv").read_text() for run in runs)
    assert first == second
    metrics = [
        json.loads((results / f"training/original/MobileNetV2/{run}/metrics.json").read_text())
        for run in runs
    ]
    assert [each["split"] for each in metrics] == runs
    assert metrics[0]["settings"]["seed"] != metrics[1]["settings"]["seed"]
    losses = [
        pd.read_csv(results / f"training/mask/MobileNetV2/{run}/history.csv")["loss"][0]
        for run in runs
    ]
    assert losses[0] != losses[1]
    (row,) = pd.read_csv(results / "tables/table1.csv").to_dict("records")
    assert row["val_acc"] == pytest.approx(np.mean([each["val_acc"] for each in metrics]), abs=1e-5)
    intervals = pd.read_csv(results / "tables/table2_intervals.csv")
    assert set(intervals["interval"]) == {"t, patients and seeds"}
    claims = pd.read_csv(results / "tables/claims.csv")
    ours = claims[(claims["data"] == "this study") & (claims["claim"] != "H3")]
    assert set(ours["test"]) == {"t, patients and seeds"}


@pytest.mark.slow
def test_controls_are_trained(study):
    config = {**SMALL, "regimes": {**SMALL["regimes"], "silhouette": "all", "blob": "all"}}
    folder = "results/phantom/training/{}/MobileNetV2/split-0/metrics.json"
    targets = [folder.format(regime) for regime in ("silhouette", "blob")]
    result = snakemake(study, "--cores", "2", *targets, config=config)
    assert result.returncode == 0, result.stdout + result.stderr
    for target in targets:
        assert 0 <= json.loads((study / target).read_text())["val_acc"] <= 1


@pytest.mark.slow
def test_the_audit_agrees_with_the_tables(study):
    results = study / "results/phantom"
    (row,) = pd.read_csv(results / "tables/table2.csv").to_dict("records")
    sensitivity = pd.read_csv(results / "tables/sensitivity.csv")
    assert len(sensitivity) == 3 * 3 * 3 * 3 * 3
    own = sensitivity.query(
        "score == 'margin' and `class` == 'abnormal' and layer == 'pooled' "
        "and sign == 'signed' and resize == 'bilinear' and smoothing == 0"
    )
    assert own["Dice"].item() == pytest.approx(row["Dice"], abs=1e-4)
    assert own["difference"].item() == 0
    spread = pd.read_csv(results / "tables/sensitivity_spread.csv").set_index("varied")
    assert spread.loc["all of these", "highest"] == pytest.approx(sensitivity["Dice"].max())
    assert spread.loc["network", "lowest"] == pytest.approx(row["Dice"], abs=1e-6)
    sanity = pd.read_csv(results / "tables/sanity.csv").set_index("Classifier")
    dice = pd.read_csv(results / "dice/grad_cam/MobileNetV2/split-0.tsv", sep="\t")
    validation = dice[(dice["side"] == "validation") & (dice["label"] == "abnormal")]
    assert sanity.loc["MobileNetV2", "Dice"] == pytest.approx(validation["dice"].mean(), abs=1e-3)
    assert sanity.loc["MobileNetV2", "other_class"] == pytest.approx(-1)
    assert sanity.loc["MobileNetV2", ["locality_rows", "locality_columns"]].between(-1, 1).all()
    with h5py.File(results / "cams/grad_cam/MobileNetV2/split-0.h5") as file:
        assert sanity.loc["MobileNetV2", "degenerate"] == file["degenerate"][:].sum()


@pytest.mark.slow
def test_transplants_are_of_pairs_on_one_side_of_the_split(study):
    results = study / "results/phantom"
    table = pd.read_csv(results / "transplant/grad_cam/MobileNetV2/split-0.tsv", sep="\t")
    sides = pd.read_csv(results / "splits/split-0.tsv", sep="\t").set_index("roi_id")["side"]
    for roi in table.drop_duplicates("roi_id").itertuples():
        assert sides[roi.roi_id] == sides[roi.roi_id.replace("abnormal", "normal")] == roi.side
    rows = table[(table["region"] == "outline") & (table["side"] == "validation")]
    reading = pd.read_csv(results / "tables/transplant_readings.csv").iloc[0]
    assert reading["margin"] == pytest.approx((rows["margin"] - rows["normal"]).mean(), rel=1e-4)
    assert reading["n"] == len(rows) > 0
    shares = pd.read_csv(results / "tables/transplant.csv").set_index("region")
    assert (shares["n"] == len(rows)).all()
    if reading["low"] > 0:
        of_all = (rows["margin"] - rows["changed"]).sum() / (rows["margin"] - rows["normal"]).sum()
        assert shares.loc["outline", "S"] == pytest.approx(of_all, rel=1e-4)


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
        **dict.fromkeys(("compute_cams", "score_dice", "train_classifier", "probe_cams"), 1),
        "transplant_regions": 1,
        **dict.fromkeys(RENDERED, 1),
        **dict.fromkeys(("render_figure7", "render_figure9", "render_figure10"), 1),
        **dict.fromkeys(("render_learning_curve", "render_learning_curves"), 1),
        **{"pack_rois": 2, "render_explorer": 1},
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
    changed = {**SMALL, "cam": {**SMALL["cam"], "sign": "positive"}}
    counts = jobs(snakemake(study, "-n", "all", config=changed))
    assert counts["compute_cams"] == 1
    assert counts["train_classifier"] == 1
    assert "extract_rois" not in counts
    assert "measure_sensitivity" not in counts  # it has measured both
    changed = {**SMALL, "cam": {**SMALL["cam"], "explanation": "hires_cam"}}
    counts = jobs(snakemake(study, "-n", "all", config=changed))
    assert counts["compute_cams"] == counts["check_cams"] == counts["train_classifier"] == 1
    changed = {**SMALL, "seed": 2}
    assert jobs(snakemake(study, "-n", "all", config=changed))["train_classifier"] == 4


@pytest.mark.slow
def test_another_head_of_a_network_is_a_branch_of_its_own(study, tmp_path):
    def training_jobs(**entry):
        flat = {"name": "flat.16", "network": "MobileNetV2", "head": "flatten_dense", **entry}
        changed = {**SMALL, "models": ["MobileNetV2", {"widths": [16], **flat}]}
        result = snakemake(study, "-n", "-p", "all", config=changed)
        counts = jobs(result)
        assert counts["train_classifier"] == 3  # the regimes of the new one
        assert counts["compute_cams"] == counts["score_dice"] == counts["render_tables"] == 1
        assert "extract_rois" not in counts
        return [line for line in result.stdout.splitlines() if "train_classifier.py" in line]

    for line in training_jobs():
        assert (
            "--name flat.16 --network MobileNetV2 --head flatten_dense --widths 16 --weights none"
            in line
        )
    (tmp_path / "start.weights.h5").touch()
    for line in training_jobs(widths=[16, 8], weights=str(tmp_path / "start.weights.h5")):
        assert f"--widths 16 8 --weights {tmp_path}/start.weights.h5" in line


@pytest.mark.slow
def test_editing_the_scoring_reruns_nothing_before_it(study):
    path = study / "scripts/camseg/scoring/dice.py"
    before = path.read_text()
    path.write_text(before + "\n# edited\n")
    try:
        counts = jobs(snakemake(study, "-n", "all", config=SMALL))
    finally:
        path.write_text(before)
    figures = {f"render_figure{number}" for number in (7, 8, 9, 10)}
    tables = set(RENDERED) - {"render_selection_bias", "render_map_alone", "render_label_leaks"}
    assert (
        set(counts)
        == {"score_dice", "score_baselines", "score_untrained", "check_cams", "measure_sensitivity"}
        | {"render_locality", "pack_rois", "render_explorer"}
        | tables
        | figures
    )


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
    """A DDSM folder with a truncated image, a broken chain and a missing contralateral view."""
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
def test_a_table_of_images_goes_through_the_same_stages(project, tmp_path):
    lines = ["image,patient,side,label,x,y,r,y_from"]
    for patient in range(1, 7):
        for side in ("left", "right"):
            name = f"{patient}-{side}.png"
            image = bright(side.upper(), (120, 80))
            image[0, 40] = 9 * patient  # the same pixels would be a copy
            Image.fromarray(image).save(tmp_path / name)
            lesion = "abnormal,30,40,8,bottom" if side == "left" else "normal"
            lines.append(f"{name},{patient},{side},{lesion}")
    (tmp_path / "1-right.png").write_bytes(b"no image")
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
