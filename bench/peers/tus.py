"""The peer of `./run bench encounters`: tuspyserver in a FastAPI application, as its README sets it up."""

import sys

import uvicorn
from fastapi import FastAPI
from tuspyserver import create_tus_router

folder, port = sys.argv[1:]
application = FastAPI()
application.include_router(create_tus_router(prefix="files", files_dir=folder))
uvicorn.run(
    application,
    host="127.0.0.1",
    port=int(port),
    loop="uvloop",
    http="httptools",
    access_log=False,
    log_level="warning",
)
