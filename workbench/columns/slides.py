"""Level 1: slides, their uses and reposts. `metrics.slides` and `metrics.reposts` compute them."""

# ruff: noqa: E501 - one column a line, so that they can be read down like a table

from __future__ import annotations

from .column import Column

COLUMNS: tuple[Column, ...] = (
    Column("picture_id", "VARCHAR", "id", "The slide's file, hash and text as they came; slides with the same are compared once."),
    Column("image_id", "VARCHAR", "id", "What the slide shows: slides that look alike and say the same share it; NULL without hash and address.", label="Image"),
    Column("text_id", "VARCHAR", "id", "What the slide says: slides of the same normalized text share it; NULL where it is unread.", label="Text"),
    Column("is_hook", "BOOLEAN", "boolean", "Whether it is the first slide of its post.", label="Hook"),
    Column("use_number", "BIGINT", "uses", "Which use of the image it is by time of posting, from 1; a post uses an image once.", label="Use"),
    Column("gap_days", "DOUBLE", "days", "Days since the image was used before, anywhere; NULL at its first use.", label="Days since last use"),
    Column("account_use_number", "BIGINT", "uses", "Which use of the image on the account it is by time of posting, from 1.", label="Use on the account"),
    Column("account_gap_days", "DOUBLE", "days", "Days since the image was used before on the account; NULL at its first use there.", label="Days since last use there"),
    Column("n_uses", "BIGINT", "posts", "Posts that use the image or text so far; one that shows it twice counts once.", label="Uses"),
    Column("n_accounts_used", "BIGINT", "accounts", "Different accounts that have used the image.", label="Accounts using it"),
    Column("first_used_at", "TIMESTAMP", "instant", "When the first post went up that uses the image.", label="First used"),
    Column("last_used_at", "TIMESTAMP", "instant", "When the newest post went up that uses the image or text.", label="Last used"),
    Column("n_images", "BIGINT", "images", "Different images that bear the text.", label="Images"),
    Column("earlier_post_id", "VARCHAR", "id", "The post that showed the shared images before.", label="Earlier post"),
    Column("earlier_account_id", "VARCHAR", "id", "Account of the earlier post.", label="Earlier account"),
    Column("earlier_posted_at", "TIMESTAMP", "instant", "When the earlier post went up.", label="Earlier posted"),
    Column("n_shared_images", "BIGINT", "images", "Different images that both posts show.", label="Shared images"),
    Column("shared_share", "DOUBLE", "fraction", "Shared images as a share of the images of the later post.", label="Share of its slides"),
    Column("is_same_order", "BOOLEAN", "boolean", "Whether the shared images stand in the same order in both posts; NULL where they share one.", label="Same order"),
    Column("is_same_account", "BOOLEAN", "boolean", "Whether both posts are of one account.", label="Same account"),
    Column("is_exact_repost", "BOOLEAN", "boolean", "Whether every slide is the same file in the same place; NULL where files are unknown.", label="Same files"),
    Column("days_between", "DOUBLE", "days", "Days from the earlier post to the later one.", label="Days between"),
    Column("earlier_views", "DOUBLE", "views", "Views of the earlier post at the compared age.", label="Earlier views"),
    Column("earlier_outlier", "DOUBLE", "multiple", "Multiple of the earlier post's account's usual at the compared age.", label="Earlier times the usual"),
    Column("did_better", "BOOLEAN", "boolean", "Whether the later post beat the earlier one, by the multiple of the usual, else by views; NULL while unknown.", label="Did better"),
    Column("match_rate", "DOUBLE", "fraction", "How well the slide says what was searched for: 1 is word for word; less where words are longer, misread or in another order.", label="Match"),
    Column("asked_file", "VARCHAR", "text", "Name of the picture file that slides were compared with.", label="File"),
    Column("match_kind", "VARCHAR", "text", "How the image is like the picture: same image, looks alike (mostly another slide of the template), or same text on another picture.", label="Match"),
    Column("differing_bits", "BIGINT", "bits", "Bits of 64 in which the perceptual hashes of image and picture differ, at the nearest; NULL without a hash.", label="Bits apart"),
)  # fmt: skip
