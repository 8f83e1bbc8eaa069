"""Measure a model's Dice for every combination of score, class, layer, ReLU and resizing."""

import argparse
from functools import partial

from camseg import cam, classifiers, sensitivity, split, store
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
    parser.add_argument("--threads", type=int, required=True, help="of TensorFlow")
    parser.add_argument("--batch-size", type=int, required=True)
    parser.add_argument("--output", required=True, help="TSV to write, a row per combination")
    args = parser.parse_args()

    model = cam.load(args.model, threads=args.threads)
    rois = store.read_rois(args.shards, load=False)
    side = split.read_split(args.split, rois.roi_id)
    rois = rois.take((side != "unused") & (rois.label == 1))
    measured = sensitivity.measure(
        model,
        rois.image,
        rois.mask,
        rois.label,
        preprocess=partial(classifiers.preprocess, args.network),
        explanation=args.explanation,
        batch_size=args.batch_size,
    )
    print(f"{len(measured)} combinations, {len(rois)} abnormal ROIs")
    with whole_file(args.output) as temporary:
        measured.to_csv(temporary, sep="\t", index=False)


if __name__ == "__main__":
    run(main)
