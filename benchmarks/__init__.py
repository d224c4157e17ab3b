"""What this machine makes of the suite: `make bench`. Figures are medians; compare them as ratios within one run."""
