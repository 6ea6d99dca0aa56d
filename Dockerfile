# One image for web, worker and migrate; docker-compose.yml says which command each of them runs.
FROM python:3.13-slim AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
COPY requirements.txt .
RUN python -m venv --without-pip /venv && pip --python /venv/bin/python install --only-binary :all: -r requirements.txt
ENV PATH=/venv/bin:$PATH
WORKDIR /app
COPY . .
# The key is for this one command and is in no layer: collectstatic signs nothing.
RUN SECRET_KEY=only-for-collectstatic python manage.py collectstatic --noinput --verbosity 0 \
    && python -m compileall -q config images workers

FROM python:3.13-slim
# PYTHONUNBUFFERED: log lines appear at once. The root file system may be read-only: only /app/var and /tmp are written.
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 HOST=0.0.0.0 PORT=8000
RUN useradd --uid 10001 --no-create-home --home-dir /tmp app && install -d -o app -g app /app/var
COPY --from=build /venv /venv
COPY --from=build /app /app
WORKDIR /app
USER app
VOLUME /app/var
EXPOSE 8000
# Any answer below 500 is a sign of life: a 400 only says that 127.0.0.1 is not in ALLOWED_HOSTS.
HEALTHCHECK --interval=15s --timeout=5s --start-period=20s CMD ["python", "-c", "import http.client, os, sys; \
    c = http.client.HTTPConnection('127.0.0.1', int(os.environ['PORT']), timeout=4); \
    c.request('GET', '/healthz'); sys.exit(c.getresponse().status >= 500)"]
CMD ["gunicorn", "-c", "config/gunicorn.py", "config.wsgi"]
