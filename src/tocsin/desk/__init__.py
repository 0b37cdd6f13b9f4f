"""The legal desk: what waits for a lawyer, who has taken it, and what the desk writes about it, sealed.

What it does: lists recordings that wait, oldest first, with what the node knows of their silence; lets one lawyer take one, and only
that lawyer have its envelope and ciphertext, each opening noted where the owner sees it; hands over, gives back, freezes; keeps notes
and intake sheets that were sealed in a browser, under keys that die with the recording.

What it never stores: who took what (a taker is a capability drawn in their browser, found again by a ticket sealed to them), who
declined what, when anything was done, a word of a note, a person, a place. What it shows of others is a pseudonym, sealed to the desk.
"""
