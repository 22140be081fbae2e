# One image for every service of docker-compose.yml; the command decides which.
FROM node:24-bookworm-slim AS front-end
WORKDIR /site
COPY package.json package-lock.json ./
RUN npm ci --no-audit --no-fund

FROM python:3.11-slim-bookworm AS packages
COPY requirements.txt constraints.txt /tmp/
RUN python -m venv /venv \
    && /venv/bin/pip install --no-cache-dir --disable-pip-version-check -r /tmp/requirements.txt

FROM python:3.11-slim-bookworm
ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    DATA_DIR=/data \
    STATIC_ROOT=/site/staticfiles
RUN groupadd --gid 10001 quantsite \
    && useradd --uid 10001 --gid quantsite --create-home --shell /usr/sbin/nologin quantsite \
    && install -d -o quantsite -g quantsite /data /site/staticfiles
WORKDIR /site
COPY --from=packages /venv /venv
COPY --from=front-end /site/node_modules node_modules
COPY . .
USER quantsite
# The files are collected into the image, with keys that are removed in the same layer.
RUN DATA_DIR=/tmp/build python manage.py collectstatic --noinput --verbosity 0 && rm -rf /tmp/build
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=6 \
    CMD ["python", "deploy/healthcheck.py"]
# The one-process site of a single machine; docker-compose.yml starts the services one by one.
CMD ["python", "manage.py", "serve", "--host", "0.0.0.0"]
