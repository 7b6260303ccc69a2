/* Many datagrams per system call: recvmmsg, sendmmsg, and segmentation by the kernel (UDP_SEGMENT). */
#ifndef EYELINE_BATCH_H
#define EYELINE_BATCH_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

enum {
    BATCH = 64,                 /* datagrams per call; also the most segments that all kernels accept */
    DATAGRAM_BYTES_MAX = 65536, /* more than UDP can carry, so that nothing is cut off */
    HEADROOM = 64,              /* in front of each datagram, for a header */
};

/* The buffers of received datagrams, 4 MB of address space, of which only what datagrams filled is in memory. */
struct batch {
    uint8_t *memory;
    struct mmsghdr headers[BATCH];
    struct iovec data[BATCH];
};

/* False without memory. */
bool batch_open(struct batch *batch);
void batch_close(struct batch *batch);

/* Receive what waits on a socket, at most BATCH datagrams.  Returns how many; 0 also for an ICMP error about an earlier
 * datagram.  `batch->data[i].iov_base` and `batch->headers[i].msg_len` are the datagrams. */
unsigned batch_receive(struct batch *batch, int fd);

/* Until when a socket's datagrams are sent in segments. */
typedef uint16_t segment_limit;
enum { SEGMENTS_OF_ANY_SIZE = UINT16_MAX };

struct sent {
    uint64_t packets, bytes;
};

/* Send datagrams, at most BATCH, over a connected socket, in order.  Drops what the kernel refuses.
 *
 * Runs of one size are sent as segments of one buffer, unless they are larger than `*limit`, which is lowered if the
 * kernel or the device refuses segments. */
struct sent batch_send(int fd, struct iovec *data, unsigned count, segment_limit *limit);

#endif
