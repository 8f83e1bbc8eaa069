"""Check whether a model's heat maps depend on its weights, on the class and on the picture."""

import argparse
from functools import partial

from camseg import cam, classifiers, heatmaps, sanity, split, store
from camseg.cli import run
from camseg.files import whole_file
from camseg.networks import NETWORKS


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", required=True, help=".keras file of train_classifier.py")
    parser.add_argument("--network", required=True, choices=NETWORKS)
    parser.add_argument("--shards", nargs="+", required=True, help="HDF5 shards of extract_rois.py")
    parser.add_argument("--split", required=True, help="TSV of split_rois.py")
    parser.add_argument("--explanation", choices=cam.EXPLANATIONS, required=True)
    parser.add_argument("--score", choices=cam.SCORES, required=True)
    parser.add_argument("--relu", action=argparse.BooleanOptionalAction, required=True)
    parser.add_argument("--resize", choices=heatmaps.RESIZES, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--threads", type=int, required=True, help="of TensorFlow")
    parser.add_argument("--batch-size", type=int, required=True)
    parser.add_argument("--output", required=True, help="TSV to write, a row per check and ROI")
    args = parser.parse_args()

    model = cam.load(args.model, threads=args.threads)
    rois = store.read_rois(args.shards, load=False)
    side = split.read_split(args.split, rois.roi_id)
    chosen = sanity.sample((side == "validation") & (rois.label == 1), args.seed)
    rois = rois.take(chosen).loaded()
    checks = sanity.check(
        model,
        rois.image,
        rois.mask,
        preprocess=partial(classifiers.preprocess, args.network),
        seed=args.seed,
        batch_size=args.batch_size,
        explanation=args.explanation,
        score=args.score,
        relu=args.relu,
        resize=args.resize,
    )
    print(checks.groupby("check")[["correlation", "dice"]].mean().to_string(float_format="%.3f"))
    checks["roi"] = rois.roi_id[checks["roi"]]
    with whole_file(args.output) as temporary:
        checks.rename(columns={"roi": "roi_id"}).to_csv(temporary, sep="\t", index=False)


if __name__ == "__main__":
    run(main)
