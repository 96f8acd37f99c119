"""The gradebook becomes the class report: a page and a table."""
