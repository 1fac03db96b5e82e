"""Notices leave the house: who wishes to be told how, and the messages on their way."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0002"
down_revision: str | None = "0001"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """Forward."""
    op.create_table(
        "notice_wish",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("office_id", sa.Uuid(), nullable=False),
        sa.Column("channel", sa.String(length=40), nullable=False),
        sa.Column("address", sa.String(length=500), nullable=False),
        sa.Column("language", sa.String(length=10), nullable=False),
        sa.Column("digest_hour", sa.Integer(), nullable=True),
        sa.Column("next_digest_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("secret_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("former_secret_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("former_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("allow_private", sa.Boolean(), nullable=False),
        sa.Column("wished_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_reason", sa.String(length=40), nullable=True),
        sa.CheckConstraint(
            "(channel = 'webhook' AND ended_at IS NULL) = (secret_sealed IS NOT NULL)",
            name=op.f("ck_notice_wish_webhooks_have_a_secret"),
        ),
        sa.CheckConstraint("(ended_at IS NULL) = (address <> '')", name=op.f("ck_notice_wish_address_until_the_end")),
        sa.CheckConstraint("channel IN ('email', 'webhook')", name=op.f("ck_notice_wish_channel_word")),
        sa.CheckConstraint(
            "digest_hour IS NULL OR (digest_hour BETWEEN 0 AND 23 AND channel = 'email')",
            name=op.f("ck_notice_wish_digests_are_mails"),
        ),
        sa.CheckConstraint("ended_reason IN ('removed', 'gone')", name=op.f("ck_notice_wish_ended_reason_word")),
        sa.CheckConstraint(
            "(digest_hour IS NULL OR ended_at IS NOT NULL) = (next_digest_at IS NULL)",
            name=op.f("ck_notice_wish_digest_due"),
        ),
        sa.CheckConstraint(
            "(ended_at IS NULL) = (ended_reason IS NULL)", name=op.f("ck_notice_wish_ended_for_a_reason")
        ),
        sa.CheckConstraint(
            "(former_secret_sealed IS NULL) = (former_until IS NULL)", name=op.f("ck_notice_wish_former_secret_ends")
        ),
        sa.ForeignKeyConstraint(["office_id"], ["office.id"], name=op.f("fk_notice_wish_office_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice_wish")),
    )
    with op.batch_alter_table("notice_wish", schema=None) as batch_op:
        batch_op.create_index(
            "uq_notice_wish_address",
            ["office_id", "channel", "address"],
            unique=True,
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        )

    op.create_table(
        "delivery",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("wish_id", sa.Uuid(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("next_try_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("gave_up_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("trouble", sa.String(length=200), nullable=True),
        sa.CheckConstraint(
            "(next_try_at IS NULL) = (sent_at IS NOT NULL OR gave_up_at IS NOT NULL)",
            name=op.f("ck_delivery_waits_or_is_over"),
        ),
        sa.CheckConstraint("fence >= 0 AND attempts >= 0", name=op.f("ck_delivery_counts_not_negative")),
        sa.CheckConstraint("sent_at IS NULL OR gave_up_at IS NULL", name=op.f("ck_delivery_ends_once")),
        sa.ForeignKeyConstraint(["wish_id"], ["notice_wish.id"], name=op.f("fk_delivery_wish_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery")),
    )
    with op.batch_alter_table("delivery", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_delivery_made_at"), ["made_at"], unique=False)
        batch_op.create_index(
            "ix_delivery_next_try_at",
            ["next_try_at"],
            unique=False,
            sqlite_where=sa.text("next_try_at IS NOT NULL"),
            postgresql_where=sa.text("next_try_at IS NOT NULL"),
        )
        batch_op.create_index(batch_op.f("ix_delivery_wish_id"), ["wish_id"], unique=False)

    op.create_table(
        "delivery_line",
        sa.Column("wish_id", sa.Uuid(), nullable=False),
        sa.Column("notice_id", sa.Uuid(), nullable=False),
        sa.Column("delivery_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(["delivery_id"], ["delivery.id"], name=op.f("fk_delivery_line_delivery_id")),
        sa.ForeignKeyConstraint(["notice_id"], ["notice.id"], name=op.f("fk_delivery_line_notice_id")),
        sa.ForeignKeyConstraint(["wish_id"], ["notice_wish.id"], name=op.f("fk_delivery_line_wish_id")),
        sa.PrimaryKeyConstraint("wish_id", "notice_id", name=op.f("pk_delivery_line")),
    )
    with op.batch_alter_table("delivery_line", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_delivery_line_delivery_id"), ["delivery_id"], unique=False)


def downgrade() -> None:
    """Back."""
    with op.batch_alter_table("delivery_line", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_delivery_line_delivery_id"))

    op.drop_table("delivery_line")
    with op.batch_alter_table("delivery", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_delivery_wish_id"))
        batch_op.drop_index(
            "ix_delivery_next_try_at",
            sqlite_where=sa.text("next_try_at IS NOT NULL"),
            postgresql_where=sa.text("next_try_at IS NOT NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_delivery_made_at"))

    op.drop_table("delivery")
    with op.batch_alter_table("notice_wish", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_notice_wish_address",
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        )

    op.drop_table("notice_wish")
