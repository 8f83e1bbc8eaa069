# camseg: from raw DDSM cases to the tables and figures of Guan & Loew's
# "A Sneak Attack on Segmentation of Medical Images Using Deep Neural Network Classifiers".
# The front door; the workflow itself stands where catalogues and other workflows look for it.
include: "workflow/Snakefile"


workflow.default_target = "all"  # which an include does not bring along
