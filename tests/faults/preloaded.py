"""What a warm node has already loaded before it is forked. Imported by the fork server alone."""

import alembic.command
from litestar import Litestar

import tocsin.serving
from tocsin.web import i18n, render

Litestar(route_handlers=[])  # its plugins are imported when the first application is made
i18n.load()
for page in (*render.PAGES, *render.ERRORS.values()):
    render.templates().get_template(page.template)

__all__ = ["alembic", "tocsin"]
