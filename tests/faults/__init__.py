"""Fault trials: what happens to a node that is killed, cut off, filled, damaged, misled or made to wait (docs/run/faults.md)."""
