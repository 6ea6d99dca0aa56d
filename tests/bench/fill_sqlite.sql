DROP TRIGGER images_words_in;
CREATE TEMP TABLE made AS
WITH RECURSIVE counter(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM counter WHERE i < {pictures} + {queued})
SELECT i, printf('%012x', CAST((julianday('now') - 2440587.5) * 86400000 AS integer) - ({pictures} + {queued} - i) * 500)
        || '7000' || '8' || printf('%015x', i) AS id,
    strftime('%Y-%m-%d %H:%M:%f', 'now', ((i - {pictures} - {queued} - 60) * 0.5) || ' seconds') || '000' AS at
FROM counter;
INSERT INTO images_job (id, batch, owner, prompt, negative_prompt, style, model, provider, width, height, seed, status,
    version, turn, attempts, max_attempts, losses, error_code, error_message, created_at, queued_at, next_attempt_at,
    started_at, finished_at)
SELECT id, id, CASE WHEN i % {every} = 7 THEN '{owner}' ELSE 'visitor:' || (i % 5000) END,
    CASE i % 4 WHEN 0 THEN 'a red fox' WHEN 1 THEN 'a lighthouse at dusk' WHEN 2 THEN 'a quiet harbour'
        ELSE 'an old tree in fog 霧の中の古い木' END || ' number ' || i || ', motif ' || (i % 100) || ', soft light, fine detail',
    '', '', 'sdxl', 'huggingface', 1024, 1024, i, CASE WHEN i > {pictures} THEN 'queued' ELSE 'succeeded' END,
    1, i, 1, 5, 0, '', '', at, at, at, at, at
FROM made;
INSERT INTO images_generatedimage (job_id, file, thumbnail, thumbnail_small, placeholder, width, height, format, bytes,
    sha256, provider, ignored, created_at, starred)
SELECT id, 'pictures/x.jpg', 'pictures/x-512.webp', 'pictures/x-320.webp', printf('%120s', 'x'), 1024, 1024, 'JPEG',
    200000, printf('%064d', 0), 'fal-ai', '', finished_at, seed % 50 = 0
FROM images_job WHERE status = 'succeeded' ORDER BY id;
INSERT INTO images_attempt (job_id, number, lease_token, worker, provider, started_at, finished_at, outcome,
    http_status, error_code, message, request_id, billed)
SELECT id, 1, id, 'host:1:aa', 'fal-ai', started_at, finished_at, 'stored', 200, '', '', '', 0
FROM images_job WHERE status = 'succeeded' ORDER BY id;
INSERT INTO images_number (job_id) SELECT job_id FROM images_generatedimage ORDER BY created_at, job_id;
INSERT INTO images_words (rowid, prompt) SELECT number.id, images_spaced(job.prompt) FROM images_number AS number
    JOIN images_job AS job ON job.id = number.job_id ORDER BY number.id;
