import pandas as pd

from camseg.report import rejections

OVERLAPS = "overlaps the lesion A-1.R.1 of the other"


def test_reasons_are_counted_with_an_example():
    index = pd.DataFrame(
        [
            ("A-1", "LEFT_CC", "usable", ""),
            ("A-1", "RIGHT_CC", "absent", ""),
            ("A-3", "LEFT_CC", "rejected", "c/A_3.LEFT_CC.LJPEG is missing"),
            ("A-2", "LEFT_CC", "rejected", "c/A_2.LEFT_CC.LJPEG is missing"),
            ("A-2", "RIGHT_CC", "rejected", "unknown scanner"),
        ],
        columns=["case_id", "view", "status", "reason"],
    )
    candidates = pd.DataFrame(
        [
            ("A-1.L.1.abnormal", "abnormal", "used", "", "only 9 of 256 levels; 3 specks"),
            ("A-1.L.1.normal", "normal", "dropped", OVERLAPS, ""),
            ("A-1.L.2.abnormal", "abnormal", "used", "", "only 7 of 256 levels"),
            (
                "A-1.L.2.normal",
                "normal",
                "unreadable",
                "A_1.R: lossless JPEG, byte 7: cut off",
                "?",
            ),
        ],
        columns=["roi_id", "label", "status", "reason", "notes"],
    )
    summary = rejections.summary(index, candidates)
    assert [tuple(row) for row in summary.itertuples(index=False)] == [
        ("view", "usable", 1, "", ""),
        (
            *("view", "rejected", 2, "... is missing"),
            "A-2 LEFT_CC: c/A_2.LEFT_CC.LJPEG is missing",
        ),
        ("view", "absent", 1, "", "A-1 RIGHT_CC"),
        ("view", "rejected", 1, "unknown scanner", "A-2 RIGHT_CC"),
        ("abnormal ROI", "used", 2, "", ""),
        (
            *("abnormal ROI", "noted", 2, "only ... of ... levels"),
            "A-1.L.1.abnormal: only 9 of 256 levels",
        ),
        ("abnormal ROI", "noted", 1, "3 specks", "A-1.L.1.abnormal"),
        (
            *("normal ROI", "unreadable", 1, "A_1.R: lossless JPEG, byte 7: cut off"),
            "A-1.L.2.normal",
        ),
        (
            *("normal ROI", "dropped", 1, OVERLAPS),
            "A-1.L.1.normal",
        ),
    ]
    counted = summary[summary["status"] != "noted"]
    assert counted["count"].sum() == len(index) + len(candidates)
