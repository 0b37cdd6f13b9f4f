"""The passport: a member shows a role by spending a token, and nobody can tell whose it was.

What it does: admits whom two members of two cohorts vouch for and a trainer has trained; gives every member the same number of tokens
each week; makes a key for each role, cohort and epoch, puts its public half in the log before it is used, and overwrites it when the
epoch is over or the role is burnt; takes a token once, for one act, whoever asks how often; lets people without a token in by the slow
lane.

What other rooms are handed, by `at_passport`:
* `taker(passport, Role.CONFIRMER)`: an async `take(token, secret, what, act) -> (cohort, epoch)`. `token` (162 bytes) and `secret`
  (32 bytes) come from the phone; `what` is a digest of the request, so that asking again is harmless; `act(connection, cohort,
  epoch)` is done in the transaction that spends, once. "Two confirmers of two cohorts": keep the cohort beside what was confirmed.
* `slow_lane_of(node)`: `ticket(purpose)` for a form, `enter(purpose, ticket, work)` for what came back, where `work` is empty without
  script. On the page, `client/src/passport/work.ts` does the work of every form that has fields `ticket` and `work`.

What it never stores: a member, a voucher, who brought whom, who was given what, when a token was spent or on what. What it keeps of
tokens and codes is made with keys that die with their epoch, and then means nothing.
"""
