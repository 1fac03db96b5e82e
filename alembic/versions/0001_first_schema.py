"""Every table of the first release, and what guards the facts in them.

The tables as Alembic generated them; below them triggers that refuse to change or take back what was appended.
A later migration that rebuilds one of these tables on SQLite must guard it again; a test looks.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0001"
down_revision: str | None = None
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

APPEND_ONLY = (
    "journal",
    "carrier_event",
    "box_fact",
    "case_turn",
    "consent",
    "dispatch",
    "receipt",
    "receipt_line",
    "explanation",
    "handover",
    "handover_line",
)


def upgrade() -> None:
    """Forward."""
    op.create_table(
        "carrier_account",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("carrier", sa.String(length=40), nullable=False),
        sa.Column("base_url", sa.String(length=300), nullable=False),
        sa.Column("header", sa.String(length=60), nullable=False),
        sa.Column("secret_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("allow_private", sa.Boolean(), nullable=False),
        sa.Column("per_second", sa.Float(), nullable=False),
        sa.Column("next_call_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("paused_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("stopped_reason", sa.String(length=200), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.CheckConstraint("per_second > 0", name=op.f("ck_carrier_account_per_second_positive")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_carrier_account")),
        sa.UniqueConstraint("carrier", name=op.f("uq_carrier_account_carrier")),
    )
    op.create_table(
        "guesses",
        sa.Column("subject", sa.LargeBinary(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("subject", name=op.f("pk_guesses")),
    )
    op.create_table(
        "item",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(length=60), nullable=False),
        sa.Column("names", sa.JSON(), nullable=False),
        sa.Column("hs_heading", sa.String(length=4), nullable=False),
        sa.Column("electrical", sa.Boolean(), nullable=False),
        sa.Column("typical_weight_g", sa.Integer(), nullable=False),
        sa.Column("typical_value_eur", sa.Integer(), nullable=False),
        sa.CheckConstraint("typical_value_eur >= 0", name=op.f("ck_item_value_not_negative")),
        sa.CheckConstraint("typical_weight_g > 0", name=op.f("ck_item_weight_positive")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_item")),
        sa.UniqueConstraint("code", name=op.f("uq_item_code")),
    )
    op.create_table(
        "journal",
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("action", sa.String(length=60), nullable=False),
        sa.Column("outcome", sa.String(length=40), nullable=False),
        sa.Column("object_kind", sa.String(length=40), nullable=False),
        sa.Column("object_code", sa.String(length=80), nullable=False),
        sa.Column("office_id", sa.Uuid(), nullable=True),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("previous", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.CheckConstraint("outcome IN ('done', 'saw', 'refused')", name=op.f("ck_journal_outcome_word")),
        sa.CheckConstraint("seq > 0", name=op.f("ck_journal_seq_positive")),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_journal")),
        sa.UniqueConstraint("hash", name=op.f("uq_journal_hash")),
    )
    with op.batch_alter_table("journal", schema=None) as batch_op:
        batch_op.create_index("ix_journal_object", ["object_kind", "object_code", "seq"], unique=False)
        batch_op.create_index("ix_journal_office_id", ["office_id", "seq"], unique=False)

    op.create_table(
        "journal_head",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_journal_head_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_journal_head")),
    )
    op.create_table(
        "kit",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(length=60), nullable=False),
        sa.Column("names", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kit")),
        sa.UniqueConstraint("code", name=op.f("uq_kit_code")),
    )
    op.create_table(
        "organisation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organisation")),
        sa.UniqueConstraint("name", name=op.f("uq_organisation_name")),
    )
    op.create_table(
        "person",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("email", sa.String(length=200), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("language", sa.String(length=10), nullable=False),
        sa.Column("password_hash", sa.String(length=200), nullable=True),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("looked_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("email = lower(email)", name=op.f("ck_person_email_lower")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person")),
        sa.UniqueConstraint("email", name=op.f("uq_person_email")),
    )
    op.create_table(
        "api_key",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("prefix", sa.String(length=12), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("may_write", sa.Boolean(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_api_key_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_key")),
        sa.UniqueConstraint("prefix", name=op.f("uq_api_key_prefix")),
    )
    with op.batch_alter_table("api_key", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_api_key_person_id"), ["person_id"], unique=False)

    op.create_table(
        "kept_answer",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("request_hash", sa.LargeBinary(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("kept_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_kept_answer_person_id")),
        sa.PrimaryKeyConstraint("person_id", "key", name=op.f("pk_kept_answer")),
    )
    with op.batch_alter_table("kept_answer", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_kept_answer_kept_at"), ["kept_at"], unique=False)

    op.create_table(
        "kit_line",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kit_id", sa.Uuid(), nullable=False),
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_kit_line_quantity_positive")),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("fk_kit_line_item_id")),
        sa.ForeignKeyConstraint(["kit_id"], ["kit.id"], name=op.f("fk_kit_line_kit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kit_line")),
        sa.UniqueConstraint("kit_id", "item_id", name=op.f("uq_kit_line_kit_id_item_id")),
    )
    with op.batch_alter_table("kit_line", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_kit_line_item_id"), ["item_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_kit_line_kit_id"), ["kit_id"], unique=False)

    op.create_table(
        "office",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("country", sa.String(length=2), nullable=False),
        sa.Column("time_zone", sa.String(length=60), nullable=False),
        sa.Column("languages", sa.JSON(), nullable=False),
        sa.Column("public_phone", sa.String(length=40), nullable=False),
        sa.Column("public_address", sa.String(length=300), nullable=False),
        sa.Column("public_hours", sa.String(length=120), nullable=False),
        sa.Column("may_send", sa.Boolean(), nullable=False),
        sa.Column("may_receive", sa.Boolean(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("length(country) = 2 AND country = upper(country)", name=op.f("ck_office_country_iso3166")),
        sa.CheckConstraint("may_send OR may_receive", name=op.f("ck_office_has_a_purpose")),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_office_organisation_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_office")),
        sa.UniqueConstraint("code", name=op.f("uq_office_code")),
    )
    with op.batch_alter_table("office", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_office_organisation_id"), ["organisation_id"], unique=False)

    op.create_table(
        "sign_in",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_sign_in_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in")),
        sa.UniqueConstraint("hash", name=op.f("uq_sign_in_hash")),
    )
    with op.batch_alter_table("sign_in", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sign_in_person_id"), ["person_id"], unique=False)

    op.create_table(
        "batch",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(length=32), nullable=False),
        sa.Column("host_office_id", sa.Uuid(), nullable=False),
        sa.Column("origin_office_id", sa.Uuid(), nullable=False),
        sa.Column("mode", sa.String(length=40), nullable=False),
        sa.Column("cut_off", sa.DateTime(timezone=True), nullable=True),
        sa.Column("max_weight_g", sa.Integer(), nullable=True),
        sa.Column("max_volume_mm3", sa.BigInteger(), nullable=True),
        sa.Column("max_boxes", sa.Integer(), nullable=True),
        sa.Column("planned_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("dispatched_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("stage", sa.String(length=40), nullable=False),
        sa.Column("exceptions", sa.String(length=200), nullable=False),
        sa.Column("expected_from", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expected_to", sa.DateTime(timezone=True), nullable=True),
        sa.Column("overdue_after", sa.DateTime(timezone=True), nullable=True),
        sa.Column("silent_after", sa.DateTime(timezone=True), nullable=True),
        sa.Column("heard_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("mode IN ('sea', 'air', 'road', 'rail', 'courier')", name=op.f("ck_batch_mode_word")),
        sa.CheckConstraint(
            "stage IN ('registered', 'packed', 'waiting', 'on_the_way', 'in_the_country', 'at_the_office', 'ready', 'handed_over', 'withdrawn', 'lost', 'returned', 'destroyed')",
            name=op.f("ck_batch_stage_word"),
        ),
        sa.CheckConstraint("max_boxes > 0", name=op.f("ck_batch_max_boxes_positive")),
        sa.CheckConstraint("max_volume_mm3 > 0", name=op.f("ck_batch_max_volume_positive")),
        sa.CheckConstraint("max_weight_g > 0", name=op.f("ck_batch_max_weight_positive")),
        sa.ForeignKeyConstraint(["host_office_id"], ["office.id"], name=op.f("fk_batch_host_office_id")),
        sa.ForeignKeyConstraint(["origin_office_id"], ["office.id"], name=op.f("fk_batch_origin_office_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_batch")),
        sa.UniqueConstraint("code", name=op.f("uq_batch_code")),
    )
    with op.batch_alter_table("batch", schema=None) as batch_op:
        batch_op.create_index("ix_batch_host_office_id", ["host_office_id", "stage", "id"], unique=False)
        batch_op.create_index("ix_batch_newest_host", ["host_office_id", "id"], unique=False)
        batch_op.create_index("ix_batch_newest_origin", ["origin_office_id", "id"], unique=False)
        batch_op.create_index("ix_batch_origin_office_id", ["origin_office_id", "stage", "id"], unique=False)

    op.create_table(
        "case",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(length=32), nullable=False),
        sa.Column("host_office_id", sa.Uuid(), nullable=False),
        sa.Column("origin_office_id", sa.Uuid(), nullable=False),
        sa.Column("language", sa.String(length=10), nullable=False),
        sa.Column("planned_departure", sa.Date(), nullable=True),
        sa.Column("name_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("phone_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("email_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["host_office_id"], ["office.id"], name=op.f("fk_case_host_office_id")),
        sa.ForeignKeyConstraint(["origin_office_id"], ["office.id"], name=op.f("fk_case_origin_office_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case")),
        sa.UniqueConstraint("code", name=op.f("uq_case_code")),
    )
    with op.batch_alter_table("case", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_case_host_office_id"), ["host_office_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_case_origin_office_id"), ["origin_office_id"], unique=False)

    op.create_table(
        "notice",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("news", sa.String(length=40), nullable=False),
        sa.Column("host_office_id", sa.Uuid(), nullable=False),
        sa.Column("origin_office_id", sa.Uuid(), nullable=False),
        sa.Column("object_kind", sa.String(length=10), nullable=False),
        sa.Column("object_code", sa.String(length=32), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("told_once", sa.String(length=160), nullable=False),
        sa.Column("noticed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "news IN ('first_date', 'date_changed', 'dispatched', 'arrived', 'held', 'silent', 'overdue', 'disputed', 'received', 'unknown_code', 'carrier_stopped')",
            name=op.f("ck_notice_news_word"),
        ),
        sa.ForeignKeyConstraint(["host_office_id"], ["office.id"], name=op.f("fk_notice_host_office_id")),
        sa.ForeignKeyConstraint(["origin_office_id"], ["office.id"], name=op.f("fk_notice_origin_office_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice")),
        sa.UniqueConstraint("told_once", name=op.f("uq_notice_told_once")),
    )
    with op.batch_alter_table("notice", schema=None) as batch_op:
        batch_op.create_index("ix_notice_host_office_id", ["host_office_id", "noticed_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_notice_object_code"), ["object_code"], unique=False)
        batch_op.create_index("ix_notice_origin_office_id", ["origin_office_id", "noticed_at"], unique=False)

    op.create_table(
        "role_at",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.String(length=40), nullable=False),
        sa.Column("office_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "office_id IS NOT NULL OR role IN ('coordinator', 'administrator', 'auditor')",
            name=op.f("ck_role_at_everywhere"),
        ),
        sa.CheckConstraint(
            "role IN ('counsellor', 'logistician', 'receiver', 'coordinator', 'administrator', 'auditor')",
            name=op.f("ck_role_at_role_word"),
        ),
        sa.ForeignKeyConstraint(["office_id"], ["office.id"], name=op.f("fk_role_at_office_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_role_at_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_role_at")),
        sa.UniqueConstraint("person_id", "role", "office_id", name=op.f("uq_role_at_person_id_role_office_id")),
    )
    with op.batch_alter_table("role_at", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_role_at_office_id"), ["office_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_role_at_person_id"), ["person_id"], unique=False)

    op.create_table(
        "box",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(length=32), nullable=False),
        sa.Column("host_office_id", sa.Uuid(), nullable=False),
        sa.Column("origin_office_id", sa.Uuid(), nullable=False),
        sa.Column("length_mm", sa.Integer(), nullable=False),
        sa.Column("width_mm", sa.Integer(), nullable=False),
        sa.Column("height_mm", sa.Integer(), nullable=False),
        sa.Column("registered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("filled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sealed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("seal_number", sa.String(length=40), nullable=True),
        sa.Column("gross_weight_g", sa.Integer(), nullable=True),
        sa.Column("batch_id", sa.Uuid(), nullable=True),
        sa.Column("batch_position", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("stage", sa.String(length=40), nullable=False),
        sa.Column("exceptions", sa.String(length=200), nullable=False),
        sa.Column("expected_from", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expected_to", sa.DateTime(timezone=True), nullable=True),
        sa.Column("overdue_after", sa.DateTime(timezone=True), nullable=True),
        sa.Column("silent_after", sa.DateTime(timezone=True), nullable=True),
        sa.Column("heard_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "stage IN ('registered', 'packed', 'waiting', 'on_the_way', 'in_the_country', 'at_the_office', 'ready', 'handed_over', 'withdrawn', 'lost', 'returned', 'destroyed')",
            name=op.f("ck_box_stage_word"),
        ),
        sa.CheckConstraint("(sealed_at IS NULL) = (gross_weight_g IS NULL)", name=op.f("ck_box_seal_has_weight")),
        sa.CheckConstraint("(sealed_at IS NULL) = (seal_number IS NULL)", name=op.f("ck_box_seal_has_number")),
        sa.CheckConstraint("batch_id IS NULL OR batch_position IS NOT NULL", name=op.f("ck_box_position_in_batch")),
        sa.CheckConstraint("gross_weight_g > 0", name=op.f("ck_box_weight_positive")),
        sa.CheckConstraint("height_mm BETWEEN 10 AND 3000", name=op.f("ck_box_height_sane")),
        sa.CheckConstraint("length_mm BETWEEN 10 AND 3000", name=op.f("ck_box_length_sane")),
        sa.CheckConstraint("width_mm BETWEEN 10 AND 3000", name=op.f("ck_box_width_sane")),
        sa.ForeignKeyConstraint(["batch_id"], ["batch.id"], name=op.f("fk_box_batch_id")),
        sa.ForeignKeyConstraint(["host_office_id"], ["office.id"], name=op.f("fk_box_host_office_id")),
        sa.ForeignKeyConstraint(["origin_office_id"], ["office.id"], name=op.f("fk_box_origin_office_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_box")),
        sa.UniqueConstraint("batch_id", "batch_position", name=op.f("uq_box_batch_id_batch_position")),
        sa.UniqueConstraint("code", name=op.f("uq_box_code")),
    )
    with op.batch_alter_table("box", schema=None) as batch_op:
        batch_op.create_index(
            "ix_box_exceptions",
            ["id"],
            unique=False,
            sqlite_where=sa.text("exceptions <> ''"),
            postgresql_where=sa.text("exceptions <> ''"),
        )
        batch_op.create_index("ix_box_host_office_id", ["host_office_id", "stage", "id"], unique=False)
        batch_op.create_index("ix_box_newest_host", ["host_office_id", "id"], unique=False)
        batch_op.create_index("ix_box_newest_origin", ["origin_office_id", "id"], unique=False)
        batch_op.create_index("ix_box_origin_office_id", ["origin_office_id", "stage", "id"], unique=False)
        batch_op.create_index("ix_box_overdue_after", ["overdue_after"], unique=False)
        batch_op.create_index("ix_box_silent_after", ["silent_after"], unique=False)

    op.create_table(
        "card",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("pin_hash", sa.String(length=200), nullable=False),
        sa.Column("pin_failures", sa.Integer(), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("pin_failures BETWEEN 0 AND 5", name=op.f("ck_card_five_failures")),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_card_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_card")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_card_token_hash")),
    )
    with op.batch_alter_table("card", schema=None) as batch_op:
        batch_op.create_index("ix_card_case_id", ["case_id"], unique=False)
        batch_op.create_index(
            "uq_card_alive",
            ["case_id"],
            unique=True,
            sqlite_where=sa.text("revoked_at IS NULL"),
            postgresql_where=sa.text("revoked_at IS NULL"),
        )

    op.create_table(
        "case_turn",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("turn", sa.String(length=40), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("heard_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint("turn IN ('departed', 'withdrawn')", name=op.f("ck_case_turn_turn_word")),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_case_turn_case_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_case_turn_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_turn")),
        sa.UniqueConstraint("case_id", "turn", name=op.f("uq_case_turn_case_id_turn")),
    )
    op.create_table(
        "consent",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("purpose", sa.String(length=200), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("heard_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint("kind IN ('written', 'audio', 'verbal_certified')", name=op.f("ck_consent_kind_word")),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_consent_case_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_consent_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent")),
    )
    with op.batch_alter_table("consent", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_consent_case_id"), ["case_id"], unique=False)

    op.create_table(
        "dispatch",
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("heard_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("override_gate", sa.String(length=40), nullable=True),
        sa.Column("override_reason", sa.String(length=500), nullable=True),
        sa.CheckConstraint(
            "(override_gate IS NULL) = (override_reason IS NULL)", name=op.f("ck_dispatch_override_has_reason")
        ),
        sa.ForeignKeyConstraint(["batch_id"], ["batch.id"], name=op.f("fk_dispatch_batch_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_dispatch_person_id")),
        sa.PrimaryKeyConstraint("batch_id", name=op.f("pk_dispatch")),
    )
    op.create_table(
        "leg",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("mode", sa.String(length=40), nullable=False),
        sa.Column("carrier", sa.String(length=40), nullable=False),
        sa.Column("reference_type", sa.String(length=40), nullable=False),
        sa.Column("reference", sa.String(length=60), nullable=False),
        sa.Column("from_place", sa.String(length=5), nullable=False),
        sa.Column("to_place", sa.String(length=5), nullable=False),
        sa.Column("planned_departure", sa.DateTime(timezone=True), nullable=True),
        sa.Column("planned_arrival", sa.DateTime(timezone=True), nullable=True),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("mode IN ('sea', 'air', 'road', 'rail', 'courier')", name=op.f("ck_leg_mode_word")),
        sa.CheckConstraint("length(from_place) = 5 AND length(to_place) = 5", name=op.f("ck_leg_places_unlocode")),
        sa.ForeignKeyConstraint(["batch_id"], ["batch.id"], name=op.f("fk_leg_batch_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_leg")),
        sa.UniqueConstraint("batch_id", "position", name=op.f("uq_leg_batch_id_position")),
    )
    op.create_table(
        "outside_reference",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("index", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_outside_reference_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outside_reference")),
        sa.UniqueConstraint("case_id", "index", name=op.f("uq_outside_reference_case_id_index")),
    )
    with op.batch_alter_table("outside_reference", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_outside_reference_case_id"), ["case_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_outside_reference_index"), ["index"], unique=False)

    op.create_table(
        "personal_key",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_personal_key_case_id")),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_personal_key")),
    )
    op.create_table(
        "supply_request",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(length=32), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("host_office_id", sa.Uuid(), nullable=False),
        sa.Column("origin_office_id", sa.Uuid(), nullable=False),
        sa.Column("needed_by", sa.Date(), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("asked_by", sa.Uuid(), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_reason", sa.String(length=500), nullable=True),
        sa.ForeignKeyConstraint(["asked_by"], ["person.id"], name=op.f("fk_supply_request_asked_by")),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_supply_request_case_id")),
        sa.ForeignKeyConstraint(["host_office_id"], ["office.id"], name=op.f("fk_supply_request_host_office_id")),
        sa.ForeignKeyConstraint(["origin_office_id"], ["office.id"], name=op.f("fk_supply_request_origin_office_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_supply_request")),
        sa.UniqueConstraint("code", name=op.f("uq_supply_request_code")),
    )
    with op.batch_alter_table("supply_request", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_supply_request_case_id"), ["case_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_supply_request_host_office_id"), ["host_office_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_supply_request_origin_office_id"), ["origin_office_id"], unique=False)

    op.create_table(
        "box_check",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("box_id", sa.Uuid(), nullable=False),
        sa.Column("wood", sa.String(length=40), nullable=False),
        sa.Column("fuel", sa.Boolean(), nullable=False),
        sa.Column("gas", sa.Boolean(), nullable=False),
        sa.Column("aerosol", sa.Boolean(), nullable=False),
        sa.Column("glue", sa.Boolean(), nullable=False),
        sa.Column("battery_wh", sa.Integer(), nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint("wood IN ('plywood', 'ispm15', 'unmarked')", name=op.f("ck_box_check_wood_word")),
        sa.CheckConstraint("battery_wh BETWEEN 0 AND 100000", name=op.f("ck_box_check_battery_sane")),
        sa.ForeignKeyConstraint(["box_id"], ["box.id"], name=op.f("fk_box_check_box_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_box_check_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_box_check")),
    )
    with op.batch_alter_table("box_check", schema=None) as batch_op:
        batch_op.create_index("ix_box_check_box_id", ["box_id", "checked_at"], unique=False)

    op.create_table(
        "box_fact",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("box_id", sa.Uuid(), nullable=False),
        sa.Column("happened", sa.String(length=40), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("heard_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("note", sa.String(length=500), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("corrects_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "happened IN ('sealed', 'reopened', 'joined_batch', 'left_batch', 'unreachable', 'reached', 'withdrawn', 'lost', 'found', 'returned', 'destroyed')",
            name=op.f("ck_box_fact_happened_word"),
        ),
        sa.ForeignKeyConstraint(["box_id"], ["box.id"], name=op.f("fk_box_fact_box_id")),
        sa.ForeignKeyConstraint(["corrects_id"], ["box_fact.id"], name=op.f("fk_box_fact_corrects_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_box_fact_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_box_fact")),
    )
    with op.batch_alter_table("box_fact", schema=None) as batch_op:
        batch_op.create_index("ix_box_fact_box_id", ["box_id", "occurred_at"], unique=False)

    op.create_table(
        "carrier_event",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("leg_id", sa.Uuid(), nullable=False),
        sa.Column("source_id", sa.String(length=80), nullable=False),
        sa.Column("classifier", sa.String(length=40), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("occurred_as_written", sa.String(length=60), nullable=False),
        sa.Column("tz_known", sa.Boolean(), nullable=False),
        sa.Column("heard_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("said_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("milestone", sa.String(length=40), nullable=True),
        sa.Column("event", sa.String(length=40), nullable=True),
        sa.Column("reason", sa.String(length=40), nullable=True),
        sa.Column("raw_code", sa.String(length=80), nullable=False),
        sa.Column("raw_text", sa.String(length=300), nullable=False),
        sa.Column("place", sa.String(length=200), nullable=True),
        sa.Column("unlocode", sa.String(length=5), nullable=True),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("corrects_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint("classifier IN ('ACT', 'EST', 'PLN')", name=op.f("ck_carrier_event_classifier_word")),
        sa.CheckConstraint(
            "milestone IN ('info_received', 'accepted', 'in_transit', 'arrived_destination', 'available_for_pickup', 'out_for_delivery', 'attempt_failed', 'exception', 'delivered', 'returning', 'returned', 'cancelled', 'lost')",
            name=op.f("ck_carrier_event_milestone_word"),
        ),
        sa.CheckConstraint(
            "reason IN ('customs_hold', 'customs_info_required', 'customs_inspection', 'customs_rejected', 'duty_unpaid', 'documents_missing', 'address_problem', 'payment_required', 'damaged', 'missing', 'offloaded', 'short_shipped', 'misrouted', 'delay', 'weather', 'seized', 'on_hold', 'refused', 'stale')",
            name=op.f("ck_carrier_event_reason_word"),
        ),
        sa.ForeignKeyConstraint(["corrects_id"], ["carrier_event.id"], name=op.f("fk_carrier_event_corrects_id")),
        sa.ForeignKeyConstraint(["leg_id"], ["leg.id"], name=op.f("fk_carrier_event_leg_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_carrier_event_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_carrier_event")),
        sa.UniqueConstraint("leg_id", "source_id", name=op.f("uq_carrier_event_leg_id_source_id")),
    )
    op.create_table(
        "handover",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("box_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("heard_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("taker", sa.String(length=40), nullable=False),
        sa.Column("identity_checked", sa.Boolean(), nullable=False),
        sa.Column("authority", sa.String(length=300), nullable=True),
        sa.Column("refused", sa.String(length=500), nullable=True),
        sa.Column("body_hash", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint(
            "taker <> 'proxy' OR coalesce(length(authority), 0) > 0 OR refused IS NOT NULL",
            name=op.f("ck_handover_proxy_has_authority"),
        ),
        sa.CheckConstraint("taker IN ('returnee', 'proxy')", name=op.f("ck_handover_taker_word")),
        sa.CheckConstraint("identity_checked OR refused IS NOT NULL", name=op.f("ck_handover_identity_checked")),
        sa.ForeignKeyConstraint(["box_id"], ["box.id"], name=op.f("fk_handover_box_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_handover_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_handover")),
    )
    with op.batch_alter_table("handover", schema=None) as batch_op:
        batch_op.create_index("ix_handover_box_id", ["box_id", "heard_at"], unique=False)

    op.create_table(
        "leg_watch",
        sa.Column("leg_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("trouble", sa.String(length=300), nullable=True),
        sa.CheckConstraint("fence >= 0 AND failures >= 0", name=op.f("ck_leg_watch_counts_not_negative")),
        sa.ForeignKeyConstraint(["account_id"], ["carrier_account.id"], name=op.f("fk_leg_watch_account_id")),
        sa.ForeignKeyConstraint(["leg_id"], ["leg.id"], name=op.f("fk_leg_watch_leg_id")),
        sa.PrimaryKeyConstraint("leg_id", name=op.f("pk_leg_watch")),
    )
    with op.batch_alter_table("leg_watch", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_leg_watch_account_id"), ["account_id"], unique=False)
        batch_op.create_index(
            "ix_leg_watch_due_at",
            ["due_at"],
            unique=False,
            sqlite_where=sa.text("due_at IS NOT NULL"),
            postgresql_where=sa.text("due_at IS NOT NULL"),
        )

    op.create_table(
        "receipt",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("box_id", sa.Uuid(), nullable=False),
        sa.Column("office_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("arrived_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("heard_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("condition", sa.String(length=40), nullable=False),
        sa.Column("seal_number", sa.String(length=40), nullable=True),
        sa.Column("note", sa.String(length=1000), nullable=False),
        sa.Column("counted", sa.Boolean(), nullable=False),
        sa.Column("body_hash", sa.LargeBinary(), nullable=False),
        sa.Column("corrects_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint("condition IN ('good', 'damaged', 'opened', 'wet')", name=op.f("ck_receipt_condition_word")),
        sa.ForeignKeyConstraint(["box_id"], ["box.id"], name=op.f("fk_receipt_box_id")),
        sa.ForeignKeyConstraint(["corrects_id"], ["receipt.id"], name=op.f("fk_receipt_corrects_id")),
        sa.ForeignKeyConstraint(["office_id"], ["office.id"], name=op.f("fk_receipt_office_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_receipt_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_receipt")),
    )
    with op.batch_alter_table("receipt", schema=None) as batch_op:
        batch_op.create_index("ix_receipt_box_id", ["box_id", "heard_at"], unique=False)

    op.create_table(
        "request_line",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("item_id", sa.Uuid(), nullable=True),
        sa.Column("kit_id", sa.Uuid(), nullable=True),
        sa.Column("description", sa.String(length=300), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("declared_value_cents", sa.Integer(), nullable=True),
        sa.Column("answer", sa.String(length=40), nullable=True),
        sa.Column("approved", sa.Integer(), nullable=True),
        sa.Column("substitute", sa.String(length=300), nullable=True),
        sa.Column("reason", sa.String(length=500), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("packed", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "answer IN ('approved', 'substituted', 'short', 'declined')", name=op.f("ck_request_line_answer_word")
        ),
        sa.CheckConstraint(
            "(answer IS NULL) = (approved IS NULL)", name=op.f("ck_request_line_answered_with_quantity")
        ),
        sa.CheckConstraint("approved BETWEEN 0 AND 10000", name=op.f("ck_request_line_approved_sane")),
        sa.CheckConstraint("declared_value_cents > 0", name=op.f("ck_request_line_value_above_zero")),
        sa.CheckConstraint("item_id IS NOT NULL OR length(description) > 0", name=op.f("ck_request_line_says_what")),
        sa.CheckConstraint(
            "packed >= 0 AND packed <= coalesce(approved, 0)", name=op.f("ck_request_line_packed_within_approved")
        ),
        sa.CheckConstraint("quantity BETWEEN 1 AND 10000", name=op.f("ck_request_line_quantity_sane")),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("fk_request_line_item_id")),
        sa.ForeignKeyConstraint(["kit_id"], ["kit.id"], name=op.f("fk_request_line_kit_id")),
        sa.ForeignKeyConstraint(["request_id"], ["supply_request.id"], name=op.f("fk_request_line_request_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_request_line")),
        sa.UniqueConstraint("request_id", "position", name=op.f("uq_request_line_request_id_position")),
    )
    with op.batch_alter_table("request_line", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_request_line_item_id"), ["item_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_request_line_kit_id"), ["kit_id"], unique=False)

    op.create_table(
        "box_line",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("box_id", sa.Uuid(), nullable=False),
        sa.Column("request_line_id", sa.Uuid(), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("good", sa.Integer(), nullable=True),
        sa.Column("damaged", sa.Integer(), nullable=True),
        sa.Column("missing", sa.Integer(), nullable=True),
        sa.Column("handed_over", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(good IS NULL AND damaged IS NULL AND missing IS NULL) OR (good >= 0 AND damaged >= 0 AND missing >= 0 AND good + damaged + missing = quantity)",
            name=op.f("ck_box_line_received_adds_up"),
        ),
        sa.CheckConstraint(
            "handed_over >= 0 AND handed_over <= coalesce(good, quantity)",
            name=op.f("ck_box_line_handed_over_within_good"),
        ),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_box_line_quantity_positive")),
        sa.ForeignKeyConstraint(["box_id"], ["box.id"], name=op.f("fk_box_line_box_id")),
        sa.ForeignKeyConstraint(["request_line_id"], ["request_line.id"], name=op.f("fk_box_line_request_line_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_box_line")),
        sa.UniqueConstraint("box_id", "request_line_id", name=op.f("uq_box_line_box_id_request_line_id")),
    )
    with op.batch_alter_table("box_line", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_box_line_request_line_id"), ["request_line_id"], unique=False)

    op.create_table(
        "electrical_test",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("check_id", sa.Uuid(), nullable=False),
        sa.Column("box_line_id", sa.Uuid(), nullable=False),
        sa.Column("serial", sa.String(length=80), nullable=False),
        sa.Column("tester", sa.String(length=120), nullable=False),
        sa.Column("kind", sa.String(length=120), nullable=False),
        sa.Column("tested_on", sa.Date(), nullable=False),
        sa.Column("passed", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["box_line_id"], ["box_line.id"], name=op.f("fk_electrical_test_box_line_id")),
        sa.ForeignKeyConstraint(["check_id"], ["box_check.id"], name=op.f("fk_electrical_test_check_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_electrical_test")),
    )
    with op.batch_alter_table("electrical_test", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_electrical_test_box_line_id"), ["box_line_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_electrical_test_check_id"), ["check_id"], unique=False)

    op.create_table(
        "handover_line",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("handover_id", sa.Uuid(), nullable=False),
        sa.Column("box_line_id", sa.Uuid(), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_handover_line_quantity_positive")),
        sa.ForeignKeyConstraint(["box_line_id"], ["box_line.id"], name=op.f("fk_handover_line_box_line_id")),
        sa.ForeignKeyConstraint(["handover_id"], ["handover.id"], name=op.f("fk_handover_line_handover_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_handover_line")),
    )
    with op.batch_alter_table("handover_line", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_handover_line_box_line_id"), ["box_line_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_handover_line_handover_id"), ["handover_id"], unique=False)

    op.create_table(
        "receipt_line",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("receipt_id", sa.Uuid(), nullable=False),
        sa.Column("box_line_id", sa.Uuid(), nullable=True),
        sa.Column("good", sa.Integer(), nullable=False),
        sa.Column("damaged", sa.Integer(), nullable=False),
        sa.Column("missing", sa.Integer(), nullable=False),
        sa.Column("surplus", sa.Integer(), nullable=False),
        sa.Column("description", sa.String(length=300), nullable=False),
        sa.CheckConstraint(
            "(box_line_id IS NULL) = (surplus > 0) AND (surplus = 0 OR length(description) > 0)",
            name=op.f("ck_receipt_line_surplus_says_what"),
        ),
        sa.CheckConstraint(
            "good >= 0 AND damaged >= 0 AND missing >= 0 AND surplus >= 0",
            name=op.f("ck_receipt_line_counts_not_negative"),
        ),
        sa.ForeignKeyConstraint(["box_line_id"], ["box_line.id"], name=op.f("fk_receipt_line_box_line_id")),
        sa.ForeignKeyConstraint(["receipt_id"], ["receipt.id"], name=op.f("fk_receipt_line_receipt_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_receipt_line")),
    )
    with op.batch_alter_table("receipt_line", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_receipt_line_box_line_id"), ["box_line_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_receipt_line_receipt_id"), ["receipt_id"], unique=False)

    op.create_table(
        "explanation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("receipt_line_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("heard_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("text", sa.String(length=1000), nullable=False),
        sa.Column("settled", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_explanation_person_id")),
        sa.ForeignKeyConstraint(["receipt_line_id"], ["receipt_line.id"], name=op.f("fk_explanation_receipt_line_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_explanation")),
    )
    with op.batch_alter_table("explanation", schema=None) as batch_op:
        batch_op.create_index("ix_explanation_receipt_line_id", ["receipt_line_id", "heard_at"], unique=False)

    guard_facts()


def downgrade() -> None:
    """Back."""
    release_facts()
    with op.batch_alter_table("explanation", schema=None) as batch_op:
        batch_op.drop_index("ix_explanation_receipt_line_id")

    op.drop_table("explanation")
    with op.batch_alter_table("receipt_line", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_receipt_line_receipt_id"))
        batch_op.drop_index(batch_op.f("ix_receipt_line_box_line_id"))

    op.drop_table("receipt_line")
    with op.batch_alter_table("handover_line", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_handover_line_handover_id"))
        batch_op.drop_index(batch_op.f("ix_handover_line_box_line_id"))

    op.drop_table("handover_line")
    with op.batch_alter_table("electrical_test", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_electrical_test_check_id"))
        batch_op.drop_index(batch_op.f("ix_electrical_test_box_line_id"))

    op.drop_table("electrical_test")
    with op.batch_alter_table("box_line", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_box_line_request_line_id"))

    op.drop_table("box_line")
    with op.batch_alter_table("request_line", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_request_line_kit_id"))
        batch_op.drop_index(batch_op.f("ix_request_line_item_id"))

    op.drop_table("request_line")
    with op.batch_alter_table("receipt", schema=None) as batch_op:
        batch_op.drop_index("ix_receipt_box_id")

    op.drop_table("receipt")
    with op.batch_alter_table("leg_watch", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_leg_watch_due_at",
            sqlite_where=sa.text("due_at IS NOT NULL"),
            postgresql_where=sa.text("due_at IS NOT NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_leg_watch_account_id"))

    op.drop_table("leg_watch")
    with op.batch_alter_table("handover", schema=None) as batch_op:
        batch_op.drop_index("ix_handover_box_id")

    op.drop_table("handover")
    op.drop_table("carrier_event")
    with op.batch_alter_table("box_fact", schema=None) as batch_op:
        batch_op.drop_index("ix_box_fact_box_id")

    op.drop_table("box_fact")
    with op.batch_alter_table("box_check", schema=None) as batch_op:
        batch_op.drop_index("ix_box_check_box_id")

    op.drop_table("box_check")
    with op.batch_alter_table("supply_request", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_supply_request_origin_office_id"))
        batch_op.drop_index(batch_op.f("ix_supply_request_host_office_id"))
        batch_op.drop_index(batch_op.f("ix_supply_request_case_id"))

    op.drop_table("supply_request")
    op.drop_table("personal_key")
    with op.batch_alter_table("outside_reference", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_outside_reference_index"))
        batch_op.drop_index(batch_op.f("ix_outside_reference_case_id"))

    op.drop_table("outside_reference")
    op.drop_table("leg")
    op.drop_table("dispatch")
    with op.batch_alter_table("consent", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_consent_case_id"))

    op.drop_table("consent")
    op.drop_table("case_turn")
    with op.batch_alter_table("card", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_card_alive", sqlite_where=sa.text("revoked_at IS NULL"), postgresql_where=sa.text("revoked_at IS NULL")
        )
        batch_op.drop_index("ix_card_case_id")

    op.drop_table("card")
    with op.batch_alter_table("box", schema=None) as batch_op:
        batch_op.drop_index("ix_box_silent_after")
        batch_op.drop_index("ix_box_overdue_after")
        batch_op.drop_index("ix_box_origin_office_id")
        batch_op.drop_index("ix_box_newest_origin")
        batch_op.drop_index("ix_box_newest_host")
        batch_op.drop_index("ix_box_host_office_id")
        batch_op.drop_index(
            "ix_box_exceptions", sqlite_where=sa.text("exceptions <> ''"), postgresql_where=sa.text("exceptions <> ''")
        )

    op.drop_table("box")
    with op.batch_alter_table("role_at", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_role_at_person_id"))
        batch_op.drop_index(batch_op.f("ix_role_at_office_id"))

    op.drop_table("role_at")
    with op.batch_alter_table("notice", schema=None) as batch_op:
        batch_op.drop_index("ix_notice_origin_office_id")
        batch_op.drop_index(batch_op.f("ix_notice_object_code"))
        batch_op.drop_index("ix_notice_host_office_id")

    op.drop_table("notice")
    with op.batch_alter_table("case", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_case_origin_office_id"))
        batch_op.drop_index(batch_op.f("ix_case_host_office_id"))

    op.drop_table("case")
    with op.batch_alter_table("batch", schema=None) as batch_op:
        batch_op.drop_index("ix_batch_origin_office_id")
        batch_op.drop_index("ix_batch_newest_origin")
        batch_op.drop_index("ix_batch_newest_host")
        batch_op.drop_index("ix_batch_host_office_id")

    op.drop_table("batch")
    with op.batch_alter_table("sign_in", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_sign_in_person_id"))

    op.drop_table("sign_in")
    with op.batch_alter_table("office", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_office_organisation_id"))

    op.drop_table("office")
    with op.batch_alter_table("kit_line", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_kit_line_kit_id"))
        batch_op.drop_index(batch_op.f("ix_kit_line_item_id"))

    op.drop_table("kit_line")
    with op.batch_alter_table("kept_answer", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_kept_answer_kept_at"))

    op.drop_table("kept_answer")
    with op.batch_alter_table("api_key", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_api_key_person_id"))

    op.drop_table("api_key")
    op.drop_table("person")
    op.drop_table("organisation")
    op.drop_table("kit")
    op.drop_table("journal_head")
    with op.batch_alter_table("journal", schema=None) as batch_op:
        batch_op.drop_index("ix_journal_office_id")
        batch_op.drop_index("ix_journal_object")

    op.drop_table("journal")
    op.drop_table("item")
    op.drop_table("guesses")
    op.drop_table("carrier_account")


def guard_facts() -> None:
    """The journal's one head, and triggers on both engines."""
    op.execute(f"INSERT INTO journal_head (id, seq, hash) VALUES (1, 0, '{'0' * 64}')")
    if op.get_bind().dialect.name == "sqlite":
        for table in APPEND_ONLY:
            for deed in ("UPDATE", "DELETE"):
                op.execute(
                    f"CREATE TRIGGER {table}_no_{deed.lower()} BEFORE {deed} ON {table} "
                    f"BEGIN SELECT RAISE(ABORT, '{table} is append-only: add a correction'); END"
                )
        return
    op.execute(
        "CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "RAISE EXCEPTION '% is append-only: add a correction', TG_TABLE_NAME USING ERRCODE = 'restrict_violation'; "
        "END $$"
    )
    for table in APPEND_ONLY:
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )


def release_facts() -> None:
    """Takes the triggers away."""
    if op.get_bind().dialect.name == "sqlite":
        for table in APPEND_ONLY:
            for deed in ("update", "delete"):
                op.execute(f"DROP TRIGGER {table}_no_{deed}")
    else:
        op.execute("DROP FUNCTION refuse_change() CASCADE")
