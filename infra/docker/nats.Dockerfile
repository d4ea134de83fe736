# The log server of docker-compose.yml: NATS as it is, and a directory for what it stores that belongs to a user who is not root.
# A volume that is new takes its owner from there.
FROM nats:2.15.1-alpine
RUN mkdir /data && chown 10001:10001 /data && chmod 700 /data
USER 10001:10001
VOLUME ["/data"]
