"""Pages for people: made on the server, working without script."""

from litestar import Router

pages = Router(path="/", route_handlers=[])
