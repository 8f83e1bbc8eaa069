"""Put the tissue of normal ROIs into regions of abnormal ones; measure the margins."""

import argparse
from functools import partial

from camseg.cli import run
from camseg.errors import CamsegError
from camseg.explanations.options import MapOptions
from camseg.io import store
from camseg.io.files import whole_file
from camseg.networks import classifiers
from camseg.networks.options import BatchOptions
from camseg.options import add_options, from_arguments
from camseg.rois import split


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", required=True, help=".keras file of train_classifier.py")
    parser.add_argument("--network", required=True, help="as in train_classifier.py")
    parser.add_argument("--shards", nargs="+", required=True, help="HDF5 shards of extract_rois.py")
    parser.add_argument("--split", required=True, help="TSV of split_rois.py")
    parser.add_argument("--cams", required=True, help="the model's HDF5 file of compute_cams.py")
    parser.add_argument("--explanation", required=True, help="the method, as grad_cam")
    add_options(parser, MapOptions)
    add_options(parser, BatchOptions)
    parser.add_argument("--mirrored", action="store_true", help="normal ROIs lie opposite")
    parser.add_argument(
        "--any-normal", action="store_true", help="take other normal ROIs where a ROI has none"
    )
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--output", required=True, help="TSV, one row per ROI, region and draw")
    args = parser.parse_args()

    from camseg.audit import regions, transplant  # TensorFlow takes seconds
    from camseg.explanations import explain

    batches = from_arguments(BatchOptions, args)
    model = explain.load(args.model, network=args.network, **batches.arithmetic)
    rois = store.read_rois(args.shards, load=False)
    sides = split.read_split(args.split, rois.roi_id)
    drawn = args.seed if args.any_normal else None
    pairs = regions.pairs(rois.roi_id, rois.label, sides, drawn=drawn)
    pairs = pairs[transplant.sample(sides[pairs[:, 0]], args.seed)]
    if not len(pairs):
        raise CamsegError(f"{args.split}: no abnormal ROI has its normal one on the same side")
    abnormal = rois.take(pairs[:, 0]).loaded()
    cams = store.read_cams(args.cams, abnormal.roi_id)
    measured = transplant.measure(
        model,
        abnormal.image,
        rois.image[pairs[:, 1]],
        abnormal.mask,
        cams.cam,
        abnormal.roi_id,
        mirrored=args.mirrored,
        grid=cams.raw.shape[1:],
        preprocess=partial(classifiers.preprocess, args.network),
        seed=args.seed,
        batch_size=batches.batch_size,
        explanation=args.explanation,
        options=from_arguments(MapOptions, args),
    )
    print(measured.groupby("region")[["margin", "normal", "changed"]].mean().to_string())
    ids = {"roi_id": abnormal.roi_id, "patient_id": abnormal.patient_id}
    for name, values in (ids | {"side": sides[pairs[:, 0]]}).items():
        measured[name] = values[measured["roi"]]
    with whole_file(args.output) as temporary:
        measured.drop(columns="roi").to_csv(temporary, sep="\t", index=False)


if __name__ == "__main__":
    run(main)
