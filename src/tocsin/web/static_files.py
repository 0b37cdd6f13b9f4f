"""Files whose name holds the hash of their content, served as immutable from memory: the built client, the icons, recorded cards.

`Built.load` raises `ClientNotBuilt` when the build is missing: a node without its client must not start and look well.
Nothing is read from disk on a request, and a name is looked up whole, so that no path can lead outside.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from litestar import MediaType, Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from tocsin.errors import TocsinError
from tocsin.web.refusals import NotFound, body_at_the_door

MEDIA_TYPES = {
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".wasm": "application/wasm",
    ".onnx": "application/octet-stream",
    ".txt": "text/plain; charset=utf-8",
    ".webm": "audio/webm",
    ".ogg": "audio/ogg",
    ".m4a": "audio/mp4",
    ".mp3": "audio/mpeg",
    ".wav": "audio/wav",
}
PREFIX = "/static/built/"
IMPORTED = re.compile(r"[\"']\./([\w.-]+\.js)[\"']")
"""An import in a built module; esbuild writes them all this way."""
HERE = Path(__file__).parent / "static"


class ClientNotBuilt(TocsinError):
    """There is no built client. `node client/build.mjs` makes it; `./run` does so by itself."""

    code = "client_not_built"
    message = "The client is not built."


@dataclass(frozen=True)
class Built:
    """Every static file by its hashed name, and what each page loads (`client/build.mjs` writes the manifest)."""

    files: Mapping[str, bytes]
    names: Mapping[str, str]
    """Plain name (`app.css`, `icon.svg`) to hashed name."""
    scripts_of: Mapping[str, Sequence[str]]
    """Page name to the scripts it loads at once, its own first."""
    client: str
    """SHA-256 of the build, as the log lists it."""
    sums: Mapping[str, str] = field(default_factory=dict)
    """SHA-256 of each file of the build: what `client` is made of."""

    @classmethod
    def load(cls, built: Path = HERE / "built", icons: Path = HERE / "icons") -> "Built":
        try:
            manifest = json.loads((built / "manifest.json").read_bytes())
            files = {name: (built / name).read_bytes() for name in manifest["files"]}
        except (OSError, ValueError, KeyError) as missing:
            raise ClientNotBuilt from missing
        names: dict[str, str] = {}
        scripts: dict[str, Sequence[str]] = {}
        for entry, parts in manifest["entries"].items():
            names.update({f"{entry}.{kind}": parts[kind] for kind in ("css", "js") if kind in parts})
            if "js" in parts:
                scripts[entry] = [parts["js"], *(one for one in parts["loads"] if one != parts["js"])]
        for path in sorted(icons.iterdir()):
            names[path.name] = hashed_name(path)
            files[names[path.name]] = path.read_bytes()
        sums = {name: str(one["sha256"]) for name, one in manifest["files"].items()}
        return cls(files, names, scripts, str(manifest["client"]), sums)

    def holding(self, files: Mapping[str, bytes]) -> "Built":
        """These too, by names that hold their hash: what belongs to a place, and to no build."""
        return replace(self, files={**self.files, **files})

    def url(self, name: str) -> str:
        """The address of a file by its plain name. Raises `KeyError` for one that was not built."""
        return PREFIX + self.names[name]

    def served(self, name: str) -> str:
        """The address of a file by its whole name; "" where this node does not have it."""
        return PREFIX + name if name in self.files else ""

    def scripts(self, page: str) -> list[str]:
        """The addresses of a page's scripts, its entry first; none where the page has no script."""
        return [PREFIX + name for name in self.scripts_of.get(page, ())]

    def reach(self, pages: Iterable[str]) -> list[str]:
        """The addresses of everything that scripts of `pages` can load, at once or later, in order."""
        found: set[str] = set()
        waiting = [name for page in pages for name in self.scripts_of.get(page, ())]
        while waiting:
            name = waiting.pop()
            if name not in found and name in self.files:
                found.add(name)
                waiting += IMPORTED.findall(self.files[name].decode())
        return [PREFIX + name for name in sorted(found)]


def hashed_name(path: Path) -> str:
    """`icon.svg` -> `icon-1A2B3C4D.svg`, after SHA-256 of its bytes."""
    return f"{path.stem}-{hashlib.sha256(path.read_bytes()).hexdigest()[:8].upper()}{path.suffix}"


def routes(built: Built) -> list[HTTPRouteHandler]:
    """The handler of static files, and of the list that auditors hold them to."""

    @get(PREFIX + "{name:str}", sync_to_thread=False, include_in_schema=False)
    def static_file(name: FromPath[str]) -> Response[Any]:
        content = built.files.get(name)
        media_type = MEDIA_TYPES.get(Path(name).suffix)
        if content is None or media_type is None:
            return Response(body_at_the_door(NotFound()), status_code=404, media_type=MediaType.JSON)
        return Response(content, media_type=media_type)

    @get("/client-files", sync_to_thread=False, include_in_schema=False)
    def client_files() -> Response[dict[str, Any]]:
        return Response({"client": built.client, "files": dict(built.sums)})

    return [static_file, client_files]
