import subprocess
import sys
from pathlib import Path

import pytest

from camseg.sources import sources_of

ROOT = Path(__file__).parents[2]
SCRIPTS = sorted(ROOT.glob("scripts/*.py"))


def modules(script):
    return {Path(path).stem for path in sources_of(ROOT / "scripts" / script, ROOT)[1:]}


def test_imports_are_followed_through_other_modules():
    assert sources_of(ROOT / "scripts/extract_rois.py", ROOT)[0] == "scripts/extract_rois.py"
    assert {"extraction", "ddsm", "ljpeg", "roi", "store", "errors"} <= modules("extract_rois.py")


def test_stages_do_not_depend_on_what_they_do_not_use():
    assert "dice" in modules("score_dice.py")
    assert "figures" not in modules("train_classifier.py")
    assert "dice" not in modules("train_classifier.py")
    assert "training" not in modules("score_dice.py")


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_what_python_really_imports_is_listed(script):
    """Oracle: the standard library's own finder of modules."""
    from modulefinder import ModuleFinder

    finder = ModuleFinder([str(ROOT / "scripts")])
    for name in ("tensorflow", "keras", "numpy", "pandas", "cv2", "numba", "sklearn", "matplotlib"):
        finder.excludes.append(name)
    finder.excludes += ["scipy", "h5py", "tqdm", "yaml", "jsonschema", "snakemake"]
    finder.excludes += ["pydicom", "PIL"]
    finder.run_script(str(script))
    real = {name.partition(".")[2] for name in finder.modules if name.startswith("camseg.")}
    assert "cli" in real
    assert real <= modules(script.name)


def test_what_the_workflow_imports_to_parse_itself_is_light():
    """A dry run should not wait for numpy, pandas or TensorFlow."""
    code = "import sys, camseg.config, camseg.discovery, camseg.regimes, camseg.sources\n"
    code += "print(*{name.partition('.')[0] for name in sys.modules})"
    result = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT / "scripts",
        text=True,
        capture_output=True,
        check=True,
    )
    loaded = set(result.stdout.split())
    assert "camseg" in loaded
    assert not loaded & {"numpy", "pandas", "scipy", "h5py", "cv2", "keras", "tensorflow"}
