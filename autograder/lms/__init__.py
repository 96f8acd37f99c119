"""The way to and from a learning management system: one file each for Canvas and Moodle."""
