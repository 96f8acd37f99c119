"""The console script `softmax-lab`: one file a subcommand, and every word on the terminal."""
