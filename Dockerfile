# The image of compute workers on AWS (CW_ECS, CW_AWSBATCH), or wherever else containers run; main programs run in it, too:
#   docker build --platform linux/amd64 --tag blockfleet:0.1.0 .
# For ARM workers --platform linux/arm64. The version of Deno is that of .dvmrc. The digest is that of the index over both
# platforms, so that no other image can be put under the tag; with a new version it is what this prints:
#   docker buildx imagetools inspect denoland/deno:VERSION --format '{{.Manifest.Digest}}'
FROM denoland/deno:2.9.6@sha256:2014dc167ece617ef7e7ba40631ac2234c59e75ce693e7cc2dc2602b3c87859d

WORKDIR /blockfleet
COPY . .
RUN printf '#!/bin/sh\nexec deno run --no-prompt --cached-only -A /blockfleet/cli/main.ts "$@"\n' > /usr/local/bin/blockfleet \
  && chmod 755 /usr/local/bin/blockfleet

# The base image's user without any rights, who owns its cache of packages.
USER deno
RUN deno install --frozen && deno cache --frozen cli/main.ts raster/compute_thread.ts drivers/*.ts

WORKDIR /tmp
ENV NO_COLOR=1 DENO_NO_UPDATE_CHECK=1
# tini passes SIGTERM on, upon which a worker finishes the blocks in hand, and buries what a user function leaves.
ENTRYPOINT ["/tini", "--", "blockfleet"]
CMD ["--help"]
