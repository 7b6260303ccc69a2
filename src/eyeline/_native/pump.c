#define _GNU_SOURCE
#include "pump.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "stun.h"

static int watch(int epoll, int operation, int fd, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.fd = fd};
    return epoll_ctl(epoll, operation, fd, &event) == 0 ? 0 : errno;
}

/* Wake up for the first packet, and then once per period as long as packets come: `wake` is an epoll of both, in which
 * that of the sockets is muted while the timer ticks. */
static int open_coalescing(struct pump *pump)
{
    pump->timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    pump->wake = epoll_create1(EPOLL_CLOEXEC);
    if (pump->timer < 0 || pump->wake < 0)
        return errno;
    int error = watch(pump->wake, EPOLL_CTL_ADD, pump->epoll, EPOLLIN);
    return error ? error : watch(pump->wake, EPOLL_CTL_ADD, pump->timer, EPOLLIN);
}

int pump_open(struct pump *pump, unsigned coalesce_us)
{
    memset(pump, 0, sizeof *pump);
    pump->coalesce_us = coalesce_us;
    pump->timer = pump->wake = -1;
    pump->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (pump->epoll < 0)
        return errno;
    int error = batch_open(&pump->batch) ? 0 : ENOMEM;
    if (!error && coalesce_us > 0)
        error = open_coalescing(pump);
    else
        pump->wake = pump->epoll;
    if (error)
        pump_close(pump);
    return error;
}

void pump_close(struct pump *pump)
{
    for (size_t fd = 0; fd < pump->watched_count; fd++)
        pump_remove_client(pump, (int)fd);
    free(pump->watched);
    pump->watched = NULL;
    pump->watched_count = 0;
    if (pump->batch.memory != NULL)
        batch_close(&pump->batch);
    pump->batch.memory = NULL;
    if (pump->timer >= 0)
        close(pump->timer);
    if (pump->wake >= 0 && pump->wake != pump->epoll)
        close(pump->wake);
    if (pump->epoll >= 0)
        close(pump->epoll);
    pump->epoll = pump->timer = pump->wake = -1;
    pump->next = pump->ready = 0;
}

static struct watched *find_watched(struct pump *pump, int fd)
{
    bool known = fd >= 0 && (size_t)fd < pump->watched_count && pump->watched[fd].client != NULL;
    return known ? &pump->watched[fd] : NULL;
}

static struct client *find_client(struct pump *pump, int fd)
{
    struct watched *watched = find_watched(pump, fd);
    return watched != NULL && watched->channel == 0 ? watched->client : NULL;
}

static struct channel *find_channel(struct client *client, uint16_t number)
{
    for (unsigned i = 0; i < client->channel_count; i++)
        if (client->channels[i].number == number)
            return &client->channels[i];
    return NULL;
}

static int make_room_for(struct pump *pump, int fd)
{
    size_t needed = (size_t)fd + 1, count = pump->watched_count;
    if (needed <= count)
        return 0;
    size_t more = needed < 2 * count ? 2 * count : needed;
    struct watched *grown = realloc(pump->watched, more * sizeof *grown);
    if (grown == NULL)
        return ENOMEM;
    memset(grown + count, 0, (more - count) * sizeof *grown);
    pump->watched = grown;
    pump->watched_count = more;
    return 0;
}

static int add_watched(struct pump *pump, int fd, struct client *client, uint16_t channel)
{
    if (fd < 0)
        return EBADF;
    if (find_watched(pump, fd) != NULL)
        return EEXIST;
    int error = make_room_for(pump, fd);
    if (!error)
        error = watch(pump->epoll, EPOLL_CTL_ADD, fd, EPOLLIN);
    if (!error)
        pump->watched[fd] = (struct watched){client, channel};
    return error;
}

static void remove_watched(struct pump *pump, int fd)
{
    if (find_watched(pump, fd) != NULL) {
        pump->watched[fd] = (struct watched){NULL, 0};
        watch(pump->epoll, EPOLL_CTL_DEL, fd, 0);
    }
}

int pump_add_client(struct pump *pump, int fd, struct token_bucket *bandwidth)
{
    struct client *client = calloc(1, sizeof *client);
    if (client == NULL)
        return ENOMEM;
    int error = add_watched(pump, fd, client, 0);
    if (error) {
        free(client);
        return error;
    }
    client->fd = fd;
    client->segments = SEGMENTS_OF_ANY_SIZE;
    client->bandwidth = bandwidth;
    bandwidth->references++;
    return 0;
}

int pump_add_channel(struct pump *pump, int client_fd, uint16_t number, int fd)
{
    struct client *client = find_client(pump, client_fd);
    if (client == NULL)
        return ENOENT;
    if (number == 0)
        return EINVAL;
    pump_remove_channel(pump, client_fd, number);
    if (client->channel_count == CHANNELS_MAX)
        return ENOSPC;
    int error = fd == NO_SOCKET ? 0 : add_watched(pump, fd, client, number);
    if (!error)
        client->channels[client->channel_count++] = (struct channel){fd, number, SEGMENTS_OF_ANY_SIZE};
    return error;
}

void pump_remove_channel(struct pump *pump, int client_fd, uint16_t number)
{
    struct client *client = find_client(pump, client_fd);
    struct channel *channel = client == NULL ? NULL : find_channel(client, number);
    if (channel == NULL)
        return;
    remove_watched(pump, channel->fd);
    *channel = client->channels[--client->channel_count];
}

void pump_remove_client(struct pump *pump, int client_fd)
{
    struct client *client = find_client(pump, client_fd);
    if (client == NULL)
        return;
    for (unsigned i = 0; i < client->channel_count; i++)
        remove_watched(pump, client->channels[i].fd);
    remove_watched(pump, client_fd);
    token_bucket_release(client->bandwidth);
    free(client);
}

/* Data of a client that waits to be sent to the peers of its channels. */
struct outgoing {
    unsigned count;
    struct channel *channels[BATCH];
    struct iovec data[BATCH];
};

/* Send the data of each channel in its order, all of one channel at once. */
static struct sent send_to_peers(struct outgoing *outgoing)
{
    struct sent all = {0, 0};
    while (outgoing->count > 0) {
        struct channel *channel = outgoing->channels[0];
        struct iovec data[BATCH];
        unsigned now = 0, later = 0;
        for (unsigned i = 0; i < outgoing->count; i++) {
            if (outgoing->channels[i] == channel) {
                data[now++] = outgoing->data[i];
            } else {
                outgoing->channels[later] = outgoing->channels[i];
                outgoing->data[later++] = outgoing->data[i];
            }
        }
        struct sent sent = batch_send(channel->fd, data, now, &channel->segments);
        all.packets += sent.packets;
        all.bytes += sent.bytes;
        outgoing->count = later;
    }
    return all;
}

/* What a wake-up has done so far. */
struct work {
    hand_over hand;
    void *context;
    double now;
    unsigned packets;
    size_t handed_bytes;
    bool failed;
};

static void hand_to_python(struct work *work, const struct client *client, const uint8_t *datagram, size_t size)
{
    work->handed_bytes += size;
    if (!work->failed && !work->hand(work->context, client->fd, datagram, size))
        work->failed = true;
}

/* ChannelData of a client; what isn't for a channel of its own socket goes to Python. */
static void read_client(struct pump *pump, struct client *client, struct work *work)
{
    struct outgoing outgoing = {.count = 0};
    unsigned received = batch_receive(&pump->batch, client->fd);
    double left = token_bucket_available(client->bandwidth, work->now);
    for (unsigned i = 0; i < received; i++) {
        uint8_t *datagram = pump->batch.data[i].iov_base;
        size_t size = pump->batch.headers[i].msg_len;
        if (!is_channel_data(datagram, size)) {
            if (may_be_stun(datagram, size))
                hand_to_python(work, client, datagram, size);
            continue;
        }
        int length = channel_data_length(datagram, size);
        struct channel *channel = find_channel(client, channel_number(datagram));
        if (channel == NULL || length < 0)
            continue;
        if (channel->fd == NO_SOCKET) {
            hand_to_python(work, client, datagram, CHANNEL_HEADER_BYTES + (size_t)length);
        } else if (length > left) {
            pump->totals.dropped++;
        } else {
            left -= length;
            outgoing.channels[outgoing.count] = channel;
            outgoing.data[outgoing.count++] = (struct iovec){datagram + CHANNEL_HEADER_BYTES, (size_t)length};
        }
    }
    struct sent sent = send_to_peers(&outgoing);
    client->bandwidth->left -= (double)sent.bytes;
    pump->totals.to_peers_packets += sent.packets;
    pump->totals.to_peers_bytes += sent.bytes;
    work->packets += received;
}

/* A peer's data, for the client as ChannelData. */
static void read_channel(struct pump *pump, struct client *client, struct watched *watched, int fd, struct work *work)
{
    struct iovec data[BATCH];
    unsigned count = 0, received = batch_receive(&pump->batch, fd);
    double left = token_bucket_available(client->bandwidth, work->now);
    for (unsigned i = 0; i < received; i++) {
        uint8_t *datagram = pump->batch.data[i].iov_base;
        size_t size = pump->batch.headers[i].msg_len;
        if (size > UINT16_MAX)
            continue;
        if ((double)size > left) {
            pump->totals.dropped++;
            continue;
        }
        left -= (double)size;
        write_channel_header(datagram, watched->channel, (uint16_t)size);
        data[count++] = (struct iovec){datagram - CHANNEL_HEADER_BYTES, CHANNEL_HEADER_BYTES + size};
    }
    struct sent sent = batch_send(client->fd, data, count, &client->segments);
    uint64_t bytes = sent.bytes - sent.packets * CHANNEL_HEADER_BYTES;
    client->bandwidth->left -= (double)bytes;
    pump->totals.to_clients_packets += sent.packets;
    pump->totals.to_clients_bytes += bytes;
    work->packets += received;
}

/* Handle events until all is done, or until it is the turn of others; then the rest comes first the next time. */
static void handle_events(struct pump *pump, struct work *work)
{
    while (pump->next < pump->ready && work->packets < PACKETS_PER_WAKE && work->handed_bytes < HANDED_BYTES_PER_WAKE) {
        int fd = pump->events[pump->next++].data.fd;
        struct watched *watched = find_watched(pump, fd);
        if (watched == NULL)
            continue; /* removed since */
        if (watched->channel == 0)
            read_client(pump, watched->client, work);
        else
            read_channel(pump, watched->client, watched, fd, work);
    }
}

static int tick(struct pump *pump, bool on)
{
    long ns = on ? pump->coalesce_us * 1000L : 0;
    struct itimerspec every = {.it_interval.tv_nsec = ns, .it_value.tv_nsec = ns};
    pump->ticking = on;
    if (timerfd_settime(pump->timer, 0, &every, NULL) != 0)
        return errno;
    return watch(pump->wake, EPOLL_CTL_MOD, pump->epoll, on ? 0 : EPOLLIN);
}

int pump_run(struct pump *pump, double now, hand_over hand, void *context)
{
    struct work work = {.hand = hand, .context = context, .now = now};
    if (pump->timer >= 0) {
        uint64_t ticks;
        if (!pump->ticking)
            return tick(pump, true); /* and let more packets come */
        if (read(pump->timer, &ticks, sizeof ticks) < 0)
            return errno == EAGAIN ? 0 : errno;
    }
    if (pump->next == pump->ready) {
        int ready = epoll_wait(pump->epoll, pump->events, EVENTS_MAX, 0);
        if (ready < 0)
            return errno;
        pump->next = 0;
        pump->ready = (unsigned)ready;
    }
    handle_events(pump, &work);
    if (work.failed)
        return ENOMEM;
    return pump->ticking && work.packets == 0 && pump->next == pump->ready ? tick(pump, false) : 0;
}
