"""The grading runner: a student's code in a confined process, the tests in one that never runs it.

`pool` forks an examiner for each submission from a warm template; the `examiner` forks the
`student` process, which confines itself. It asks (`remote`) over the `wire` for values, which are
all that ever comes back (`packing`, `screening`). `shell` runs cells in either of them.
"""
