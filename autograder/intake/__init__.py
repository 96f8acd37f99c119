"""A submission becomes the notebook to grade: `submitted/` → the instructor's own, with answers."""
