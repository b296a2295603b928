# Waystation's server, and the simulated fleet: docs/compose.md. What is installed is locked by hash.
FROM python:3.11-slim-bookworm AS build
WORKDIR /src
RUN python -m venv /opt/waystation
COPY requirements/server.lock requirements/server.lock
RUN /opt/waystation/bin/pip install --no-cache-dir --require-hashes -r requirements/server.lock
COPY pyproject.toml README.md LICENSE ./
COPY contract contract
COPY edge edge
COPY server server
RUN /opt/waystation/bin/pip install --no-cache-dir --no-deps --no-build-isolation .

FROM python:3.11-slim-bookworm
# A volume that is empty takes the owner of the folder that it is put over.
RUN groupadd --gid 10001 waystation \
    && useradd --uid 10001 --gid 10001 --no-create-home --shell /usr/sbin/nologin waystation \
    && install -d -m 0750 -o waystation -g waystation \
        /var/lib/waystation /var/lib/waystation-fleet /etc/waystation-broker
COPY --from=build /opt/waystation /opt/waystation
ENV PATH=/opt/waystation/bin:$PATH PYTHONUNBUFFERED=1
USER 10001:10001
WORKDIR /var/lib/waystation
EXPOSE 8080
CMD ["waystation", "serve"]
