"""What gunicorn serves."""

from __future__ import annotations

import os

from config import problems
from config.handler import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
problems.stop_if_any()

application = get_wsgi_application()
