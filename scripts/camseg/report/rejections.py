"""What became of the cases' views and of the candidate ROIs, counted by reason."""

import pandas as pd

from camseg.datasets.reasons import by_kind

USED = ("usable", "used")


def summary(index: pd.DataFrame, candidates: pd.DataFrame) -> pd.DataFrame:
    """Return how many views, abnormal and normal ROIs have which status, and why.

    And how many of the used ROIs have which note: a row of the status "noted" for each.

    `index` and `candidates` are the tables of all views and of all candidate ROIs, as texts.
    Reasons that differ only in paths, ids, numbers and quoted values are counted together (see
    `reasons.by_kind`), shown as "..."; `example` is the first that is meant, with its own reason
    where that differs. Columns: what, status, count, reason, example. What is used comes first,
    then by count.
    """
    views = index.assign(what="view", name=index["case_id"] + " " + index["view"])
    rois = candidates.assign(what=candidates["label"] + " ROI", name=candidates["roi_id"])
    columns = ["what", "status", "reason", "name"]
    used = rois[rois["status"] == "used"]
    notes = used.assign(status="noted", reason=used["notes"].str.split("; ")).explode("reason")
    notes = notes[notes["reason"] != ""]
    table = pd.concat([views[columns], rois[columns], notes[columns]], ignore_index=True)
    rows = []
    for (what, status), group in table.groupby(["what", "status"]):
        for kind in by_kind(zip(group["name"], group["reason"], strict=True)):
            own = "" if kind.reason == kind.text else f": {kind.reason}"
            rows.append({
                "what": what,
                "status": status,
                "count": kind.count,
                "reason": kind.text,
                "example": "" if status in USED else kind.name + own,
            })  # fmt: skip
    order = {"view": 0, "abnormal ROI": 1, "normal ROI": 2}
    rows.sort(
        key=lambda row: (
            order[row["what"]], row["status"] not in USED, -row["count"], row["reason"]
        )
    )  # fmt: skip
    return pd.DataFrame(rows)
