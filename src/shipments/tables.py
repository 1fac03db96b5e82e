"""Every table, imported in the order of the story: what Alembic and the tests see as the whole schema."""

from sqlmodel import SQLModel

from shipments import journal, kept_answers
from shipments.batches import batch
from shipments.boxes import box
from shipments.cases import card, case
from shipments.catalogue import item
from shipments.notices import delivery, notice, wish
from shipments.offices import office, person
from shipments.receipts import receipt
from shipments.requests import request
from shipments.tracking import event
from shipments.tracking.accounts import account
from shipments.tracking.calls import call
from shipments.tracking.lanes import lane
from shipments.tracking.polling import watch
from shipments.tracking.pushes import push

METADATA = SQLModel.metadata
MODULES = (
    office,
    person,
    item,
    case,
    card,
    request,
    box,
    batch,
    account,
    event,
    watch,
    call,
    push,
    lane,
    receipt,
    notice,
    wish,
    delivery,
    journal,
    kept_answers,
)
