SET statement_timeout = 0;
ALTER TABLE images_generatedimage DISABLE TRIGGER USER;
INSERT INTO images_job (id, batch, owner, prompt, negative_prompt, style, model, provider, width, height, seed, status,
    version, turn, attempts, max_attempts, losses, error_code, error_message, created_at, queued_at, next_attempt_at,
    started_at, finished_at)
SELECT (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || '7' || substr(h, 1, 3) || '8'
        || substr(h, 4, 15))::uuid,
    h::uuid, CASE WHEN i % {every} = 7 THEN '{owner}' ELSE 'visitor:' || md5((i % 5000)::text) END,
    (ARRAY['a red fox', 'a lighthouse at dusk', 'a quiet harbour', 'an old tree in fog 霧の中の古い木'])[1 + i % 4]
        || ' number ' || i || ', motif ' || i % 100 || ', soft light, fine detail',
    '', '', 'sdxl', 'huggingface', 1024, 1024, i, CASE WHEN i > {pictures} THEN 'queued' ELSE 'succeeded' END,
    1, i, 1, 5, 0, '', '', at, at, at, at, at
FROM (
    SELECT i, md5(i::text) AS h, now() - ({pictures} + {queued} + 60 - i) * interval '0.5 s' AS at
    FROM generate_series(1, {pictures} + {queued}) AS i
) AS made;
INSERT INTO images_generatedimage (job_id, file, thumbnail, thumbnail_small, placeholder, width, height, format, bytes,
    sha256, provider, ignored, created_at, starred, words)
SELECT id, 'pictures/x.jpg', 'pictures/x-512.webp', 'pictures/x-320.webp', repeat('x', 120), 1024, 1024, 'JPEG',
    200000, repeat('0', 64), 'fal-ai', '', finished_at, seed % 50 = 0, images_words(prompt)
FROM images_job WHERE status = 'succeeded' ORDER BY id;
INSERT INTO images_attempt (job_id, number, lease_token, worker, provider, started_at, finished_at, outcome,
    http_status, error_code, message, request_id, billed)
SELECT id, 1, id, 'host:1:aa', 'fal-ai', started_at, finished_at, 'stored', 200, '', '', '', false
FROM images_job WHERE status = 'succeeded' ORDER BY id;
ALTER TABLE images_generatedimage ENABLE TRIGGER USER;
