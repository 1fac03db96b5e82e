"""What was lost is packed anew, tests outlive what is unpacked, and the database refuses more by itself."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0003"
down_revision: str | None = "0002"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

NEWLY_APPEND_ONLY = ("box_check", "electrical_test")
EVERYWHERE = sa.text("office_id IS NULL")


def upgrade() -> None:
    """Forward."""
    with op.batch_alter_table("request_line") as table:
        table.drop_constraint(op.f("ck_request_line_approved_sane"), type_="check")
        table.create_check_constraint(
            op.f("ck_request_line_approved_within_quantity"), "approved BETWEEN 0 AND quantity"
        )
    with op.batch_alter_table("box_line") as table:
        table.add_column(sa.Column("given_back", sa.Integer(), nullable=False, server_default="0"))
    with op.batch_alter_table("box_line") as table:
        table.alter_column("given_back", server_default=None)
        table.create_check_constraint(
            op.f("ck_box_line_given_back_within_quantity"), "given_back >= 0 AND given_back <= quantity"
        )
    name_request_lines()
    with op.batch_alter_table("carrier_event") as table:
        table.create_check_constraint(
            op.f("ck_carrier_event_reason_of_exception"), "reason IS NULL OR coalesce(milestone, '') = 'exception'"
        )
    guard(after_rebuilding=("carrier_event",))
    op.create_index("uq_receipt_line_box_line", "receipt_line", ["receipt_id", "box_line_id"], unique=True)
    op.create_index("uq_handover_line_box_line", "handover_line", ["handover_id", "box_line_id"], unique=True)
    op.create_index(
        "uq_role_at_everywhere",
        "role_at",
        ["person_id", "role"],
        unique=True,
        sqlite_where=EVERYWHERE,
        postgresql_where=EVERYWHERE,
    )


def downgrade() -> None:
    """Back. Tests of what has been unpacked since have no box line to point at, and go."""
    op.drop_index("uq_role_at_everywhere", "role_at")
    op.drop_index("uq_handover_line_box_line", "handover_line")
    op.drop_index("uq_receipt_line_box_line", "receipt_line")
    release()
    with op.batch_alter_table("carrier_event") as table:
        table.drop_constraint(op.f("ck_carrier_event_reason_of_exception"), type_="check")
    guard_on_sqlite(("carrier_event",))
    name_box_lines()
    with op.batch_alter_table("box_line") as table:
        table.drop_constraint(op.f("ck_box_line_given_back_within_quantity"), type_="check")
        table.drop_column("given_back")
    with op.batch_alter_table("request_line") as table:
        table.drop_constraint(op.f("ck_request_line_approved_within_quantity"), type_="check")
        table.create_check_constraint(op.f("ck_request_line_approved_sane"), "approved BETWEEN 0 AND 10000")


def name_request_lines() -> None:
    """A test names the request line: with the box of its check that is the box line, also when it is unpacked."""
    with op.batch_alter_table("electrical_test") as table:
        table.add_column(sa.Column("request_line_id", sa.Uuid(), nullable=True))
    op.execute(
        "UPDATE electrical_test SET request_line_id = "
        "(SELECT request_line_id FROM box_line WHERE box_line.id = electrical_test.box_line_id)"
    )
    with op.batch_alter_table("electrical_test") as table:
        table.drop_index(op.f("ix_electrical_test_box_line_id"))
        table.drop_constraint(op.f("fk_electrical_test_box_line_id"), type_="foreignkey")
        table.drop_column("box_line_id")
        table.alter_column("request_line_id", existing_type=sa.Uuid(), nullable=False)
        table.create_foreign_key(
            op.f("fk_electrical_test_request_line_id"), "request_line", ["request_line_id"], ["id"]
        )
        table.create_index(op.f("ix_electrical_test_request_line_id"), ["request_line_id"])


def name_box_lines() -> None:
    """As it was before."""
    with op.batch_alter_table("electrical_test") as table:
        table.add_column(sa.Column("box_line_id", sa.Uuid(), nullable=True))
    op.execute(
        "UPDATE electrical_test SET box_line_id = (SELECT box_line.id FROM box_line "
        "JOIN box_check ON box_check.box_id = box_line.box_id WHERE box_check.id = electrical_test.check_id "
        "AND box_line.request_line_id = electrical_test.request_line_id)"
    )
    op.execute("DELETE FROM electrical_test WHERE box_line_id IS NULL")
    with op.batch_alter_table("electrical_test") as table:
        table.drop_index(op.f("ix_electrical_test_request_line_id"))
        table.drop_constraint(op.f("fk_electrical_test_request_line_id"), type_="foreignkey")
        table.drop_column("request_line_id")
        table.alter_column("box_line_id", existing_type=sa.Uuid(), nullable=False)
        table.create_foreign_key(op.f("fk_electrical_test_box_line_id"), "box_line", ["box_line_id"], ["id"])
        table.create_index(op.f("ix_electrical_test_box_line_id"), ["box_line_id"])


def guard(after_rebuilding: Sequence[str]) -> None:
    """Facts are not changed; `after_rebuilding`: tables whose triggers SQLite has dropped with the former table."""
    if op.get_bind().dialect.name == "sqlite":
        guard_on_sqlite((*after_rebuilding, *NEWLY_APPEND_ONLY))
        return
    for table in NEWLY_APPEND_ONLY:
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )


def guard_on_sqlite(tables: Sequence[str]) -> None:
    """The triggers of the first schema, once more."""
    if op.get_bind().dialect.name == "sqlite":
        for table in tables:
            for deed in ("UPDATE", "DELETE"):
                op.execute(
                    f"CREATE TRIGGER {table}_no_{deed.lower()} BEFORE {deed} ON {table} "
                    f"BEGIN SELECT RAISE(ABORT, '{table} is append-only: add a correction'); END"
                )


def release() -> None:
    """Takes the new triggers away."""
    for table in NEWLY_APPEND_ONLY:
        if op.get_bind().dialect.name == "sqlite":
            for deed in ("update", "delete"):
                op.execute(f"DROP TRIGGER {table}_no_{deed}")
        else:
            op.execute(f"DROP TRIGGER {table}_append_only ON {table}")
