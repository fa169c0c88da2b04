"""Level 1: what an account should show again, how slides are used, and which wear out.

`metrics.recommendations`, `metrics.slide_use`, `model.recommendations` and `model.slide_wear` compute them.
"""

# ruff: noqa: E501 - one column a line, so that they can be read down like a table

from __future__ import annotations

from .column import Column

COLUMNS = (
    Column("place", "BIGINT", "place", "Place among what is recommended to the account: 1 is expected to do best.", label="Place"),
    Column("image_text", "VARCHAR", "text", "What is written on the image, by its clearest reading; NULL where none is clear.", label="Slide"),
    Column("example_post_id", "VARCHAR", "id", "Of the posts that show the image, the one that did best against its account's usual.", label="Best post"),
    Column("example_url", "VARCHAR", "address", "Address of the post that is the image's example."),
    Column("days_since_used", "BIGINT", "days", "Whole days since the image was last used anywhere.", label="Rested anywhere"),
    Column("days_since_used_here", "BIGINT", "days", "Whole days since the image was last used on the account; NULL where it never was.", label="Rested here"),
    Column("reuse_multiple", "DOUBLE", "multiple", "What the next use is expected to do against the mean of the uses so far, by the usual decay.", label="Next use"),
    Column("expected_multiple", "DOUBLE", "multiple", "Views to expect of the next use against the account's usual: the lift times the step to the next use.", label="Expected, times usual"),
    Column("usual_views", "DOUBLE", "views", "What the account's slideshows usually get: the newest known baseline; NULL where there is none.", label="Account's usual"),
    Column("expected_views", "DOUBLE", "views", "Views to expect of a post with the image on the account, at the age at which posts are compared.", label="Expected views"),
    Column("expected_views_low", "DOUBLE", "views", "Expected views at the lower end of the interval of the image's lift.", label="Expected, low"),
    Column("expected_views_high", "DOUBLE", "views", "Expected views at the upper end of the interval of the image's lift.", label="Expected, high"),
    Column("recommended_because", "VARCHAR", "text", "Why the image is recommended: what it did, how long it rested, what to expect.", label="Why"),
    Column("n_slide_posts", "BIGINT", "posts", "Posts of the week that show an image.", label="Posts with slides"),
    Column("n_images_used", "BIGINT", "images", "Different images that the week's posts show.", label="Images used"),
    Column("n_new_images", "BIGINT", "images", "Images of the week's posts that were used for the first time.", label="New images"),
    Column("n_slides_used", "BIGINT", "slides", "Slides of the week's posts that show an image.", label="Slides used"),
    Column("reused_slide_share", "DOUBLE", "fraction", "Share of slides that show an image for the second time or later.", label="Reused slides"),
    Column("median_slide_lift", "DOUBLE", "multiple", "What the images that the week showed again usually do at such a use, by what is known of them today; the median slide.", label="Lift of reused slides"),
    Column("n_lift_slides", "BIGINT", "slides", "Slides of the week whose image was used before and has a lift.", label="Slides with a lift"),
    Column("use_label", "VARCHAR", "text", "Which uses of an image a step of the decay stands for: 1, 2, 6-7, 26+.", label="Use of the image"),
    Column("n_first_uses", "BIGINT", "posts", "Posts in the earlier half of the image's comparable uses.", label="Earlier uses"),
    Column("n_recent_uses", "BIGINT", "posts", "Posts in the later half of the image's comparable uses.", label="Later uses"),
    Column("wear_multiple", "DOUBLE", "multiple", "Later uses of the image against its earlier ones beyond the decay that all images show, shrunk toward 1; 1 wears as usual.", label="Later against earlier"),
    Column("wear_low", "DOUBLE", "multiple", "Lower end of the 90 % interval of the image's wear.", label="Later against earlier, low"),
    Column("wear_high", "DOUBLE", "multiple", "Upper end of the 90 % interval of the image's wear.", label="Later against earlier, high"),
    Column("is_tired", "BOOLEAN", "boolean", "Whether the image wears out clearly faster than images usually do: the interval lies below 1.", label="Tired"),
)  # fmt: skip
