"""May be skipped: every other table, ablation, control, plot and benchmark; the course does not use it."""
