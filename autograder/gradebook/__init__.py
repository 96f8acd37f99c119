"""Marks are recorded: the course as nbgrader sees it, its gradebook, what earlier runs left."""
