#define _GNU_SOURCE
#include "limits.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

struct token_bucket *token_bucket_new(double per_second, double burst)
{
    struct token_bucket *bucket = malloc(sizeof *bucket);
    if (bucket != NULL)
        *bucket = (struct token_bucket){per_second, burst, burst, 0, 1};
    return bucket;
}

void token_bucket_release(struct token_bucket *bucket)
{
    if (--bucket->references == 0)
        free(bucket);
}

double token_bucket_available(struct token_bucket *bucket, double now)
{
    if (now > bucket->at) {
        double left = bucket->left + (now - bucket->at) * bucket->per_second;
        bucket->left = left < bucket->burst ? left : bucket->burst;
        bucket->at = now;
    }
    return bucket->left;
}

struct source_limit *source_limit_new(double per_second, double burst)
{
    struct source_limit *limit = calloc(1, sizeof *limit);
    if (limit == NULL)
        return NULL;
    if (getrandom(limit->key, sizeof limit->key, 0) != (ssize_t)sizeof limit->key) {
        free(limit);
        return NULL;
    }
    limit->token_seconds = 1 / per_second;
    limit->fill_seconds = burst / per_second;
    return limit;
}

/* The address as a number that no address of the other family has: ffff::/16 isn't a source. */
static uint64_t source_of(const uint8_t *ip, size_t ip_bytes)
{
    uint64_t source = UINT64_MAX;
    if (ip_bytes == 4)
        memcpy((uint8_t *)&source + 4, ip, 4);
    else
        memcpy(&source, ip, 8);
    return source;
}

/* Two rounds of multiply and shift, between secret keys: senders can't choose addresses that share a set. */
static size_t set_of(const struct source_limit *limit, uint64_t source)
{
    uint64_t hash = source ^ limit->key[0];
    hash = (hash ^ hash >> 33) * 0xff51afd7ed558ccdULL ^ limit->key[1];
    hash = (hash ^ hash >> 33) * 0xc4ceb9fe1a85ec53ULL;
    return (size_t)(hash >> 33) % SOURCE_SETS;
}

bool source_limit_try_spend(struct source_limit *limit, const uint8_t *ip, size_t ip_bytes, double now)
{
    uint64_t source = source_of(ip, ip_bytes);
    size_t set = set_of(limit, source), place = 0;
    double full_at = now;
    for (size_t i = 0; i < SOURCES_PER_SET; i++) {
        if (limit->buckets[set][i].source == source) {
            place = i;
            full_at = limit->buckets[set][i].full_at > now ? limit->buckets[set][i].full_at : now;
            break;
        }
        if (limit->buckets[set][i].full_at < limit->buckets[set][place].full_at)
            place = i;
    }
    full_at += limit->token_seconds;
    if (full_at > now + limit->fill_seconds + 1e-6)
        return false;
    limit->buckets[set][place].source = source;
    limit->buckets[set][place].full_at = full_at;
    return true;
}
