"""What of a data set is told in lines: how many, what sizes, which grey levels."""

from collections import Counter
from collections.abc import Iterable, Sequence
from statistics import median

import pandas as pd

from camseg.datasets.index import summary
from camseg.datasets.views import Row, shape_of
from camseg.study.sample import Grey

NAMES = 8  # of views, types or pathologies that are told


def of_index(rows: Sequence[Row]) -> list[str]:
    """Return lines on an index: cases and views by state and reason, patients, lesions, sizes."""
    usable = [row for row in rows if row["status"] == "usable"]
    patients = {row["patient_id"] for row in rows} - {""}
    lines = [*summary(rows), f"patients: {len(patients) or 'unknown'}"]
    lines.append(f"usable views: {_counted(row['view'] for row in usable)}")
    for what, key in (("types", "lesion_types"), ("pathologies", "pathologies")):
        told = (name or "not told" for row in usable for name in _each(row, row[key]))  # type: ignore[literal-required]
        lines.append(f"{what} of lesions: {_counted(told)}")
    normal = sum(not row["abnormalities"] for row in usable)
    lines.append(f"usable views without a lesion: {normal}")
    if usable:
        lines.append(f"sizes in pixels: {_spread([shape_of(row)[::-1] for row in usable])}")
    return lines


def _each(row: Row, text: str) -> list[str]:
    return text.split("; ") if row["abnormalities"] else []


def _counted(names: Iterable[str]) -> str:
    """Return how often each name occurs, the most frequent first."""
    counts = sorted(Counter(names).items(), key=lambda item: (-item[1], item[0]))
    told = [f"{name} {count}" for name, count in counts[:NAMES]]
    rest = counts[NAMES:]
    told += [f"{len(rest)} others {sum(count for _, count in rest)}"] if rest else []
    return ", ".join(told) or "none"


def _spread(sizes: Sequence[tuple[int, int]]) -> str:
    """Return the least, the median and the greatest of (width, height)s, ranked by their area."""
    ranked = sorted(sizes, key=lambda size: (size[0] * size[1], size))
    chosen = ranked[0], ranked[len(ranked) // 2], ranked[-1]
    return "{}, median {}, to {}".format(*(f"{width} x {height}" for width, height in chosen))


def of_lesions(candidates: pd.DataFrame) -> list[str]:
    """Return a line on the sizes of lesions in a table of candidates; none if none has a place."""
    placed = candidates[(candidates["label"] == "abnormal") & (candidates["lesion_w"] != "")]
    sizes = [(int(w), int(h)) for w, h in zip(placed["lesion_w"], placed["lesion_h"], strict=True)]
    return [f"lesions' boxes in pixels: {_spread(sizes)}"] if sizes else []


def of_greys(greys: Sequence[Grey]) -> list[str]:
    """Return lines on the grey levels of some pictures' files; none if there are none."""
    if not greys:
        return []
    least = [grey.least for grey in greys]
    greatest = [grey.greatest for grey in greys]
    lines = [
        f"grey levels of {len(greys)} pictures: bits a sample "
        f"{_counted(str(grey.bits) for grey in greys)}; the least {min(least)} to {max(least)}, "
        f"the greatest {min(greatest)} to {max(greatest)} (median {median(greatest):g})"
    ]
    stretched = sum(grey.stretched for grey in greys)
    if stretched:
        lines.append(
            f"warning: in {stretched} pictures a thousandth of the pixels holds more than half of "
            "the grey range"
        )
    return lines
