ARG VERSION=22
ARG REG=docker.io
ARG SHARED=alpine:3.22
ARG TOLD=debian:12
ARG TWICE=a:1
ARG TWICE=b:2
FROM node:${VERSION}
FROM ${REG}/library/redis:8
FROM ${UNKNOWN}/app:latest
FROM $SHARED
FROM ${SHARED}-slim
FROM ${TOLD}
ARG TOLD
RUN echo $TOLD
FROM $TWICE
FROM gol\
ang:1.24
COPY --from=${VERSION}:1 / /
FROM postgres:17
