"""What the benchmarks' warehouse is too tidy for, as statements: where two readings of a definition part.

Marts are changed like tables: both ways of a question are given the same rows, whatever these come from.
"""

from __future__ import annotations

ODD_ROWS = (
    "CREATE TEMP MACRO one_of(list, n) AS list[1 + (n % len(list))::BIGINT]",
    # Terms that last, that overlap, that are over; a VA who never posted there.
    """
    INSERT INTO account_assignments BY NAME
    SELECT account_id, 'va:' || (n * 7 + t) % 26 AS va_id, DATE '2025-07-01' + (20 * t)::INTEGER AS from_on,
        CASE WHEN (n + t) % 3 > 0 THEN DATE '2025-07-25' + (20 * t)::INTEGER END AS to_on
    FROM (SELECT account_id, row_number() OVER (ORDER BY account_id) AS n FROM accounts), range(5) r(t)
    """,
    """
    UPDATE account_assignments SET va_id = p.va_id
    FROM (SELECT account_id, max(va_id) AS va_id FROM posts GROUP BY account_id) p
    WHERE p.account_id = account_assignments.account_id AND day(from_on) < 15
    """,
    # Words for the same state; times without a day, days without a time; nobody's tasks.
    """
    UPDATE tasks SET
        status = one_of(['Done ', 'CANCELLED', NULL, 'closed', 'in progress', 'dropped'], hash(task_id, 1)),
        done_at = CASE WHEN hash(task_id, 2) % 3 > 0 THEN done_at END,
        due_on = CASE WHEN hash(task_id, 3) % 9 > 0 THEN due_on END,
        va_id = CASE WHEN hash(task_id, 4) % 9 > 0 THEN va_id END
    WHERE hash(task_id, 5) % 2 = 0
    """,
    "UPDATE tasks SET done_at = due_on + 1 WHERE hash(task_id, 6) % 20 = 0",
    # Currencies without a rate, with other coins; corrections; costs without hours, pay or a currency.
    """
    UPDATE costs SET
        work_hours = CASE WHEN hash(cost_id, 1) % 15 > 0 THEN work_hours END,
        hourly_pay = CASE WHEN hash(cost_id, 2) % 3 > 0 THEN hourly_pay END,
        amount = CASE WHEN hash(cost_id, 3) % 4 = 0 THEN 99.5 END,
        currency = one_of(['USD', 'USD', 'EUR', 'EUR', 'USD', 'CHF', NULL], hash(cost_id, 4))
    WHERE kind = 'va_time' AND hash(scope_id, 5) % 2 = 0
    """,
    "UPDATE costs SET work_hours = 0 WHERE scope_id = 'va:3'",
    "UPDATE costs SET from_on = NULL WHERE hash(cost_id, 7) % 40 = 0",
    """
    UPDATE vas SET hourly_pay = 7.25, currency = CASE WHEN hash(va_id) % 2 = 0 THEN 'USD' ELSE 'EUR' END
    WHERE hash(va_id) % 3 > 0
    """,
    "UPDATE fx_rates SET rate = 1.1 WHERE rate_on >= '2025-08-15'",
    "DELETE FROM fx_rates WHERE rate_on BETWEEN '2025-08-20' AND '2025-09-05' OR rate_on < '2025-07-20'",
    *(
        f"""
        UPDATE {mart} SET
            currency = one_of(['JPY', 'KWD', 'CHF', 'EUR', 'USD'], hash(money_id, 1)),
            amount = (CASE WHEN hash(money_id, 2) % 4 = 0 THEN -1 ELSE 1 END) * amount,
            reported_amount = CASE WHEN hash(money_id, 1) % 5 NOT IN (0, 2) THEN
                (CASE WHEN hash(money_id, 2) % 4 = 0 THEN -1.5 ELSE 1.5 END * reported_amount)::DECIMAL(18, 4) END,
            to_on = CASE WHEN hash(money_id, 3) % 5 = 0 THEN from_on ELSE to_on END,
            units_before = units_before * 3 + 1, reported_units_before = reported_units_before * 5 + 2
        WHERE hash(money_id, 4) % 3 = 0
        """
        for mart in ("post_money", "money_rows")
    ),
    *(
        f"UPDATE {mart} SET amount = NULL, reported_amount = NULL WHERE hash(money_id, 5) % 50 = 0"
        for mart in ("post_money", "money_rows")
    ),
    *(
        f"UPDATE {mart} SET from_on = NULL, to_on = NULL WHERE hash(money_id, 6) % 50 = 0"
        for mart in ("post_money", "money_rows")
    ),
    """
    INSERT INTO post_money SELECT * REPLACE (money_id || ' again' AS money_id, NULL AS post_id, NULL AS method)
    FROM post_money WHERE hash(money_id, post_id) % 60 = 0
    """,
    "UPDATE money_rows SET money_kind = NULL WHERE hash(money_id, 7) % 20 = 0",
    "UPDATE post_weeks SET views_then = views_then / 2 WHERE hash(post_id, week_on) % 10 = 0",
    "DELETE FROM post_weeks WHERE hash(post_id, week_on) % 11 = 0",
    """
    INSERT INTO payouts BY NAME
    SELECT post_id, 'rule:' || hash(post_id) % 3 AS rule_id, views_at_168::BIGINT AS frozen_views,
        CASE WHEN hash(post_id, 1) % 4 < 2 THEN (views_at_168 / 1000)::DECIMAL(18, 4) END AS amount,
        one_of(['USD', 'EUR', NULL], hash(post_id, 2)) AS currency,
        one_of(['due', 'paid', 'upcoming', 'canceled', 'unmeasured'], hash(post_id, 1)) AS state
    FROM post_performance WHERE hash(post_id, 3) % 3 = 0
    """,
    """
    INSERT INTO payouts BY NAME SELECT 'gone:1' AS post_id, 'rule:1' AS rule_id, 5 AS amount, 'USD' AS currency,
    'due' AS state
    """,
    # Posts that repeat others: one after the other shows the images of the one three before it.
    """
    CREATE TEMP TABLE repeats AS
    SELECT post_id, lag(post_id, 3) OVER (PARTITION BY slide_count ORDER BY posted_at, post_id) AS of_post
    FROM posts WHERE post_id IN (SELECT post_id FROM slides) QUALIFY of_post IS NOT NULL AND hash(post_id) % 3 = 0
    """,
    # Some at the same instant as what they repeat.
    *(
        f"""
        UPDATE {table} SET posted_at = e.posted_at FROM repeats r JOIN posts e ON e.post_id = r.of_post
        WHERE {table}.post_id = r.post_id AND hash(r.post_id, 8) % 10 = 0
            AND e.posted_at::DATE = {table}.posted_at::DATE
        """
        for table in ("slide_uses", "post_performance", "posts")
    ),
    *(
        f"""
        UPDATE {table} SET {column} = e.{column} FROM repeats r JOIN {table} e ON e.post_id = r.of_post
        WHERE {table}.post_id = r.post_id AND {table}.slide_index = e.slide_index
            AND (hash(r.post_id, 1) % 2 = 0 OR hash(r.post_id, e.slide_index) % 3 > 0)
        """
        for table, column in (("slides", "sha256"), ("slide_uses", "image_id"), ("slide_uses", "text_id"))
    ),
    """
    UPDATE slide_uses SET slide_index = (SELECT max(slide_index) + min(slide_index) FROM slide_uses o
        WHERE o.post_id = slide_uses.post_id) - slide_index WHERE hash(post_id, 2) % 5 = 0
    """,
    """
    UPDATE slide_uses SET image_id = (SELECT min(image_id) FROM slide_uses o WHERE o.post_id = slide_uses.post_id)
    WHERE hash(post_id, slide_index, 3) % 12 = 0
    """,
    "UPDATE slide_uses SET is_hook = slide_index = 1",
    "UPDATE slide_uses SET image_id = NULL WHERE hash(post_id, slide_index, 4) % 30 = 0",
    """
    UPDATE slide_uses SET use_number = n FROM (
        SELECT post_id, slide_index, CASE WHEN image_id IS NOT NULL THEN
            dense_rank() OVER (PARTITION BY image_id ORDER BY posted_at, post_id) END AS n
        FROM slide_uses WHERE posted_at IS NOT NULL
    ) counted WHERE counted.post_id = slide_uses.post_id AND counted.slide_index = slide_uses.slide_index
    """,
    "UPDATE slides SET sha256 = NULL WHERE hash(post_id, slide_index, 5) % 30 = 0",
    "DELETE FROM slides WHERE hash(post_id, slide_index, 6) % 60 = 0",
    # Content on several platforms, links to posts that nobody has seen, words for stages, days out of order.
    """
    INSERT INTO content_posts BY NAME
    SELECT 'content:' || hash(post_id, 1) % 30 AS content_id, post_id, platform, posted_at FROM posts
    WHERE hash(post_id, 2) % 9 = 0
    """,
    """
    INSERT INTO content_posts BY NAME
    SELECT 'content:' || n % 40 AS content_id, 'unseen:' || n AS post_id, 'youtube' AS platform,
        CASE WHEN n % 2 = 0 THEN TIMESTAMP '2025-09-20 10:00:00' END AS posted_at FROM range(20) t(n)
    """,
    """
    INSERT INTO content_items BY NAME
    SELECT 'content:' || n AS content_id, 'More ' || n AS title,
        CASE WHEN n % 4 > 0 THEN 'creator:' || n % 12 END AS creator_id,
        [' Published', 'Archived', NULL, 'LIVE', 'draft', 'Draft'][1 + (n % 6)::BIGINT] AS stage,
        CASE WHEN n % 5 > 0 THEN TIMESTAMP '2025-08-20' + to_hours((40 * n)::BIGINT) END AS stage_since_at,
        CASE WHEN n % 7 > 0 THEN DATE '2025-10-03' + (n % 5)::INTEGER END AS due_on,
        CASE WHEN n % 3 > 0 THEN TIMESTAMP '2025-09-10' + to_hours((20 * n)::BIGINT) END AS created_at
    FROM range(26, 80) t(n)
    """,
    """
    UPDATE sets SET creator_id = NULL, created_on = CASE WHEN hash(set_id) % 2 = 0 THEN created_on END
    WHERE hash(set_id, 1) % 5 = 0
    """,
    "UPDATE post_performance SET outlier_120 = 2, outlier_settled = 2 WHERE hash(post_id, 1) % 6 = 0",
    "UPDATE post_performance SET outlier_120 = NULL WHERE hash(post_id, 2) % 9 = 0",
    """
    UPDATE post_performance SET views = NULL, views_at_120 = NULL, views_settled = NULL, outlier_120 = NULL,
    outlier_settled = NULL, is_viral = NULL WHERE hash(post_id, 9) % 15 = 0
    """,
    "INSERT INTO creators BY NAME SELECT 'creator:99' AS creator_id",
    """
    UPDATE post_performance SET engagement = NULL, likes = NULL, comments = NULL, shares = NULL
    WHERE hash(post_id, 3) % 9 = 0
    """,
    "UPDATE post_performance SET views = 0, views_at_120 = 0 WHERE hash(post_id, 4) % 30 = 0",
    "UPDATE post_performance SET va_id = NULL WHERE hash(post_id, 5) % 30 = 0",
    "UPDATE post_performance SET creator_id = 'creator:99', set_id = NULL WHERE hash(post_id, 6) % 30 = 0",
    "UPDATE accounts SET creator_id = NULL WHERE hash(account_id) % 5 = 0",
    """
    INSERT INTO quality_checks BY NAME
    SELECT 'check ' || i AS check_name, ['posts', 'slides'][i % 2 + 1] AS table_name,
        nullif('s' || i % 3, 's0') AS subject,
        ['critical', 'high', 'medium', 'low', 'odd', NULL][i % 6 + 1] AS severity, 10 AS checked, i AS failed,
        TIMESTAMP '2025-10-01' AS checked_at, if(i % 4 = 0, TIMESTAMP '2025-10-02', NULL) AS resolved_at
    FROM range(24) r(i)
    """,
)
