"""The lesson's text becomes notebooks: `notebooks/` → `source/` and `release/`."""
