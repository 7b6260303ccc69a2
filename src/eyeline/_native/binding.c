#define _GNU_SOURCE
#include "binding.h"

#include <string.h>

#include "stun.h"

void binding_responder_init(struct binding_responder *responder, int fd, struct source_limit *limit)
{
    memset(responder, 0, sizeof *responder);
    responder->fd = fd;
    responder->limit = limit;
}

/* The kernel overwrites these with what it received. */
static void prepare(struct binding_responder *responder)
{
    for (unsigned i = 0; i < REQUESTS_PER_WAKE; i++) {
        responder->data[i] = (struct iovec){responder->datagrams[i], REQUEST_BYTES_MAX};
        responder->headers[i].msg_hdr = (struct msghdr){
            .msg_name = &responder->clients[i],
            .msg_namelen = sizeof responder->clients[i],
            .msg_iov = &responder->data[i],
            .msg_iovlen = 1,
            .msg_control = responder->options[i],
            .msg_controllen = OPTION_BYTES,
        };
    }
}

/* The address that the datagram was sent to, in the option of ip(7) or ipv6(7), whose interface becomes any: routing
 * chooses it for the answer.  NULL if there is no such option. */
static uint8_t *local_ip(struct msghdr *message)
{
    for (struct cmsghdr *option = CMSG_FIRSTHDR(message); option != NULL; option = CMSG_NXTHDR(message, option)) {
        if (option->cmsg_level == IPPROTO_IP && option->cmsg_type == IP_PKTINFO) {
            struct in_pktinfo *info = (struct in_pktinfo *)CMSG_DATA(option);
            info->ipi_ifindex = 0;
            return (uint8_t *)&info->ipi_spec_dst;
        }
        if (option->cmsg_level == IPPROTO_IPV6 && option->cmsg_type == IPV6_PKTINFO) {
            struct in6_pktinfo *info = (struct in6_pktinfo *)CMSG_DATA(option);
            info->ipi6_ifindex = 0;
            return (uint8_t *)&info->ipi6_addr;
        }
    }
    return NULL;
}

static bool may_answer(struct binding_responder *responder, const struct sockaddr *client, double now)
{
    if (client->sa_family == AF_INET6)
        return source_limit_try_spend(responder->limit, ((const struct sockaddr_in6 *)client)->sin6_addr.s6_addr, 16, now);
    const struct in_addr *ip = &((const struct sockaddr_in *)client)->sin_addr;
    return source_limit_try_spend(responder->limit, (const uint8_t *)ip, sizeof *ip, now);
}

/* Send all answers, except those that the kernel refuses; clients retransmit. */
static void send_answers(struct binding_responder *responder, unsigned count)
{
    for (unsigned at = 0; at < count;) {
        int sent = sendmmsg(responder->fd, responder->answers + at, count - at, MSG_DONTWAIT);
        at += sent > 0 ? (unsigned)sent : 1;
    }
    responder->answered += count;
}

bool binding_responder_run(struct binding_responder *responder, double now, hand_request hand, void *context)
{
    prepare(responder);
    int received = recvmmsg(responder->fd, responder->headers, REQUESTS_PER_WAKE, MSG_DONTWAIT, NULL);
    unsigned answers = 0;
    bool going = true;
    for (int i = 0; i < received && going; i++) {
        struct msghdr *message = &responder->headers[i].msg_hdr;
        uint8_t *datagram = responder->datagrams[i];
        size_t size = responder->headers[i].msg_len;
        const struct sockaddr *client = message->msg_name;
        bool of_a_family = client->sa_family == AF_INET || client->sa_family == AF_INET6;
        if (!may_be_stun(datagram, size) || (message->msg_flags & MSG_TRUNC) || !of_a_family)
            continue;
        uint8_t *ip = local_ip(message);
        if (!is_bare_binding(datagram, size)) {
            size_t ip_bytes = ip == NULL ? 0 : client->sa_family == AF_INET6 ? 16 : 4;
            going = hand(context, &(struct request){datagram, size, client, ip, ip_bytes});
        } else if (may_answer(responder, client, now)) {
            responder->data[i].iov_len = answer_binding(datagram, client);
            responder->answers[answers++].msg_hdr = *message;
        }
    }
    send_answers(responder, answers);
    return going;
}
