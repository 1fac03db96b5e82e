"""A pause of an account says why."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0006"
down_revision: str | None = "0005"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

WORDS = "paused_why IN ('asked_to_wait', 'over_quota', 'day_over', 'down')"
OF_A_PAUSE = "paused_why IS NULL OR paused_until IS NOT NULL"


def upgrade() -> None:
    """Forward. Of a pause that lasts already nobody knows why any more."""
    with op.batch_alter_table("carrier_account") as batch_op:
        batch_op.add_column(sa.Column("paused_why", sa.String(length=40), nullable=True))
        batch_op.create_check_constraint(op.f("ck_carrier_account_paused_why_word"), WORDS)
        batch_op.create_check_constraint(op.f("ck_carrier_account_reason_of_a_pause"), OF_A_PAUSE)


def downgrade() -> None:
    """Back."""
    with op.batch_alter_table("carrier_account") as batch_op:
        batch_op.drop_constraint(op.f("ck_carrier_account_reason_of_a_pause"), type_="check")
        batch_op.drop_constraint(op.f("ck_carrier_account_paused_why_word"), type_="check")
        batch_op.drop_column("paused_why")
