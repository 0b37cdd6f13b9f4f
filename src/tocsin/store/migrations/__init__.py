"""Alembic's folder: `env` joins it to an open connection, `versions` holds one file a step."""
