"""May be skipped: every other table, ablation, control, plot and benchmark."""
