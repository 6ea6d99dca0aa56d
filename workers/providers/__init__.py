"""Who draws the pictures. Nothing here knows Django or Celery."""
