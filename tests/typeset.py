"""LaTeX tables typeset as a reader would: the output of pdflatex, where it is installed."""

import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

import pytest


def typeset(folder: Path, names: Iterable[str], after: str = "") -> str:
    """Typeset the tables `names` of a folder on landscape A4; skip the test without pdflatex.

    `after` stands behind each. Twice: the second run knows the widths of long tables' columns.
    """
    if not shutil.which("pdflatex"):
        pytest.skip("pdflatex is not installed: no table is typeset")
    document = [r"\documentclass[a4paper]{article}", r"\usepackage{booktabs,longtable}"]
    document += [r"\usepackage[landscape,margin=15mm]{geometry}", r"\begin{document}"]
    document += [rf"\input{{{name}}}{after}" for name in names]
    (folder / "all.tex").write_text("\n".join([*document, r"\end{document}"]))
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "all.tex"]
    for _ in "12":
        done = subprocess.run(command, cwd=folder, text=True, capture_output=True, errors="replace")
        assert done.returncode == 0, done.stdout
    return done.stdout
