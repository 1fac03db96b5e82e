"""Carriers in numbers: accounts with budgets and tokens, the call ledger, pushes, lanes and ranges of estimates."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from shipments.batches.batch import bare

revision: str = "0004"
down_revision: str | None = "0003"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

DUE = sa.text("due_at IS NOT NULL")


def upgrade() -> None:
    """Forward."""
    number_accounts()
    number_watches()
    give_estimates_a_range()
    add_tables()
    bare_references()


def downgrade() -> None:
    """Back. What the former tables have no room for is lost, rather than told to somebody else.

    A carrier keeps its oldest account with a key; OAuth 2 accounts, whose client and its secret would be sent as a key,
    and all others go. Their legs go to no other account, which may be another company's: nobody asks about them any
    more, and somebody has to tell of them by hand.
    """
    with op.batch_alter_table("leg") as batch_op:
        batch_op.drop_index(op.f("ix_leg_bare_reference"))
        batch_op.drop_column("bare_reference")
    for table in (
        "subscription",
        "pushed_reference",
        "called_leg",
        "carrier_push",
        "carrier_call",
        "lane_news",
        "lane",
    ):
        op.drop_table(table)
    with op.batch_alter_table("carrier_event") as batch_op:
        batch_op.drop_constraint(op.f("ck_carrier_event_range_in_order"), type_="check")
        batch_op.drop_column("latest")
        batch_op.drop_column("earliest")
    guard_events()

    leave_one_account_a_carrier()
    with op.batch_alter_table("leg_watch") as batch_op:
        batch_op.drop_constraint(op.f("ck_leg_watch_wait_positive"), type_="check")
        batch_op.drop_constraint(op.f("ck_leg_watch_urgency_known"), type_="check")
        batch_op.drop_index("ix_leg_watch_due", sqlite_where=DUE, postgresql_where=DUE)
        batch_op.create_index(
            op.f("ix_leg_watch_due_at"), ["due_at"], unique=False, sqlite_where=DUE, postgresql_where=DUE
        )
        batch_op.drop_column("pushed_at")
        batch_op.drop_column("answer_digest")
        batch_op.drop_column("arrival_at")
        batch_op.drop_column("leg_calls")
        batch_op.drop_column("leg_day_started")
        batch_op.drop_column("wait_s")
        batch_op.drop_column("urgency")
    with op.batch_alter_table("carrier_account") as batch_op:
        batch_op.drop_constraint(op.f("ck_carrier_account_token_has_an_end"), type_="check")
        batch_op.drop_constraint(op.f("ck_carrier_account_resets_within_a_day"), type_="check")
        batch_op.drop_constraint(op.f("ck_carrier_account_per_leg_per_day_positive"), type_="check")
        batch_op.drop_constraint(op.f("ck_carrier_account_per_day_positive"), type_="check")
        batch_op.drop_constraint(op.f("ck_carrier_account_login_word"), type_="check")
        batch_op.drop_constraint(op.f("ck_carrier_account_former_secret_has_an_end"), type_="check")
        batch_op.drop_constraint(op.f("ck_carrier_account_counts_not_negative"), type_="check")
        batch_op.drop_constraint(op.f("ck_carrier_account_client_in_word"), type_="check")
        batch_op.drop_constraint(op.f("fk_carrier_account_office_id"), type_="foreignkey")
        batch_op.drop_constraint(op.f("uq_carrier_account_name"), type_="unique")
        batch_op.drop_index(op.f("ix_carrier_account_carrier"))
        batch_op.create_unique_constraint(op.f("uq_carrier_account_carrier"), ["carrier"])
        batch_op.drop_column("hook_former_until")
        batch_op.drop_column("hook_former_sealed")
        batch_op.drop_column("hook_secret_sealed")
        batch_op.drop_column("day_calls")
        batch_op.drop_column("day_started")
        batch_op.drop_column("resets_at_minute")
        batch_op.drop_column("per_leg_per_day")
        batch_op.drop_column("per_day")
        batch_op.drop_column("token_leased_until")
        batch_op.drop_column("token_until")
        batch_op.drop_column("token_sealed")
        batch_op.drop_column("scope")
        batch_op.drop_column("token_url")
        batch_op.drop_column("client_in")
        batch_op.drop_column("login")
        batch_op.drop_column("office_id")
        batch_op.drop_column("name")


def leave_one_account_a_carrier() -> None:
    """The oldest one with a key, and of the legs those that are asked about with it."""
    oldest = "SELECT min(CAST(id AS CHAR(36))) FROM carrier_account WHERE login = 'key' GROUP BY carrier"
    op.execute(f"DELETE FROM leg_watch WHERE CAST(account_id AS CHAR(36)) NOT IN ({oldest})")
    op.execute(f"DELETE FROM carrier_account WHERE CAST(id AS CHAR(36)) NOT IN ({oldest})")


def bare_references() -> None:
    """What people typed, without spaces, hyphens, slashes and full stops."""
    with op.batch_alter_table("leg") as batch_op:
        batch_op.add_column(sa.Column("bare_reference", sa.String(length=180), nullable=True))
    leg = sa.table("leg", sa.column("id", sa.Uuid()), sa.column("reference"), sa.column("bare_reference"))
    connection = op.get_bind()
    # By Python, as the program does it ever after: to SQL some capitals are others, or none.
    for id, reference in connection.execute(sa.select(leg.c.id, leg.c.reference)).all():
        connection.execute(leg.update().where(leg.c.id == id).values(bare_reference=bare(reference)))
    with op.batch_alter_table("leg") as batch_op:
        batch_op.alter_column("bare_reference", existing_type=sa.String(length=180), nullable=False)
        batch_op.create_index(op.f("ix_leg_bare_reference"), ["bare_reference"], unique=False)


def add_tables() -> None:
    """The ledger, the inbox of pushes, subscriptions and lanes."""
    op.create_table(
        "lane",
        sa.Column("carrier", sa.String(length=40), nullable=False),
        sa.Column("mode", sa.String(length=40), nullable=False),
        sa.Column("from_place", sa.String(length=5), nullable=False),
        sa.Column("to_place", sa.String(length=5), nullable=False),
        sa.Column("journeys", sa.Integer(), nullable=False),
        sa.Column("least_s", sa.Integer(), nullable=False),
        sa.Column("most_s", sa.Integer(), nullable=False),
        sa.Column("quiet_s", sa.Integer(), nullable=False),
        sa.Column("learned_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("mode IN ('sea', 'air', 'road', 'rail', 'courier')", name=op.f("ck_lane_mode_word")),
        sa.CheckConstraint("0 <= least_s AND least_s <= most_s AND quiet_s >= 0", name=op.f("ck_lane_times_in_order")),
        sa.CheckConstraint("journeys > 0", name=op.f("ck_lane_journeys_positive")),
        sa.PrimaryKeyConstraint("carrier", "mode", "from_place", "to_place", name=op.f("pk_lane")),
    )
    op.create_table(
        "lane_news",
        sa.Column("carrier", sa.String(length=40), nullable=False),
        sa.Column("mode", sa.String(length=40), nullable=False),
        sa.Column("from_place", sa.String(length=5), nullable=False),
        sa.Column("to_place", sa.String(length=5), nullable=False),
        sa.Column("after", sa.Uuid(), nullable=True),
        sa.CheckConstraint("mode IN ('sea', 'air', 'road', 'rail', 'courier')", name=op.f("ck_lane_news_mode_word")),
        sa.PrimaryKeyConstraint("carrier", "mode", "from_place", "to_place", name=op.f("pk_lane_news")),
    )
    op.create_table(
        "carrier_call",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.String(length=40), nullable=True),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("size", sa.Integer(), nullable=True),
        sa.Column("duration_ms", sa.Integer(), nullable=True),
        sa.Column("legs", sa.Integer(), nullable=False),
        sa.Column("news", sa.Integer(), nullable=False),
        sa.CheckConstraint("kind IN ('track', 'page', 'token', 'subscribe')", name=op.f("ck_carrier_call_kind_word")),
        sa.CheckConstraint(
            "outcome IN ('news', 'nothing_new', 'not_found', 'granted', 'over_quota', 'refused', 'unavailable', 'unreadable', 'not_made')",
            name=op.f("ck_carrier_call_outcome_word"),
        ),
        sa.CheckConstraint("(outcome IS NULL) = (ended_at IS NULL)", name=op.f("ck_carrier_call_outcome_has_an_end")),
        sa.CheckConstraint(
            "legs >= 0 AND news >= 0 AND size >= 0 AND duration_ms >= 0",
            name=op.f("ck_carrier_call_counts_not_negative"),
        ),
        sa.ForeignKeyConstraint(["account_id"], ["carrier_account.id"], name=op.f("fk_carrier_call_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_carrier_call")),
    )
    with op.batch_alter_table("carrier_call") as batch_op:
        batch_op.create_index("ix_carrier_call_account_id_at", ["account_id", "at"], unique=False)
        batch_op.create_index("ix_carrier_call_at", ["at"], unique=False)

    op.create_table(
        "carrier_push",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("body_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("news", sa.Integer(), nullable=False),
        sa.Column("trouble", sa.String(length=300), nullable=True),
        sa.CheckConstraint(
            "state IN ('waiting', 'parked', 'heard', 'unreadable')", name=op.f("ck_carrier_push_state_word")
        ),
        sa.CheckConstraint("size >= 0 AND news >= 0", name=op.f("ck_carrier_push_counts_not_negative")),
        sa.ForeignKeyConstraint(["account_id"], ["carrier_account.id"], name=op.f("fk_carrier_push_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_carrier_push")),
        sa.UniqueConstraint("account_id", "digest", name=op.f("uq_carrier_push_account_id_digest")),
    )
    with op.batch_alter_table("carrier_push") as batch_op:
        batch_op.create_index("ix_carrier_push_state", ["state", "received_at"], unique=False)

    op.create_table(
        "called_leg",
        sa.Column("call_id", sa.Uuid(), nullable=False),
        sa.Column("leg_id", sa.Uuid(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["call_id"], ["carrier_call.id"], name=op.f("fk_called_leg_call_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("call_id", "leg_id", name=op.f("pk_called_leg")),
    )
    with op.batch_alter_table("called_leg") as batch_op:
        batch_op.create_index(op.f("ix_called_leg_leg_id"), ["leg_id"], unique=False)

    op.create_table(
        "pushed_reference",
        sa.Column("push_id", sa.Uuid(), nullable=False),
        sa.Column("reference", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(
            ["push_id"], ["carrier_push.id"], name=op.f("fk_pushed_reference_push_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("push_id", "reference", name=op.f("pk_pushed_reference")),
    )
    with op.batch_alter_table("pushed_reference") as batch_op:
        batch_op.create_index(op.f("ix_pushed_reference_reference"), ["reference"], unique=False)

    op.create_table(
        "subscription",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("leg_id", sa.Uuid(), nullable=True),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("carrier_key", sa.String(length=120), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("trouble", sa.String(length=300), nullable=True),
        sa.CheckConstraint("failures >= 0", name=op.f("ck_subscription_failures_not_negative")),
        sa.ForeignKeyConstraint(["account_id"], ["carrier_account.id"], name=op.f("fk_subscription_account_id")),
        sa.ForeignKeyConstraint(["leg_id"], ["leg.id"], name=op.f("fk_subscription_leg_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subscription")),
        sa.UniqueConstraint("leg_id", name=op.f("uq_subscription_leg_id")),
    )
    with op.batch_alter_table("subscription") as batch_op:
        batch_op.create_index("ix_subscription_due", ["account_id", "due_at"], unique=False)


def number_accounts() -> None:
    """Several accounts a carrier, each with a name; those there are keep their carrier's."""
    with op.batch_alter_table("carrier_account") as batch_op:
        batch_op.add_column(sa.Column("name", sa.String(length=40), nullable=True))
        batch_op.add_column(sa.Column("office_id", sa.Uuid(), nullable=True))
        batch_op.add_column(sa.Column("login", sa.String(length=40), nullable=False, server_default="key"))
        batch_op.add_column(sa.Column("client_in", sa.String(length=40), nullable=False, server_default="header"))
        batch_op.add_column(sa.Column("token_url", sa.String(length=300), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("scope", sa.String(length=300), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("token_sealed", sa.LargeBinary(), nullable=True))
        batch_op.add_column(sa.Column("token_until", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("token_leased_until", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("per_day", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("per_leg_per_day", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("resets_at_minute", sa.Integer(), nullable=False, server_default="0"))
        batch_op.add_column(sa.Column("day_started", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("day_calls", sa.Integer(), nullable=False, server_default="0"))
        batch_op.add_column(sa.Column("hook_secret_sealed", sa.LargeBinary(), nullable=True))
        batch_op.add_column(sa.Column("hook_former_sealed", sa.LargeBinary(), nullable=True))
        batch_op.add_column(sa.Column("hook_former_until", sa.DateTime(timezone=True), nullable=True))
    op.execute("UPDATE carrier_account SET name = carrier")
    with op.batch_alter_table("carrier_account") as batch_op:
        batch_op.alter_column("name", existing_type=sa.String(length=40), nullable=False)
        for column in ("login", "client_in", "token_url", "scope", "resets_at_minute", "day_calls"):
            batch_op.alter_column(column, server_default=None)
        batch_op.drop_constraint(op.f("uq_carrier_account_carrier"), type_="unique")
        batch_op.create_index(op.f("ix_carrier_account_carrier"), ["carrier"], unique=False)
        batch_op.create_unique_constraint(op.f("uq_carrier_account_name"), ["name"])
        batch_op.create_foreign_key(op.f("fk_carrier_account_office_id"), "office", ["office_id"], ["id"])
        batch_op.create_check_constraint(
            op.f("ck_carrier_account_counts_not_negative"), "day_calls >= 0 AND failures >= 0"
        )
        batch_op.create_check_constraint(
            op.f("ck_carrier_account_former_secret_has_an_end"),
            "(hook_former_sealed IS NULL) = (hook_former_until IS NULL)",
        )
        batch_op.create_check_constraint(op.f("ck_carrier_account_client_in_word"), "client_in IN ('header', 'body')")
        batch_op.create_check_constraint(op.f("ck_carrier_account_login_word"), "login IN ('key', 'oauth2')")
        batch_op.create_check_constraint(op.f("ck_carrier_account_per_day_positive"), "per_day > 0")
        batch_op.create_check_constraint(op.f("ck_carrier_account_per_leg_per_day_positive"), "per_leg_per_day > 0")
        batch_op.create_check_constraint(
            op.f("ck_carrier_account_resets_within_a_day"), "resets_at_minute BETWEEN 0 AND 1439"
        )
        batch_op.create_check_constraint(
            op.f("ck_carrier_account_token_has_an_end"), "(token_sealed IS NULL) = (token_until IS NULL)"
        )


def number_watches() -> None:
    """What decides who is asked first."""
    with op.batch_alter_table("leg_watch") as batch_op:
        batch_op.add_column(sa.Column("urgency", sa.Integer(), nullable=False, server_default="1"))
        batch_op.add_column(sa.Column("wait_s", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("leg_day_started", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("leg_calls", sa.Integer(), nullable=False, server_default="0"))
        batch_op.add_column(sa.Column("arrival_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("answer_digest", sa.LargeBinary(), nullable=True))
        batch_op.add_column(sa.Column("pushed_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.drop_index(op.f("ix_leg_watch_due_at"), sqlite_where=DUE)
        batch_op.create_index(
            "ix_leg_watch_due",
            ["account_id", "urgency", "due_at"],
            unique=False,
            sqlite_where=DUE,
            postgresql_where=DUE,
        )
        batch_op.create_check_constraint(op.f("ck_leg_watch_urgency_known"), "urgency BETWEEN 0 AND 2")
        batch_op.create_check_constraint(op.f("ck_leg_watch_wait_positive"), "wait_s > 0")
    with op.batch_alter_table("leg_watch") as batch_op:
        for column in ("urgency", "leg_calls"):
            batch_op.alter_column(column, server_default=None)


def give_estimates_a_range() -> None:
    """A day, a window or a time without a zone."""
    with op.batch_alter_table("carrier_event") as batch_op:
        batch_op.add_column(sa.Column("earliest", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("latest", sa.DateTime(timezone=True), nullable=True))
    with op.batch_alter_table("carrier_event") as batch_op:
        batch_op.create_check_constraint(
            op.f("ck_carrier_event_range_in_order"), "(earliest IS NULL) = (latest IS NULL) AND earliest <= latest"
        )
    guard_events()


def guard_events() -> None:
    """SQLite has dropped the triggers with the former table."""
    if op.get_bind().dialect.name == "sqlite":
        for deed in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER carrier_event_no_{deed.lower()} BEFORE {deed} ON carrier_event "
                "BEGIN SELECT RAISE(ABORT, 'carrier_event is append-only: add a correction'); END"
            )
