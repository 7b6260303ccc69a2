/* The packet pump: moves ChannelData between the sockets of UDP clients and those of their channels.
 *
 * It decides nothing.  Python opens and connects the sockets, so the kernel lets each of them receive from one address
 * only, and tells which channel is which; see serve/relay/packet_pump.py.
 */
#ifndef EYELINE_PUMP_H
#define EYELINE_PUMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>

#include "batch.h"
#include "limits.h"

enum {
    CHANNELS_MAX = 64, /* of one client, as in turn/allocation.py */
    EVENTS_MAX = 64,
    PACKETS_PER_WAKE = 512,           /* about a millisecond, before the event loop runs other tasks */
    HANDED_BYTES_PER_WAKE = 256 << 10 /* what one wake-up may copy for Python, apart from one socket's last batch */
};

enum { NO_SOCKET = -1 };

struct channel {
    int fd; /* connected to the peer, or NO_SOCKET: then Python sends what the client sends */
    uint16_t number;
    segment_limit segments;
};

struct client {
    int fd; /* connected to the client */
    segment_limit segments;
    uint16_t channel_count;
    struct token_bucket *bandwidth;
    struct channel channels[CHANNELS_MAX];
};

/* What a file descriptor is; without a client, nothing of ours. */
struct watched {
    struct client *client;
    uint16_t channel; /* 0 for the client's own socket; channels begin at 0x4000 */
};

struct totals {
    uint64_t to_peers_packets, to_peers_bytes, to_clients_packets, to_clients_bytes;
    uint64_t dropped; /* by the bandwidth limit */
};

/* A datagram of a client that the pump doesn't relay.  False stops the pump. */
typedef bool (*hand_over)(void *context, int client_fd, const uint8_t *datagram, size_t size);

struct pump {
    int epoll;
    int timer; /* -1 without coalescing */
    int wake;  /* readable when `pump_run` should be called */
    bool ticking;
    unsigned coalesce_us;
    unsigned next, ready; /* the events that are still to be handled */
    struct epoll_event events[EVENTS_MAX];
    struct watched *watched; /* by file descriptor */
    size_t watched_count;
    struct totals totals;
    struct batch batch;
};

/* With `coalesce_us` it gathers packets for up to that many microseconds after the first one.  Returns 0 or an errno, as
 * all of these do. */
int pump_open(struct pump *pump, unsigned coalesce_us);

/* Forget all sockets, and close what `pump_open` opened. */
void pump_close(struct pump *pump);

/* Take a reference to `bandwidth`. */
int pump_add_client(struct pump *pump, int fd, struct token_bucket *bandwidth);

/* `fd` may be NO_SOCKET.  Replaces what the client had under this number. */
int pump_add_channel(struct pump *pump, int client_fd, uint16_t number, int fd);

/* Do nothing if there is no such client or channel.  Call these before the sockets are closed. */
void pump_remove_channel(struct pump *pump, int client_fd, uint16_t number);
void pump_remove_client(struct pump *pump, int client_fd);

/* Move what waits at the sockets.  Returns 0 or an errno; `now` is in seconds. */
int pump_run(struct pump *pump, double now, hand_over hand, void *context);

#endif
