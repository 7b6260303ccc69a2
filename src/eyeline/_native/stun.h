/* What the pump knows of STUN and TURN: a Binding request without attributes, and the header of ChannelData. */
#ifndef EYELINE_STUN_H
#define EYELINE_STUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

enum {
    CHANNEL_HEADER_BYTES = 4,
    STUN_HEADER_BYTES = 20,
    BINDING_SUCCESS_BYTES_MAX = 44,
};

/* Whether it may be ChannelData: its first two bits are 01 (RFC 8656, 12.4). */
bool is_channel_data(const uint8_t *datagram, size_t size);

/* The number of the channel, in a datagram that may be ChannelData, or a header that is. */
uint16_t channel_number(const uint8_t *datagram);

/* The bytes of data after the header, or -1 if the datagram is shorter; bytes beyond them are padding. */
int channel_data_length(const uint8_t *datagram, size_t size);

/* Write the header in front of `data`. */
void write_channel_header(uint8_t *data, uint16_t number, uint16_t length);

/* Whether it may be STUN: long enough, and its first two bits are 00 (RFC 8489, 5). */
bool may_be_stun(const uint8_t *datagram, size_t size);

/* Whether it is a Binding request without attributes, as browsers send it. */
bool is_bare_binding(const uint8_t *datagram, size_t size);

/* Turn such a request, in a buffer of at least BINDING_SUCCESS_BYTES_MAX bytes, into its response to `client`, which is
 * an IPv4 or IPv6 address.  Returns its length. */
size_t answer_binding(uint8_t *datagram, const struct sockaddr *client);

#endif
