"""Staff and their keys: the few pseudonyms that may open what a phone sealed.

The public has no accounts and never will. What stands here today is the legal desk's public keys; they are believed because
they stand in the log under an outside cosignature, not because this node says so.
"""
