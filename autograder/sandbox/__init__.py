"""The box that a student's code runs in, one file a layer."""
