"""The office: how staff come in, keep their keys and go.

It invites, takes in, signs in and out, adds and drops ways in, and retires. It never sees a passphrase, a recovery sheet or a secret
key: the browser makes them and seals them (`docs/spec/staff.md`). It never stores who invited whom, when anybody signed in,
from where, or on what device. Call `room.Office.open` and hand its `sessions` to whoever has pages for staff.
"""
