"""Measurements side by side with peers; `./run bench NAME` runs `bench/NAME.py`."""
