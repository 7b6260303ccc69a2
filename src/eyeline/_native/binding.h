/* Answers STUN Binding requests without attributes at a listening socket, within the limit of each source address. */
#ifndef EYELINE_BINDING_H
#define EYELINE_BINDING_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "limits.h"

enum {
    REQUESTS_PER_WAKE = 64,
    REQUEST_BYTES_MAX = 2048, /* longer ones are dropped; Python answers none of more than 1280 */
    OPTION_BYTES = 64,
};

/* A datagram for Python, and the address that it was sent to, of 4 or 16 bytes; 0 if the kernel didn't say. */
struct request {
    const uint8_t *datagram;
    size_t size;
    const struct sockaddr *client;
    const uint8_t *local_ip;
    size_t local_ip_bytes;
};

/* False stops reading. */
typedef bool (*hand_request)(void *context, const struct request *request);

struct binding_responder {
    int fd; /* with IP_PKTINFO or IPV6_RECVPKTINFO, so that answers come from the address that was asked */
    struct source_limit *limit;
    uint64_t answered;
    struct mmsghdr headers[REQUESTS_PER_WAKE], answers[REQUESTS_PER_WAKE];
    struct iovec data[REQUESTS_PER_WAKE];
    struct sockaddr_storage clients[REQUESTS_PER_WAKE];
    _Alignas(struct cmsghdr) uint8_t options[REQUESTS_PER_WAKE][OPTION_BYTES];
    uint8_t datagrams[REQUESTS_PER_WAKE][REQUEST_BYTES_MAX];
};

void binding_responder_init(struct binding_responder *responder, int fd, struct source_limit *limit);

/* Read what waits, at most REQUESTS_PER_WAKE datagrams; answer bare Binding requests, and hand over what may be STUN. */
bool binding_responder_run(struct binding_responder *responder, double now, hand_request hand, void *context);

#endif
