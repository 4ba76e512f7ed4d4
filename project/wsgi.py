"""The WSGI application, which granian serves (``manage.py up``)."""

import os

from django.core.wsgi import get_wsgi_application

from .bodies import WholeBodies

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
application = WholeBodies(get_wsgi_application())
