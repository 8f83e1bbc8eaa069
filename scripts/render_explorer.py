"""Write the explorer's page: every ROI of the study, its heat maps and what was found of them."""

import argparse

import cv2

from camseg.cli import run
from camseg.explorer import findings, page, shards
from camseg.io.checked import SIDES
from camseg.io.files import whole_file


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--page", nargs="+", required=True, help="its .html, .css and .js files")
    parser.add_argument("--title", required=True, help="what the study's pictures are of")
    parser.add_argument("--shards", nargs="+", required=True, help="HDF5 shards of extract_rois.py")
    parser.add_argument("--index", required=True, help="TSV of index_cases.py")
    parser.add_argument("--candidates", required=True, help="TSV of merge_candidates.py")
    parser.add_argument("--splits", nargs="+", required=True, help="TSVs of split_rois.py")
    parser.add_argument("--explanations", nargs="+", required=True, help="of each table of scores")
    parser.add_argument("--titles", nargs="+", required=True, help="of the explanations, in order")
    parser.add_argument("--models", nargs="+", required=True, help="of each table of scores")
    parser.add_argument("--scores", nargs="+", required=True, help="TSVs of score_dice.py")
    parser.add_argument("--regimes", nargs="+", required=True, help="of each file of predictions")
    parser.add_argument("--trained", nargs="+", required=True, help="the models of those")
    parser.add_argument(
        "--predictions", nargs="+", required=True, help="TSVs of train_classifier.py"
    )
    parser.add_argument("--shown", required=True, help="the model to be shown first")
    parser.add_argument("--cams", required=True, help="its first CAMs, HDF5 of compute_cams.py")
    parser.add_argument("--output", required=True, help="page (.html) to write")
    args = parser.parse_args()

    cv2.setNumThreads(1)
    rois, place = findings.read_study(args.shards)
    sets = shards.map_sets(args.explanations, args.models, args.scores)
    splits = findings.of_splits(args.splits, rois)
    names = args.regimes, args.trained, args.predictions
    trainings = findings.of_trainings(*names, rois, splits)
    titles = dict(zip(dict.fromkeys(args.explanations), args.titles, strict=True))
    data = {
        "title": args.title,
        "size": rois.image.shape[1],
        "across": page.per_row(len(rois)),
        "titles": titles,
        "sides": SIDES,
        "rois": findings.describe(rois, place, args.index, args.candidates),
        "splits": splits,
        "sets": findings.of_sets(sets, rois),
        "trainings": trainings,
    }
    first = next(each for each in sets if each.model == args.shown)
    shown = {"model": first.model, "explanation": first.explanation}
    shown |= {"regime": args.regimes[0], "split": first.split}
    maps = findings.maps_of(args.cams, rois)
    pictures = page.small_pictures(rois), page.small_pictures(rois, maps)
    text = page.render(args.page, data, shown, *pictures)
    with whole_file(args.output) as temporary:
        temporary.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    run(main)
