"""The passport: a member shows a role by spending a token, and nobody can tell whose it was.

What it does: makes a key for each role, cohort and epoch, puts its public half in the log before it is used, and overwrites it when
the epoch is over or the role is burnt; takes a token once, for one act, whoever asks how often. `redeem.redeem` is what other rooms
are handed. Vetting and issuing are not built yet: `crypto.tokens.Issuer` answers in the trials only.

What it never stores: a member, a voucher, who was given what, when a token was spent or on what. What it keeps of a spent token is
made with the key that dies with its epoch, and then means nothing.
"""
