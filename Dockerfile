# The image of compute workers on AWS (CW_ECS, CW_AWSBATCH), or wherever else containers run:
#   docker build --tag blockfleet:0.1.0 .
# For ARM add --platform linux/arm64. The version is that of .dvmrc.
ARG DENO_VERSION=2.9.6

FROM denoland/deno:${DENO_VERSION} AS build
WORKDIR /source
COPY . .
RUN deno install --frozen && deno task compile

FROM denoland/deno:${DENO_VERSION}
COPY --from=build /source/blockfleet /usr/local/bin/blockfleet
# A user that the base image has, without any rights.
USER deno
WORKDIR /tmp
ENV NO_COLOR=1 DENO_NO_UPDATE_CHECK=1
# tini passes SIGTERM on, upon which a worker finishes the blocks in hand, and buries what a user function leaves.
ENTRYPOINT ["/tini", "--", "blockfleet"]
CMD ["--help"]
