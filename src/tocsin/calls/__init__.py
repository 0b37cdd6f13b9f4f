"""Calls: the queue of those on duty, the call itself, and what is handed between its two ends.

What it does: keeps who is on duty, in memory alone and for twelve hours at most; rings the best free lawyer of a call's language and
place, then others, in growing waves; tells the caller how it stands; passes on what the ends seal for each other; hands out
short-lived names for the relay. `advance.advance` is the whole of the matching, pure and without a clock of its own.

What it never stores: anything. Nothing of this room is written to a disk. A call's state goes to its two ends, sealed under a key
of the node's, and they bring it back to a node that was killed (`docs/spec/calls.md`). The node cannot read what a caller says of
themselves, cannot hear a call, and cannot put itself between its ends: whoever answers proves it by opening what the phone sealed
to the roll.
"""
