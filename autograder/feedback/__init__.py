"""What students get back: the page that `nbgrader generate_feedback` writes for each notebook."""
