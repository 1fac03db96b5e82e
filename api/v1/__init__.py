"""The JSON API, version 1. Handlers parse, call one verb, and show."""

from litestar import Router

from api.queries import check_input
from api.v1 import batches, boxes, carriers, cases, hand_over, labels, legs, requests

router = Router(
    path="/api/v1",
    route_handlers=[
        *cases.HANDLERS,
        *requests.HANDLERS,
        *boxes.HANDLERS,
        *batches.HANDLERS,
        *legs.HANDLERS,
        *labels.HANDLERS,
        *carriers.HANDLERS,
        *hand_over.HANDLERS,
    ],
    before_request=check_input,
)
