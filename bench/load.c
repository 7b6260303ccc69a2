/* Load for a server: sends packets over some sockets, and counts those that arrive at others.
 *
 *     load PACKETS RATE WINDOW SIZE SKIP LENGTH HEADER [SOURCE SINK]...
 *
 * SOURCE and SINK are file descriptors of connected UDP sockets.  With a RATE, sends that many single packets per second,
 * over the sources in turn.  With RATE 0, keeps up to WINDOW packets in flight, sent in bursts that the kernel cuts
 * (UDP_SEGMENT), so that it takes little time itself.  A packet is HEADER (hexadecimal) and SIZE bytes, which begin with
 * the time; what arrives is LENGTH bytes (0: any), with SKIP bytes before the time.
 *
 * Prints how many were sent and arrived, the seconds from the first to the last, and the median and the 99th percentile of
 * their delays in microseconds.
 */
#define _GNU_SOURCE
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>

enum { BATCH = 64, EVENTS = 128, SEEN = 16, SOL_UDP_LEVEL = 17, SEGMENT_OPTION = 103, BURST_BYTES_MAX = 60000 };
enum { DELAYS = 100000 };
static const uint64_t QUIET_NS = 500000000;

static uint8_t packets[BATCH * 2048];
static size_t packet_bytes, header_bytes;
static unsigned size, skip, length;
static uint64_t sent, came, wrong, delays[DELAYS];

static uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* The same packet, as often as a burst may hold it. */
static void make_packets(const char *header)
{
    header_bytes = strlen(header) / 2;
    packet_bytes = header_bytes + size;
    for (unsigned i = 0; i < BATCH; i++)
        for (unsigned at = 0; at < header_bytes; at++)
            sscanf(header + 2 * at, "%2hhx", &packets[i * packet_bytes + at]);
}

/* Send a burst with one system call; returns how many were sent. */
static unsigned burst(int fd, unsigned count)
{
    union {
        char bytes[CMSG_SPACE(sizeof(uint16_t))];
        struct cmsghdr aligned;
    } option = {{0}};
    struct iovec all = {packets, count * packet_bytes};
    struct msghdr message = {.msg_iov = &all, .msg_iovlen = 1};
    uint64_t at = now_ns();
    for (unsigned i = 0; i < count; i++)
        memcpy(packets + i * packet_bytes + header_bytes, &at, sizeof at);
    if (count > 1) {
        message.msg_control = option.bytes;
        message.msg_controllen = sizeof option.bytes;
        struct cmsghdr *head = CMSG_FIRSTHDR(&message);
        head->cmsg_level = SOL_UDP_LEVEL;
        head->cmsg_type = SEGMENT_OPTION;
        head->cmsg_len = CMSG_LEN(sizeof(uint16_t));
        uint16_t each = (uint16_t)packet_bytes;
        memcpy(CMSG_DATA(head), &each, sizeof each);
    }
    return sendmsg(fd, &message, MSG_DONTWAIT) < 0 ? 0 : count;
}

static struct mmsghdr headers[BATCH];
static struct iovec data[BATCH];
static uint8_t seen[BATCH][SEEN];

static void prepare_to_receive(void)
{
    for (unsigned i = 0; i < BATCH; i++) {
        data[i] = (struct iovec){seen[i], SEEN};
        headers[i].msg_hdr = (struct msghdr){.msg_iov = &data[i], .msg_iovlen = 1};
    }
}

/* Read what waits at a sink, without copying more than the time. */
static void receive(int fd)
{
    int received = recvmmsg(fd, headers, BATCH, MSG_DONTWAIT | MSG_TRUNC, NULL);
    uint64_t now = now_ns(), at;
    for (int i = 0; i < received; i++) {
        if (length != 0 && headers[i].msg_len != length) {
            wrong++;
            continue;
        }
        memcpy(&at, seen[i] + skip, sizeof at);
        uint64_t us = (now - at) / 1000;
        delays[us < DELAYS ? us : DELAYS - 1]++;
        came++;
    }
}

static unsigned percentile(double part)
{
    uint64_t count = 0;
    unsigned us = 0;
    while (us < DELAYS - 1 && (double)(count += delays[us]) < part * (double)came)
        us++;
    return us;
}

int main(int argc, char **argv)
{
    uint64_t total = strtoull(argv[1], NULL, 10), rate = strtoull(argv[2], NULL, 10), window = strtoull(argv[3], NULL, 10);
    size = (unsigned)atoi(argv[4]);
    skip = (unsigned)atoi(argv[5]);
    length = (unsigned)atoi(argv[6]);
    make_packets(argv[7]);
    prepare_to_receive();
    unsigned pairs = (unsigned)(argc - 8) / 2, turn = 0;
    unsigned most = (unsigned)(BURST_BYTES_MAX / packet_bytes), share = (unsigned)(window / pairs);
    most = most < BATCH ? most : BATCH;
    share = share < 1 ? 1 : share < most ? share : most;
    int sources[EVENTS], epoll = epoll_create1(0);
    for (unsigned i = 0; i < pairs && i < EVENTS; i++) {
        struct epoll_event sink = {.events = EPOLLIN, .data.fd = atoi(argv[9 + 2 * i])};
        sources[i] = atoi(argv[8 + 2 * i]);
        epoll_ctl(epoll, EPOLL_CTL_ADD, sink.data.fd, &sink);
    }
    uint64_t began = now_ns(), last = began;
    while (came < total && now_ns() - last < QUIET_NS) {
        if (rate > 0) {
            uint64_t due = (now_ns() - began) * rate / 1000000000;
            if (sent < (due < total ? due : total))
                sent += burst(sources[turn++ % pairs], 1);
        } else {
            for (unsigned i = 0; i < pairs && sent < total && sent - came < window; i++, turn++) {
                uint64_t room = window - (sent - came), left = total - sent, count = room < left ? room : left;
                sent += burst(sources[turn % pairs], (unsigned)(count < share ? count : share));
            }
        }
        struct epoll_event events[EVENTS];
        int ready = epoll_wait(epoll, events, EVENTS, 0);
        for (int i = 0; i < ready; i++)
            receive(events[i].data.fd);
        if (ready > 0)
            last = now_ns();
    }
    printf("%lu %lu %.6f %u %u %lu\n", sent, came, (double)(last - began) / 1e9, percentile(0.5), percentile(0.99), wrong);
    return 0;
}
