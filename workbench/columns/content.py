"""Level 5: creators, content and the pipeline."""

# ruff: noqa: E501 - one column a line, so that they can be read down like a table

from __future__ import annotations

from .column import Column

COLUMNS: tuple[Column, ...] = (
    Column("n_posting_accounts", "BIGINT", "accounts", "Accounts that put up the row's posts.", label="Accounts posted on"),
    Column("n_own_accounts", "BIGINT", "accounts", "Accounts whose own creator it is, whoever else's content is posted on them.", label="Own accounts"),
    Column("n_grown_known", "BIGINT", "accounts", "Own accounts whose followers are known at both ends of the period.", label="Own accounts followed"),
    Column("n_platforms", "BIGINT", "platforms", "Platforms that the content item was posted on.", label="Platforms"),
    Column("n_counted_posts", "BIGINT", "posts", "Posts of the content item whose views are known.", label="Posts counted"),
    Column("best_platform", "VARCHAR", "text", "Platform on which the content item did best, by its multiples of the usual views where all its platforms have one, else by views.", label="Best platform"),
    Column("best_by", "VARCHAR", "text", "What the best platform was found by: outlier or views.", label="Best by"),
    Column("best_platform_outlier", "DOUBLE", "multiple", "Median multiple of the usual views that the content item's posts had on its best platform.", label="Times the usual there"),
    Column("best_platform_views", "BIGINT", "views", "Newest views of the content item's posts on its best platform.", label="Views there"),
    Column("first_posted_at", "TIMESTAMP", "instant", "When the content item's first post went up.", label="First posted"),
    Column("n_items", "BIGINT", "content items", "Content items that the row covers.", label="Items"),
    Column("n_items_elsewhere", "BIGINT", "content items", "Content items of the row that were posted on another platform too.", label="Also elsewhere"),
    Column("n_best", "BIGINT", "content items", "Content items on several platforms of which this one was the best.", label="Best here"),
    Column("n_aged", "BIGINT", "content items", "Content items of which it is known since when they are in their stage.", label="Age known"),
    Column("n_overdue", "BIGINT", "content items", "Open content items whose day had passed by the end of the period.", label="Overdue"),
    Column("days_in_stage", "DOUBLE", "days", "Days that the content item has been in its stage; NULL where it entered it later than the period.", label="Days in stage"),
    Column("median_days_in_stage", "DOUBLE", "days", "Median of the days that the open content items have been in their stage.", label="Median age"),
    Column("longest_days_in_stage", "DOUBLE", "days", "The longest that an open content item has been in the stage.", label="Longest"),
    Column("days_overdue", "BIGINT", "days", "Days by which it is past the day on which it was due; NULL where it is not.", label="Days late"),
    Column("published_at", "TIMESTAMP", "instant", "When the content item came out: its first post, else its entry into a published stage.", label="Came out"),
    Column("n_new_sets", "BIGINT", "sets", "Sets of content made in the week.", label="New sets"),
    Column("n_begun_items", "BIGINT", "content items", "Content items made in the week.", label="Items begun"),
    Column("n_published_items", "BIGINT", "content items", "Content items that came out in the week.", label="Items out"),
    Column("n_due_tasks", "BIGINT", "tasks", "Tasks that were due in the period, canceled ones left out.", label="Tasks due"),
    Column("n_done_tasks", "BIGINT", "tasks", "Tasks due in the period that are done.", label="Tasks done"),
    Column("n_on_time_tasks", "BIGINT", "tasks", "Tasks due in the period that were done by the end of their day (UTC).", label="In time"),
    Column("n_open_tasks", "BIGINT", "tasks", "Tasks due in the period that are still to be done.", label="Tasks open"),
    Column("n_overdue_tasks", "BIGINT", "tasks", "Tasks due in the period that are still to be done although their day is over.", label="Tasks overdue"),
    Column("on_time_rate", "DOUBLE", "fraction", "Share of the tasks due that were done by the end of their day; NULL where none was due.", label="Done in time"),
    Column("list_state", "VARCHAR", "text", "Where the line of a reel list comes from: an open task (overdue or accepted), a recommendation (suggested), or a content item (ready).", label="State"),
)  # fmt: skip
