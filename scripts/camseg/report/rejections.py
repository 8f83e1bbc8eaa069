"""What became of the cases' views and of the candidate ROIs, counted by reason."""

import re

import pandas as pd

USED = ("usable", "used")


def summary(index: pd.DataFrame, candidates: pd.DataFrame) -> pd.DataFrame:
    """Return how many views, abnormal and normal ROIs have which status, and why.

    `index` and `candidates` are the tables of all views and of all candidate ROIs, as texts.
    Reasons that differ only in words with digits (names, ids, numbers) are counted together, such
    words shown as "..."; `example` is the first that is meant, with its own reason where that
    differs. Columns: what, status, reason, count, example. What is used comes first, then by count.
    """
    views = index.assign(what="view", name=index["case_id"] + " " + index["view"])
    rois = candidates.assign(what=candidates["label"] + " ROI", name=candidates["roi_id"])
    columns = ["what", "status", "reason", "name"]
    table = pd.concat([views[columns], rois[columns]], ignore_index=True)
    table["kind"] = [re.sub(r"\S*\d\S*", "...", reason) for reason in table["reason"]]
    rows = []
    for (what, status, kind), group in table.groupby(["what", "status", "kind"]):
        group = group.sort_values("name")
        name, reason = group["name"].iloc[0], group["reason"].iloc[0]
        same = (group["reason"] == reason).all()
        rows.append({
            "what": what,
            "status": status,
            "reason": reason if same else kind,
            "count": len(group),
            "example": "" if status in USED else name if same else f"{name}: {reason}",
        })  # fmt: skip
    order = {"view": 0, "abnormal ROI": 1, "normal ROI": 2}
    rows.sort(
        key=lambda row: (
            order[row["what"]], row["status"] not in USED, -row["count"], row["reason"]
        )
    )  # fmt: skip
    return pd.DataFrame(rows)
