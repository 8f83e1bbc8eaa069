import shutil
import subprocess

import numpy as np
import pandas as pd
import pytest

from camseg.errors import CamsegError
from camseg.report import tables
from camseg.report.results import ACCURACIES


@pytest.fixture
def published():
    return pd.read_csv("resources/paper_results.csv")


def test_published_numbers_sort_into_the_papers_tables(published):
    """Fed with the paper's own numbers, the tables come out in the paper's order (ties apart)."""
    second = tables.table2(published)
    assert list(second.columns) == ["Classifier", "val_acc", "Dice", "CAM_val_acc", "mask_val_acc"]
    assert list(second["Classifier"]) == [
        "Xception",
        "ResNet50V2",
        "NASNetMobile",
        "InceptionV3",
        "MobileNetV2",
        "DenseNet121",
    ]
    first = tables.table1(published)
    assert list(first.columns) == ["Classifier", "val_acc", "Dice"]
    assert list(first["val_acc"]) == [0.872, 0.872, 0.856, 0.848, 0.840, 0.840]
    assert list(first["Classifier"])[:4] == [
        "InceptionV3",
        "DenseNet121",
        "Xception",
        "NASNetMobile",
    ]


def test_the_extended_table_has_a_column_for_every_regime_that_was_run(published):
    columns = ["Classifier", "val_acc", "Dice", "CAM_val_acc", "mask_val_acc"]
    missing = set(ACCURACIES.values()) - set(published)
    everything = published.assign(**dict.fromkeys(missing, np.nan))
    extended = tables.table2_extended(everything.assign(blob_val_acc=[0.0, *[np.nan] * 5]))
    assert list(extended.columns) == [*columns, "inverse_val_acc", "blob_val_acc"]
    pd.testing.assert_frame_equal(extended[columns], tables.table2(published))


def test_a_wide_table_has_its_columns_names_in_lines():
    names = [f"a_rather_long_name_{number}" for number in range(9)]
    wide = tables.to_latex(pd.DataFrame([[0.5] * 9], columns=names), "A caption.")
    assert r"\shortstack[r]{a\_rather\_ \\ long\_name\_0}" in wide
    assert r"\footnotesize\setlength{\tabcolsep}{4pt}" in wide
    narrow = tables.to_latex(pd.DataFrame([[0.5]], columns=names[:1]), "A caption.")
    assert r"a\_rather\_long\_name\_0 \\" in narrow
    assert "tabcolsep" not in narrow


def test_formats(tmp_path):
    table = pd.DataFrame({"Classifier": ["A_1", "B"], "Dice": [0.12345678, np.nan]})
    paths = [tmp_path / f"t.{suffix}" for suffix in ("csv", "md", "tex")]
    tables.write_table(table, paths, {"t": "A caption."})
    csv, markdown, latex = (path.read_text() for path in paths)
    assert csv == "Classifier,Dice\nA_1,0.123457\nB,\n"
    assert markdown == "| Classifier | Dice |\n| --- | ---: |\n| A_1 | 0.123 |\n| B |  |\n"
    assert r"A\_1 & 0.123 \\" in latex
    assert r"\begin{tabular}{lr}" in latex
    assert r"\caption{A caption.}" in latex


def test_captions_are_read_from_files_and_found_by_the_tables_name(tmp_path):
    for name, text in (("table1.rst", "Of  both: ü.\n"), ("table1_intervals.rst", "Another.\n")):
        (tmp_path / name).write_text(text, encoding="utf-8")
    captions = tables.read_captions(sorted(tmp_path.iterdir()))
    assert captions == {"table1": "Of  both: ü.", "table1_intervals": "Another."}
    table = pd.DataFrame({"Classifier": ["A"]})
    tables.write_table(table, [tmp_path / "table1.tex"], captions)
    assert r"\caption{Of  both: ü.}" in (tmp_path / "table1.tex").read_text(encoding="utf-8")
    path = tmp_path / "table2.tex"
    with pytest.raises(CamsegError) as error:
        tables.write_table(table, [path], captions)
    assert str(error.value) == (
        f"{path}: there is no caption table2 among table1, table1_intervals"
    )
    assert not path.exists()


STRANGE = r"50 % & #1_a $x$ ~ ^2 {b} \c | <0.1> --"


def test_signs_that_are_commands_elsewhere_are_only_signs():
    table = pd.DataFrame({"a|b": ["x|y"], "p": [0.0001], "p_holm": [0.0006]})
    assert tables.to_markdown(table).splitlines()[::2] == [
        r"| a\|b | p | p_holm |",
        r"| x\|y | <0.001 | 0.001 |",
    ]
    assert tables.escape_latex(STRANGE) == (
        r"50 \% \& \#1\_a \$x\$ \textasciitilde{} \textasciicircum{}2 \{b\} "
        r"\textbackslash{}c | \textless{}0.1\textgreater{} --"
    )


def test_latex_compiles(tmp_path, published):
    """A short table, one with long texts, and one longer than a page."""
    if not shutil.which("pdflatex"):
        pytest.skip("pdflatex is not installed: no table is typeset")
    strange = pd.DataFrame(
        {STRANGE: [STRANGE, "b"], "p": [0.2, np.nan], "note": ["long " * 30, ""]}
    )
    long = pd.DataFrame({"Classifier": [f"A_{number}" for number in range(90)], "Dice": 0.5})
    document = [r"\documentclass{article}", r"\usepackage{booktabs,longtable}", r"\begin{document}"]
    for name, table in (("paper", published), ("strange", strange), ("long", long)):
        tables.write_table(table, [tmp_path / f"{name}.tex"], {name: STRANGE})
        document.append(rf"\input{{{name}}}")
    (tmp_path / "all.tex").write_text("\n".join([*document, r"\end{document}"]))
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "all.tex"]
    result = subprocess.run(command, cwd=tmp_path, text=True, capture_output=True, errors="replace")
    assert result.returncode == 0, result.stdout
    assert "(3 pages" in result.stdout  # `long` has two of its own
