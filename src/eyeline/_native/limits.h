/* Rate limits as in rate_limit.py: a token bucket, and one token bucket per source address.
 *
 * Times are seconds of a monotonic clock, passed in.
 */
#ifndef EYELINE_LIMITS_H
#define EYELINE_LIMITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct token_bucket {
    double per_second, burst, left, at;
    unsigned references;
};

/* A full bucket with one reference, or NULL without memory. */
struct token_bucket *token_bucket_new(double per_second, double burst);

/* Give up a reference. */
void token_bucket_release(struct token_bucket *bucket);

/* Tokens that may be spent now; negative if too many were spent. */
double token_bucket_available(struct token_bucket *bucket, double now);

enum { SOURCE_SETS = 8192, SOURCES_PER_SET = 8 };

/* A token bucket for each source address: an IPv4 address, or the /64 of an IPv6 address.
 *
 * A bucket is one number, the time at which it is full again, so one of zeros is a full bucket that nobody uses.  A
 * source can be in only one set, chosen by a keyed hash; if that is full, the bucket of it that is full soonest makes
 * room.
 */
struct source_limit {
    double token_seconds, fill_seconds;
    uint64_t key[2];
    struct {
        uint64_t source;
        double full_at;
    } buckets[SOURCE_SETS][SOURCES_PER_SET];
};

/* NULL without memory, or without randomness for the key. */
struct source_limit *source_limit_new(double per_second, double burst);

/* Take one token from the bucket of an address of 4 or 16 bytes; false if there is none left. */
bool source_limit_try_spend(struct source_limit *limit, const uint8_t *ip, size_t ip_bytes, double now);

#endif
