"""Vouch: a member turns one of five tokens of the week into a code and tells it to somebody they have met.

The token says of which cohort the voucher is and nothing else. Nothing joins the code to the token: the row of a spent token and the
row of a code share no value.
"""

from sqlalchemy import Connection

from tocsin.passport import codes, redeem
from tocsin.passport.model import Kind, Pass, Role
from tocsin.passport.room import Passport


async def vouch(passport: Passport, token: bytes, secret: bytes) -> str:
    """The code; the same one for the same token and secret. Raises what `redeem.redeem` raises."""
    at = codes.home(passport, Kind.VOUCH)
    code = codes.spelled(at.mark(b"vouch", token, secret))

    def act(connection: Connection, says: Pass) -> None:
        codes.put(connection, at, Kind.VOUCH, f"{codes.MEMBER_SIDE}{says.cohort}", code)

    await redeem.redeem(passport, token, passport.challenge, secret, b"vouch", act, role=Role.VOUCHER)
    return code
