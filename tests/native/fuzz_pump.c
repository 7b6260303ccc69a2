/* A libFuzzer target for the packet pump: any order of calls, and any bytes at each of its sockets.
 *
 * The input is a list of steps: a byte that says which, its operands, and for datagrams a length and the bytes.  Real
 * UDP sockets over loopback stand for clients and peers.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "binding.h"
#include "pump.h"
#include "stun.h"

enum { PAIRS = 6, CLIENTS = 3, NUMBERS = 4, DATAGRAM_MAX = 1500 };

struct pair {
    int outside, ours;
};

static struct pair pairs[PAIRS];
static struct sockaddr_in listening;
static int listener, asking;
static struct source_limit *limit;

static void must(bool holds)
{
    if (!holds)
        abort();
}

static int bound(struct sockaddr_in *address)
{
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    socklen_t size = sizeof *address;
    *address = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    must(fd >= 0 && bind(fd, (struct sockaddr *)address, size) == 0);
    must(getsockname(fd, (struct sockaddr *)address, &size) == 0);
    return fd;
}

int LLVMFuzzerInitialize(int *count, char ***arguments)
{
    (void)count;
    (void)arguments;
    struct sockaddr_in outside, ours;
    int on = 1;
    for (unsigned i = 0; i < PAIRS; i++) {
        pairs[i] = (struct pair){bound(&outside), bound(&ours)};
        must(connect(pairs[i].outside, (struct sockaddr *)&ours, sizeof ours) == 0);
        must(connect(pairs[i].ours, (struct sockaddr *)&outside, sizeof outside) == 0);
    }
    listener = bound(&listening);
    must(setsockopt(listener, IPPROTO_IP, IP_PKTINFO, &on, sizeof on) == 0);
    asking = bound(&outside);
    must(connect(asking, (struct sockaddr *)&listening, sizeof listening) == 0);
    limit = source_limit_new(1e9, 1e9);
    must(limit != NULL);
    return 0;
}

/* What is left of the input. */
struct input {
    const uint8_t *next, *end;
};

static unsigned take(struct input *input, unsigned below)
{
    return input->next < input->end ? *input->next++ % below : 0;
}

static size_t take_bytes(struct input *input, const uint8_t **bytes)
{
    size_t size = take(input, 256) * 6U, left = (size_t)(input->end - input->next);
    *bytes = input->next;
    size = size < left ? size : left;
    input->next += size;
    return size;
}

static void drain(int fd)
{
    uint8_t datagram[DATAGRAM_MAX + CHANNEL_HEADER_BYTES];
    while (recv(fd, datagram, sizeof datagram, MSG_DONTWAIT) >= 0)
        continue;
}

static bool look_at_datagram(void *ours, int client_fd, const uint8_t *datagram, size_t size)
{
    must(client_fd >= 0 && size >= CHANNEL_HEADER_BYTES);
    must(may_be_stun(datagram, size) || channel_data_length(datagram, size) == (int)size - CHANNEL_HEADER_BYTES);
    return *(unsigned *)ours != 0;
}

static bool look_at_request(void *ours, const struct request *request)
{
    must(may_be_stun(request->datagram, request->size) && !is_bare_binding(request->datagram, request->size));
    must(request->local_ip_bytes == 4);
    return *(unsigned *)ours != 0;
}

static void send_some(int fd, struct input *input, uint16_t number)
{
    uint8_t datagram[DATAGRAM_MAX + CHANNEL_HEADER_BYTES];
    const uint8_t *bytes;
    size_t size = take_bytes(input, &bytes), header = number ? CHANNEL_HEADER_BYTES : 0;
    unsigned times = 1 + take(input, BATCH + 3);
    memcpy(datagram + header, bytes, size);
    if (number)
        write_channel_header(datagram + header, number, (uint16_t)size);
    while (times-- > 0)
        (void)!send(fd, datagram, header + size, MSG_DONTWAIT);
}

static void ask(struct input *input, struct binding_responder *responder, unsigned going)
{
    const uint8_t *bytes;
    size_t size = take_bytes(input, &bytes);
    uint64_t answered = responder->answered;
    (void)!send(asking, bytes, size, MSG_DONTWAIT);
    binding_responder_run(responder, 1, look_at_request, &going);
    must(responder->answered - answered == is_bare_binding(bytes, size));
    drain(asking);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = {data, data + size};
    static struct pump pump;
    static struct binding_responder responder;
    struct token_bucket *bucket = token_bucket_new(take(&input, 2) ? 1e9 : 2000, take(&input, 2) ? 1e9 : 2000);
    must(bucket != NULL && pump_open(&pump, take(&input, 2)) == 0);
    binding_responder_init(&responder, listener, limit);
    while (input.next < input.end) {
        unsigned step = take(&input, 9), who = take(&input, PAIRS), going = step != 8;
        int client = pairs[take(&input, CLIENTS)].ours;
        uint16_t number = (uint16_t)(0x4000 + take(&input, NUMBERS));
        switch (step) {
        case 0: pump_add_client(&pump, pairs[who].ours, bucket); break;
        case 1: pump_add_channel(&pump, client, number, pairs[who].ours); break;
        case 2: pump_add_channel(&pump, client, number, NO_SOCKET); break;
        case 3: pump_remove_channel(&pump, client, number); break;
        case 4: pump_remove_client(&pump, pairs[who].ours); break;
        case 5: send_some(pairs[who].outside, &input, 0); break;
        case 6: send_some(pairs[who].outside, &input, number); break;
        default: pump_run(&pump, who, look_at_datagram, &going); ask(&input, &responder, going); break;
        }
    }
    must(pump.totals.to_clients_bytes <= pump.totals.to_clients_packets * 65535);
    pump_close(&pump);
    must(bucket->references == 1);
    token_bucket_release(bucket);
    for (unsigned i = 0; i < PAIRS; i++) {
        drain(pairs[i].outside);
        drain(pairs[i].ours);
    }
    return 0;
}
