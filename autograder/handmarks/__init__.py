"""Where people mark written answers."""
