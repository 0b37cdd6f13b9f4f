"""What is tried against the room of encounters alone: its envelopes, its custody heads, its frames, the dates of its files."""
