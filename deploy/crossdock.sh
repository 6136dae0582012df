#!/bin/sh
# `crossdock` for operators beside the service: on its configuration, as its user. Install it as docs/deploy.md says.
umask 0077
exec runuser -u crossdock -- /opt/crossdock/bin/crossdock --config /etc/crossdock/crossdock.toml "$@"
