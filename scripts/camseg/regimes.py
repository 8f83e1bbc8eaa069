"""What the workflow must know of the regimes of training before it runs (see `filters`)."""

OF_CAMS = ("cam", "swapped", "gaussian", "noise", "blob", "inverse_cam")  # they need the ROIs' CAMs
