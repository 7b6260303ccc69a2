#define _GNU_SOURCE
#include "batch.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>

#ifndef SOL_UDP
#define SOL_UDP 17
#endif
#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif

/* Not a multiple of 4096, so that the beginnings of datagrams don't share the same few lines of the processor's cache. */
enum { SLOT_BYTES = HEADROOM + DATAGRAM_BYTES_MAX + 640, MEMORY_BYTES = SLOT_BYTES * BATCH };

enum {
    SEGMENTS_BYTES_MAX = 65000,    /* in one call, within what an IP packet's length field can say */
    SEGMENT_BYTES_ANYWHERE = 1232, /* fits into one packet on any link with IPv6 */
};

bool batch_open(struct batch *batch)
{
    void *memory = mmap(NULL, MEMORY_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        return false;
    memset(batch, 0, sizeof *batch);
    batch->memory = memory;
    for (unsigned i = 0; i < BATCH; i++) {
        batch->data[i] = (struct iovec){batch->memory + i * SLOT_BYTES + HEADROOM, DATAGRAM_BYTES_MAX};
        batch->headers[i].msg_hdr.msg_iov = &batch->data[i];
        batch->headers[i].msg_hdr.msg_iovlen = 1;
    }
    return true;
}

void batch_close(struct batch *batch)
{
    munmap(batch->memory, MEMORY_BYTES);
}

unsigned batch_receive(struct batch *batch, int fd)
{
    int received = recvmmsg(fd, batch->headers, BATCH, MSG_DONTWAIT, NULL);
    return received > 0 ? (unsigned)received : 0;
}

/* How many datagrams from the first on can be sent as segments of its size; only the last may be shorter. */
static unsigned segments(const struct iovec *data, unsigned count, segment_limit limit)
{
    size_t size = data[0].iov_len, total = size;
    unsigned segments = 1;
    if (size == 0 || size > limit)
        return 1;
    while (segments < count && data[segments - 1].iov_len == size && data[segments].iov_len > 0 &&
           data[segments].iov_len <= size && total + data[segments].iov_len <= SEGMENTS_BYTES_MAX)
        total += data[segments++].iov_len;
    return segments;
}

/* Room for the option that asks for segments. */
union segment_option {
    char bytes[CMSG_SPACE(sizeof(uint16_t))];
    struct cmsghdr aligned;
};

static void ask_for_segments(struct msghdr *message, union segment_option *option, uint16_t size)
{
    memset(option, 0, sizeof *option);
    message->msg_control = option->bytes;
    message->msg_controllen = sizeof option->bytes;
    struct cmsghdr *header = CMSG_FIRSTHDR(message);
    header->cmsg_level = SOL_UDP;
    header->cmsg_type = UDP_SEGMENT;
    header->cmsg_len = CMSG_LEN(sizeof size);
    memcpy(CMSG_DATA(header), &size, sizeof size);
}

static bool is_full(int error)
{
    return error == EAGAIN || error == EWOULDBLOCK || error == ENOBUFS || error == ENOMEM;
}

/* Whether sending failed because of the segments: no such option, no checksums by the device, or larger than a packet. */
static bool refuses_segments(const struct msghdr *message, int error)
{
    return message->msg_controllen > 0 && (error == EIO || error == EINVAL || error == EMSGSIZE || error == EOPNOTSUPP);
}

static void count(struct sent *sent, const struct msghdr *message)
{
    for (size_t i = 0; i < message->msg_iovlen; i++) {
        sent->packets++;
        sent->bytes += message->msg_iov[i].iov_len;
    }
}

/* Send all messages; true if the kernel refuses segments, and then `*at` is the first message that wasn't sent. */
static bool send_messages(int fd, struct mmsghdr *messages, unsigned total, unsigned *at, struct sent *sent)
{
    bool again = false;
    while (*at < total) {
        int done = sendmmsg(fd, messages + *at, total - *at, MSG_DONTWAIT);
        for (int i = 0; i < done; i++)
            count(sent, &messages[*at + (unsigned)i].msg_hdr);
        if (done > 0) {
            *at += (unsigned)done;
            again = false;
        } else if (done == 0 || is_full(errno)) {
            *at = total;
        } else if (refuses_segments(&messages[*at].msg_hdr, errno)) {
            return true;
        } else {
            /* The first error may be about an earlier datagram (ICMP); the second one is about this one. */
            *at += again;
            again = !again;
        }
    }
    return false;
}

struct sent batch_send(int fd, struct iovec *data, unsigned number, segment_limit *limit)
{
    struct mmsghdr messages[BATCH];
    union segment_option options[BATCH];
    struct sent sent = {0, 0};
    unsigned first = 0;
    while (first < number) {
        unsigned total = 0, at = 0;
        for (unsigned i = first; i < number; total++) {
            unsigned run = segments(data + i, number - i, *limit);
            messages[total] = (struct mmsghdr){.msg_hdr = {.msg_iov = data + i, .msg_iovlen = run}};
            if (run > 1)
                ask_for_segments(&messages[total].msg_hdr, &options[total], (uint16_t)data[i].iov_len);
            i += run;
        }
        if (!send_messages(fd, messages, total, &at, &sent))
            break;
        first = (unsigned)(messages[at].msg_hdr.msg_iov - data);
        *limit = data[first].iov_len > SEGMENT_BYTES_ANYWHERE ? SEGMENT_BYTES_ANYWHERE : 0;
    }
    return sent;
}
