#include "codec/sign.h"

#define LONGEST_RUN 255
#define LITERALS 7

/* A row, what a run leaves for the next one, and the widest store beyond it. */
uint64_t f24_signs_room(int64_t ni)
{
    return (uint64_t)ni + 2 * (LONGEST_RUN + 1) + 64;
}

void f24_signs_start(f24_signs *signs, const uint8_t *bytes, uint64_t from, uint64_t to,
                     uint64_t n_values)
{
    signs->from = bytes + from / 8;
    signs->end = bytes + to / 8;
    signs->left = n_values;
    signs->n_ready = signs->n_taken = 0;
    signs->run_sign = -1;
}

/* Seven signs from the low bits of a token, the highest first: each copy of the product is 7 bits
 * further, so bit k of copy k falls on byte k. One more byte is written. */
static void put_literals(uint8_t *to, uint8_t token)
{
    uint64_t spread = token * UINT64_C(0x0002040810204081) & UINT64_C(0x0101010101010101);

    spread = F24_HOST_LITTLE ? __builtin_bswap64(spread) >> 8 : spread << 8;
    memcpy(to, &spread, sizeof spread);
}

static f24_status damaged(const char *what, f24_error *err)
{
    return f24_fail(err, F24_ECORRUPT, -1, "the signs of the compressed stream %s", what);
}

/* Decode until n signs are ready. */
static f24_status decode_signs(f24_signs *s, size_t n, f24_error *err)
{
    while (s->n_ready < n) {
        uint8_t *to = s->ready + s->n_ready;
        size_t n_run;
        uint8_t token;
        if (s->from == s->end)
            return damaged("end too early", err);
        token = *s->from++;
        if (token < 0x80) {
            n_run = s->left < LITERALS ? (size_t)s->left : LITERALS;
            put_literals(to, token);
        } else if ((token & 63) == 63) { /* of the sign counted last, not of the bit in the token */
            n_run = LONGEST_RUN;
            if (s->run_sign < 0)
                return damaged("go on with a run that has not begun", err);
            memset(to, s->run_sign, LONGEST_RUN + 1);
        } else {
            n_run = token & 63;
            s->run_sign = token >> 6 & 1;
            memset(to, s->run_sign, 64); /* a fixed size is two stores */
        }
        if (n_run > s->left)
            return damaged("are more than the field has", err);
        s->left -= n_run;
        s->n_ready += n_run;
    }
    return F24_OK;
}

f24_status f24_signs_take(f24_signs *signs, int64_t n, const uint8_t **taken, f24_error *err)
{
    signs->n_ready -= signs->n_taken;
    memmove(signs->ready, signs->ready + signs->n_taken, signs->n_ready);
    signs->n_taken = 0;
    F24_TRY(decode_signs(signs, (size_t)n, err));
    signs->n_taken = (size_t)n;
    *taken = signs->ready;
    return F24_OK;
}
