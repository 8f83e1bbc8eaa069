"""What a study of the whole DDSM would take on other machines: arithmetic on measured slopes.

Nothing here is measured. `bench_scaling.py` gives the seconds of one core, and prints what follows.
"""

from collections.abc import Mapping
from typing import NamedTuple

TRAINED = 0.8  # share of the ROIs: five folds
EPOCHS = 200  # config/paper.yaml: the most that a training runs; it may stop after 50 without gain
FOLDS = 5
REGIMES = ("original", "cam", "mask")
INVERSE = "InceptionV3"  # the one network that is trained in the regime inverse, too
CHAIN = 2  # trainings that wait for each other: original, whose maps the regime cam multiplies
THREADS = 4  # config/paper.yaml
# Of the DDSM's 2,620 cases 695 are normal. CBIS-DDSM outlines 3,568 lesions of 1,566 patients, two
# views taken together; normal ROIs are as many to an abnormal one as in the paper, 297 to 325.
ABNORMAL = round(3568 / 2 * (2620 - 695) / 1566, -1)
ROIS = round(ABNORMAL * (1 + 297 / 325), -2)
INGESTION = 0.7 * 3600  # core seconds: "what the real 2,620 cases would take"
# ResNet-50 v1.5 at 224 px on one V100 (FP32 and XLA): it trains 412 images a second in batches of
# 128 (NVIDIA, DeepLearningExamples, TensorFlow/Classification/ConvNets/resnet50v1.5), and as it
# infers 1003/1348 as many there in batches of 16, which config/paper.yaml has, so it may train them
GPU, OF_GPU = 412 * 1003 / 1348, "ResNet50V2"


class Network(NamedTuple):
    """Seconds a ROI on one core: a training step, an inference, a map."""

    step: float
    inference: float
    map: float

    def training(self, rois: float, epochs: int) -> float:
        """Return the seconds of a training: all epochs, each validated."""
        return epochs * rois * (TRAINED * self.step + (1 - TRAINED) * self.inference)

    def explained(self, rois: float) -> float:
        """Return the seconds of the maps of a model."""
        return rois * self.map


class Work(NamedTuple):
    """Core seconds of a study: those of networks, all else, and the longest chain of jobs."""

    networks: float
    other: float
    chain: float

    def seconds(self, cores: int, threads: int, times: float) -> float:
        """Return how long it takes at best: jobs of `threads`, which are so many `times` as fast.

        The cores are never idle, or the longest chain is all that is waited for.
        """
        return max((self.networks * threads / times + self.other) / cores, self.chain / times)


def work(
    costs: Mapping[str, Network], rois: float, epochs: int, *, score: float, start: float
) -> Work:
    """Return the work of all folds, from the seconds of a ROI's `score` and a job's `start`."""
    trainings = {name: len(REGIMES) + (name == INVERSE) for name in costs}
    networks = FOLDS * sum(
        trainings[name] * of.training(rois, epochs) + of.explained(rois)
        for name, of in costs.items()
    )
    jobs = FOLDS * (sum(trainings.values()) + 3 * len(costs))  # maps, checks and scores
    other = INGESTION + jobs * start + FOLDS * len(costs) * rois * score
    chain = max(CHAIN * of.training(rois, epochs) + of.explained(rois) for of in costs.values())
    return Work(networks, other, chain)


def amdahl(two: float, threads: int) -> float:
    """Return how many times as fast `threads` are, from what `two` are (Amdahl's law)."""
    serial = min(max(2 / two - 1, 0.0), 1.0)
    return 1 / (serial + (1 - serial) / threads)


def on_gpu(found: Work, ratio: float) -> float:
    """Return the seconds on one GPU that does a core's work on networks `ratio` times as fast."""
    return found.networks / ratio + found.other


def told(costs: Mapping[str, Network], *, score: float, start: float, two_threads: float) -> str:
    """Return the projection with its arithmetic, in Markdown."""
    found = work(costs, ROIS, EPOCHS, score=score, start=start)
    longest = max(costs, key=lambda name: costs[name].training(ROIS, EPOCHS))
    ratio = GPU * costs[OF_GPU].step
    four = amdahl(two_threads, THREADS)
    machines = {
        "2 cores, a thread a job": found.seconds(2, 1, 1.0),
        "one GPU": on_gpu(found, ratio),
        "50 nodes of 16 cores, a thread a job": found.seconds(800, 1, 1.0),
        f"50 nodes of 16 cores, {THREADS} threads a job": found.seconds(800, THREADS, four),
    }
    hours = {name: of.training(ROIS, EPOCHS) / 3600 for name, of in costs.items()}
    networks, other, chain = (seconds / 3600 for seconds in found)
    trainings = FOLDS * (len(REGIMES) * len(costs) + 1)
    a_core = 1 / costs[OF_GPU].step
    each = ", ".join(f"{name} {value:.0f}" for name, value in hours.items())
    lines = [
        f"- ROIs: {ROIS:,.0f}, {ABNORMAL:,.0f} of them abnormal (an estimate: `projection.py`). "
        f"{FOLDS} folds, {len(costs)} networks at 224 px: {trainings} trainings of {EPOCHS} "
        "epochs, the most that they may run.",
        f"- A training, core hours (epochs x ROIs x (0.8 step + 0.2 inference)): {each}.",
        f"- All trainings and maps: {networks:,.0f} core hours. All else: {other:.0f}, of which "
        f"{INGESTION / 3600:.1f} ingestion; a job starts in {start:.0f} s, a score takes "
        f"{1000 * score:.0f} ms.",
        f"- The longest chain is two trainings of {longest} and its maps, {chain:.0f} hours on one "
        "core, below which no number of nodes comes.",
        f"- Threads: two were {two_threads:.2f} times as fast as one, {THREADS} would be "
        f"{four:.2f} times (Amdahl's law).",
        f"- One GPU, **assumed, not measured**: a V100 trains {GPU:.0f} ROIs/s of ResNet-50 in "
        f"batches of 16 (by NVIDIA's own figures, `projection.py`), a core here {a_core:.1f} of "
        f"{OF_GPU}; {ratio:.0f} times as many, which is taken for every network.",
        "",
        "| projected for | hours | days |",
        "|---|--:|--:|",
    ]
    lines += [
        f"| {name} | {seconds / 3600:,.0f} | {seconds / 86400:.1f} |"
        for name, seconds in machines.items()
    ]
    return "\n".join(lines) + "\n"
