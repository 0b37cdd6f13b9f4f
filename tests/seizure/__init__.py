"""The seizure trial: take a node as its worst enemy would, and look for what it should not hold (docs/run/seizure.md).

A run builds a disk image, lives some simulated days on it through the real HTTP surface, takes image, memory, environment and
everything said, and attacks. What it must not find are `Truth`s; a room brings its own in one file of `rooms`.
More runs plant leaks on purpose: a search that finds nothing has to show that it can find.
"""
