#define _GNU_SOURCE
#include "stun.h"

#include <netinet/in.h>
#include <string.h>

static const uint8_t BARE_BINDING[8] = {0x00, 0x01, 0, 0, 0x21, 0x12, 0xa4, 0x42};
static const uint8_t XOR_MAPPED_ADDRESS[2] = {0x00, 0x20};
enum { IPV4 = 1, IPV6 = 2 };

bool is_channel_data(const uint8_t *datagram, size_t size)
{
    return size >= CHANNEL_HEADER_BYTES && (datagram[0] & 0xc0) == 0x40;
}

uint16_t channel_number(const uint8_t *datagram)
{
    return (uint16_t)(datagram[0] << 8 | datagram[1]);
}

int channel_data_length(const uint8_t *datagram, size_t size)
{
    int length = datagram[2] << 8 | datagram[3];
    return (size_t)length <= size - CHANNEL_HEADER_BYTES ? length : -1;
}

void write_channel_header(uint8_t *data, uint16_t number, uint16_t length)
{
    uint8_t header[CHANNEL_HEADER_BYTES] = {(uint8_t)(number >> 8), (uint8_t)number, (uint8_t)(length >> 8),
                                            (uint8_t)length};
    memcpy(data - CHANNEL_HEADER_BYTES, header, sizeof header);
}

bool may_be_stun(const uint8_t *datagram, size_t size)
{
    return size >= STUN_HEADER_BYTES && (datagram[0] & 0xc0) == 0;
}

bool is_bare_binding(const uint8_t *datagram, size_t size)
{
    return size == STUN_HEADER_BYTES && memcmp(datagram, BARE_BINDING, sizeof BARE_BINDING) == 0;
}

size_t answer_binding(uint8_t *datagram, const struct sockaddr *client)
{
    bool v6 = client->sa_family == AF_INET6;
    const void *ip = v6 ? (const void *)&((const struct sockaddr_in6 *)client)->sin6_addr
                        : (const void *)&((const struct sockaddr_in *)client)->sin_addr;
    in_port_t port = v6 ? ((const struct sockaddr_in6 *)client)->sin6_port : ((const struct sockaddr_in *)client)->sin_port;
    size_t ip_bytes = v6 ? 16 : 4;
    const uint8_t *mask = datagram + 4; /* the magic cookie and the transaction id (RFC 8489, 14.2) */
    uint8_t *attribute = datagram + STUN_HEADER_BYTES;

    datagram[0] = 0x01; /* the class: a success */
    datagram[3] = (uint8_t)(ip_bytes + 8);
    memcpy(attribute, XOR_MAPPED_ADDRESS, 2);
    attribute[2] = 0;
    attribute[3] = (uint8_t)(ip_bytes + 4);
    attribute[4] = 0;
    attribute[5] = v6 ? IPV6 : IPV4;
    memcpy(attribute + 6, &port, 2);
    memcpy(attribute + 8, ip, ip_bytes);
    for (size_t i = 0; i < 2; i++)
        attribute[6 + i] ^= mask[i];
    for (size_t i = 0; i < ip_bytes; i++)
        attribute[8 + i] ^= mask[i];
    return STUN_HEADER_BYTES + 8 + ip_bytes;
}
