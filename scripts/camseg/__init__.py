"""camseg: does a classifier's heat map segment the lesion, and does the classifier look at it?

The library behind the workflow's scripts. Pure functions; nothing here knows Snakemake.
"""

__version__ = "0.2.0"
