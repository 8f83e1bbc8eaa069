"""What the start of the workflow's programs costs beside importing TensorFlow; CPU seconds.

    python benchmarks/bench_start.py [--rounds 5]

Processes of their own in alternating order, of which the medians: Python alone; `import
tensorflow`; what a training imports; `--help` of a program that trains, and of one that does not.
"""

import argparse
import os
import statistics
import subprocess
import sys
from pathlib import Path

from finding import tell

SCRIPTS = Path(__file__).resolve().parents[1] / "scripts"
PEER = "import tensorflow"
TRAINING = "what a training imports"
STARTED = {
    "Python alone": ["-c", ""],
    PEER: ["-c", "import tensorflow"],
    TRAINING: ["-c", "import camseg.cli, camseg.training.run"],
    "train_classifier.py --help": [str(SCRIPTS / "train_classifier.py"), "--help"],
    "render_tables.py --help": [str(SCRIPTS / "render_tables.py"), "--help"],
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    laps = [{name: seconds(command) for name, command in STARTED.items()} for _ in range(rounds)]
    print("| start of | CPU s | of `import tensorflow` |\n|---|--:|--:|")
    ratios = {}
    for name in STARTED:
        ratios[name] = statistics.median(lap[name] / lap[PEER] for lap in laps)
        taken = statistics.median(lap[name] for lap in laps)
        print(f"| {name} | {taken:.2f} | {ratios[name]:.2f} |")
    imports = statistics.median(lap[PEER] for lap in laps)
    tell(
        f"a training imports {ratios[TRAINING]:.2f} times what `import tensorflow` takes "
        f"({imports:.1f} s); a program of tables starts in "
        f"{ratios['render_tables.py --help']:.2f} of it",
        training=ratios[TRAINING],
        tables=ratios["render_tables.py --help"],
    )


def seconds(command: list[str]) -> float:
    """Return the CPU time of a Python process."""
    environment = os.environ | {"PYTHONPATH": str(SCRIPTS), "TF_CPP_MIN_LOG_LEVEL": "2"}
    process = subprocess.Popen(
        [sys.executable, *command],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"{command[-1]} failed")
    return usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    main()
