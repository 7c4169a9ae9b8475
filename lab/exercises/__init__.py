"""The solutions of exercises 6 to 8 of EXERCISES.md; blank in a copy by `bash run.sh lab`."""
