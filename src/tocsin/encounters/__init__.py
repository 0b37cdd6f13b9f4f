"""Encounters: one tap, and each second is sealed on the phone and durable here before the next one.

What it does: takes a recording that only its recipients can open, second by second; answers each with a signed receipt once it is
durable; puts a commitment to it in every beat of the log; hands the sealed whole to whoever proves to be its owner; erases it by
overwriting one key.

What it never stores: a key that opens a recording, who made it, from where, on which device, a thumbnail, a time in clear
finer than a day. When a second came is written into a note that the node itself cannot read back.
"""
