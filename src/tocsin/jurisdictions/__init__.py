"""What the law and the map of a place turn on.

One law does not fit all cities. A *pack* is a folder of plain files written for one place and reviewed there: which rooms of risk may
answer at all, the emergency number, the languages, the areas and their residents, waiting and keeping times, the page on recording.
`load.load(name)` reads one and refuses what it does not understand; `risk.may_answer` is the only question the rest of the
house asks before it opens a room of risk. A pack marked as a sample may open them for trying out, and every page says so.

Nothing here is legal advice, and a pack without a reviewer's role and date turns nothing on. No pack names a person.
"""
