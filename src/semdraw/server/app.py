"""The application: routes and page, with the guard in front of everything."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from fastapi.staticfiles import StaticFiles
from starlette.responses import Response
from starlette.types import Scope

from semdraw.errors import EngineError, SemdrawError
from semdraw.server.asking import asking_routes
from semdraw.server.guard import Access, Guard, Keys
from semdraw.server.making import making_routes
from semdraw.server.routes import routes
from semdraw.server.studio import Studio
from semdraw.version import __version__

PAGE: Final = Path(__file__).parent / "page"


def create_app(studio: Studio, access: Access, keys: Keys | None = None) -> Guard:
    """One server. Its engine is started and stopped with it."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncGenerator[None]:
        studio.engine.start()
        yield
        await asyncio.to_thread(studio.engine.stop)

    app = FastAPI(
        title="semdraw",
        version=__version__,
        lifespan=lifespan,
        openapi_url="/api/openapi.json",
        docs_url=None,  # FastAPI's own pages load scripts from elsewhere
        redoc_url=None,
    )
    app.include_router(routes(studio, access, keys or Keys()))
    app.include_router(making_routes(studio))
    app.include_router(asking_routes(studio))
    app.mount("/", Page(directory=PAGE, html=True, check_dir=False), name="page")
    app.add_exception_handler(SemdrawError, _in_words)
    return Guard(app, access)


class Page(StaticFiles):
    """The built page. Names under assets/ carry a hash of their content and are kept; the rest is asked for again."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        is_hashed = path.startswith("assets/") and response.status_code == 200
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable" if is_hashed else "no-cache"
        return response


async def _in_words(_: Request, error: Exception) -> Response:
    """Our own errors are written for people; all others stay inside."""
    return JSONResponse({"detail": str(error)}, 503 if isinstance(error, EngineError) else 422)
