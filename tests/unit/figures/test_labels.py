import pandas as pd

from camseg.figures import labels


def test_axes_say_of_how_many_rois_their_dice_is():
    assert labels.counted(pd.Series([38, 38])) == "n = 38"
    assert labels.counted(pd.Series([100.0, 80.0, 90.0])) == "n = 80 to 100"
    assert labels.axis_of("Dice", pd.Series([38])) == "Dice (n = 38, bars: 95 %)"
    assert labels.axis_of("placement", pd.Series([38])) == "placement"
