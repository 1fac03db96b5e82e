"""A push is kept with the subscription that it says it came of."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0005"
down_revision: str | None = "0004"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """Forward."""
    op.add_column("carrier_push", sa.Column("subscription_key", sa.String(length=120), nullable=True))


def downgrade() -> None:
    """Back. Which leg a message was subscribed for is forgotten: its news is polled in its own time."""
    op.drop_column("carrier_push", "subscription_key")
