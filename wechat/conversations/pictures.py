"""Pictures of colleagues in threads: which of them go with the messages that showed them.

A file of its own: forgetting people and forgetting months ask the same.
"""

# Condition on `m`, a message with a file: pictures of the library and of automatic replies are theirs, and stay.
OURS_ALONE = """
NOT EXISTS (SELECT FROM library_image l WHERE l.file_id = m.file_id)
AND NOT EXISTS (
    SELECT FROM auto_reply r CROSS JOIN jsonb_to_recordset(r.contents) AS c (file_id uuid, picture_id uuid)
    WHERE r.deleted_at IS NULL AND m.file_id IN (c.file_id, c.picture_id)
)
"""
