/* The station protocol in C99, one header: what a microcontroller says to the daemon, and what it does for it.
 *
 * It times rejects: the daemon names a part and how long after that part's trigger it is at the gate; neither the
 * daemon's delay nor the line's moves the pulse. Without a heartbeat the reject output is active. No allocation, no
 * library but string.h, no global. Everything is used from one context: call with interrupts off, or from one loop.
 *
 * Messages and their bytes: docs/reference/serial-link.md. A firmware does this:
 *
 *     static struct lepton_link link;
 *     lepton_start(&link, &me); // who I am, how to write, what to do with other messages
 *     for (;;) {
 *         if (uart_has_byte()) lepton_hear(&link, uart_byte(), clock_ticks(), encoder());
 *         if (part_sensor_rose()) lepton_part(&link, clock_ticks(), encoder());
 *         reject_pin(lepton_poll(&link, clock_ticks(), encoder()));
 *     }
 *
 * One byte, then lepton_poll: it must come round at least every millisecond, also while the line never falls silent.
 * Time-out and pulse are late by as long as it stays away.
 */
#ifndef LEPTON_LINK_H
#define LEPTON_LINK_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* ---- bytes, low one first ---- */

static inline uint8_t *lepton_put_u8(uint8_t *at, uint8_t value)
{
    *at = value;
    return at + 1;
}

static inline uint8_t *lepton_put_u16(uint8_t *at, uint16_t value)
{
    at[0] = (uint8_t)value;
    at[1] = (uint8_t)(value >> 8);
    return at + 2;
}

static inline uint8_t *lepton_put_u32(uint8_t *at, uint32_t value)
{
    return lepton_put_u16(lepton_put_u16(at, (uint16_t)value), (uint16_t)(value >> 16));
}

static inline uint8_t *lepton_put_bytes(uint8_t *at, const void *bytes, uint8_t size)
{
    if (size) memcpy(at, bytes, size);
    return at + size;
}

static inline uint8_t *lepton_put_word(uint8_t *at, const char *word, uint8_t size)
{
    for (uint8_t i = 0; i < size; i++) {
        at[i] = (uint8_t)*word;
        if (*word) word++;
    }
    return at + size;
}

static inline uint8_t lepton_get_u8(const uint8_t *at)
{
    return at[0];
}

static inline uint16_t lepton_get_u16(const uint8_t *at)
{
    return (uint16_t)(at[0] | (uint16_t)at[1] << 8);
}

static inline uint32_t lepton_get_u32(const uint8_t *at)
{
    return lepton_get_u16(at) | (uint32_t)lepton_get_u16(at + 2) << 16;
}

/* Printable ASCII with zeros behind it, and nothing else. */
static inline uint8_t lepton_get_word(const uint8_t *at, char *word, uint8_t size)
{
    uint8_t end = size;
    while (end && !at[end - 1]) end--;
    for (uint8_t i = 0; i < end; i++)
        if (at[i] < 0x20 || at[i] > 0x7E) return 0;
    memcpy(word, at, size);
    word[size] = 0;
    return 1;
}

/* ---- messages: put gives the body's size, 0 for too long a value; get gives 0 for a wrong size or value ---- */

/* ---- made from protocol.toml: begin ---- */
#define LEPTON_VERSION 1
#define LEPTON_BODY_MAX 64
#define LEPTON_CRC_INIT 0xFFFFu
#define LEPTON_CRC_XOR_OUT 0xFFFFu
#define LEPTON_RETRY_MS 30u
#define LEPTON_TRIES 10u
#ifndef LEPTON_PARTS
#define LEPTON_PARTS 16u
#endif
#define LEPTON_IDENTIFY 0x01u
#define LEPTON_HELLO 0x02u
#define LEPTON_ACK 0x03u
#define LEPTON_NAK 0x04u
#define LEPTON_HEARTBEAT 0x05u
#define LEPTON_STATE 0x06u
#define LEPTON_TRIGGER 0x10u
#define LEPTON_REJECT 0x11u
#define LEPTON_LAMP 0x12u
#define LEPTON_SAMPLES 0x20u
#define LEPTON_LOG 0x21u
#define LEPTON_STORAGE_PUT 0x30u
#define LEPTON_STORAGE_COMMIT 0x31u
#define LEPTON_STORAGE_GET 0x32u
#define LEPTON_STORAGE_VALUE 0x33u
#define LEPTON_REASON_UNKNOWN_MESSAGE 1u
#define LEPTON_REASON_BAD_VALUE 2u
#define LEPTON_REASON_UNKNOWN_PART 3u
#define LEPTON_REASON_LATE 4u
#define LEPTON_REASON_NO_SUCH_KEY 5u
#define LEPTON_REASON_OUT_OF_ORDER 6u
#define LEPTON_REASON_DAMAGED 7u
#define LEPTON_REASON_FULL 8u
#define LEPTON_REASON_FAILED 9u
#define LEPTON_REASON_FORBIDDEN 10u
#define LEPTON_BY_TICKS 0u
#define LEPTON_BY_COUNTS 1u
#define LEPTON_LIGHT_OFF 0u
#define LEPTON_LIGHT_ON 1u
#define LEPTON_LIGHT_BLINK 2u
#define LEPTON_LEVEL_DEBUG 0u
#define LEPTON_LEVEL_INFO 1u
#define LEPTON_LEVEL_WARNING 2u
#define LEPTON_LEVEL_ERROR 3u

/* Whether a message wants an answer. */
static inline uint8_t lepton_is_reliable(uint8_t message)
{
    switch (message) {
    case LEPTON_TRIGGER:
    case LEPTON_REJECT:
    case LEPTON_LAMP:
    case LEPTON_STORAGE_PUT:
    case LEPTON_STORAGE_COMMIT:
    case LEPTON_STORAGE_GET:
        return 1;
    default:
        return 0;
    }
}

/* Begin anew: both sides forget what was on its way and count from 1. The answer is hello. */
struct lepton_identify {
    uint32_t session; /* drawn by the daemon for each opening of the port */
};

static inline uint8_t lepton_put_identify(uint8_t *body, const struct lepton_identify *said)
{
    uint8_t *at = body;
    at = lepton_put_u32(at, said->session);
    return (uint8_t)(at - body);
}

static inline uint8_t lepton_get_identify(const uint8_t *body, uint8_t size, struct lepton_identify *heard)
{
    if (size != 4) return 0;
    heard->session = lepton_get_u32(body);
    if (heard->session < 1u) return 0;
    return 1;
}

/* Who I am: the answer to identify and to a frame of another version, and said with session 0 after each start. */
struct lepton_hello {
    uint32_t session; /* of identify; 0 after a start: the microcontroller has forgotten everything */
    uint8_t protocol; /* version of the protocol that it speaks */
    uint32_t ticks_per_second; /* 1/s, pace of its clock; a tick count wraps around at 2^32 */
    uint8_t parts; /* so many last parts can be rejected */
    char firmware[13]; /* version of its program */
    char board[25]; /* id of the board, different for each */
};

static inline uint8_t lepton_put_hello(uint8_t *body, const struct lepton_hello *said)
{
    uint8_t *at = body;
    at = lepton_put_u32(at, said->session);
    at = lepton_put_u8(at, said->protocol);
    at = lepton_put_u32(at, said->ticks_per_second);
    at = lepton_put_u8(at, said->parts);
    at = lepton_put_word(at, said->firmware, 12);
    at = lepton_put_word(at, said->board, 24);
    return (uint8_t)(at - body);
}

static inline uint8_t lepton_get_hello(const uint8_t *body, uint8_t size, struct lepton_hello *heard)
{
    if (size != 46) return 0;
    heard->session = lepton_get_u32(body);
    heard->protocol = lepton_get_u8(body + 4);
    heard->ticks_per_second = lepton_get_u32(body + 5);
    if (heard->ticks_per_second < 1000u || heard->ticks_per_second > 1000000u) return 0;
    heard->parts = lepton_get_u8(body + 9);
    if (heard->parts < 1u) return 0;
    if (!lepton_get_word(body + 10, heard->firmware, 12)) return 0;
    if (!lepton_get_word(body + 22, heard->board, 24)) return 0;
    return 1;
}

/* The reliable message with this number was done, now or before. */
struct lepton_ack {
    uint8_t sequence; /* of the reliable message */
};

static inline uint8_t lepton_put_ack(uint8_t *body, const struct lepton_ack *said)
{
    uint8_t *at = body;
    at = lepton_put_u8(at, said->sequence);
    return (uint8_t)(at - body);
}

static inline uint8_t lepton_get_ack(const uint8_t *body, uint8_t size, struct lepton_ack *heard)
{
    if (size != 1) return 0;
    heard->sequence = lepton_get_u8(body);
    return 1;
}

/* The reliable message with this number was heard and will not be done. */
struct lepton_nak {
    uint8_t sequence; /* of the reliable message */
    uint8_t reason; /* why */
};

static inline uint8_t lepton_put_nak(uint8_t *body, const struct lepton_nak *said)
{
    uint8_t *at = body;
    at = lepton_put_u8(at, said->sequence);
    at = lepton_put_u8(at, said->reason);
    return (uint8_t)(at - body);
}

static inline uint8_t lepton_get_nak(const uint8_t *body, uint8_t size, struct lepton_nak *heard)
{
    if (size != 2) return 0;
    heard->sequence = lepton_get_u8(body);
    heard->reason = lepton_get_u8(body + 1);
    if (heard->reason < 1u || heard->reason > 10u) return 0;
    return 1;
}

/* The line may run. Without it for timeout_ms the reject output is active, until one comes with alive = 1. */
struct lepton_heartbeat {
    uint8_t alive; /* 0: reject everything from now on */
    uint8_t timeout_ms; /* ms, how long this word counts */
};

static inline uint8_t lepton_put_heartbeat(uint8_t *body, const struct lepton_heartbeat *said)
{
    uint8_t *at = body;
    at = lepton_put_u8(at, said->alive);
    at = lepton_put_u8(at, said->timeout_ms);
    return (uint8_t)(at - body);
}

static inline uint8_t lepton_get_heartbeat(const uint8_t *body, uint8_t size, struct lepton_heartbeat *heard)
{
    if (size != 2) return 0;
    heard->alive = lepton_get_u8(body);
    if (heard->alive > 1u) return 0;
    heard->timeout_ms = lepton_get_u8(body + 1);
    if (heard->timeout_ms < 10u || heard->timeout_ms > 100u) return 0;
    return 1;
}

/* Where clock, encoder and parts stand: the answer to each heartbeat. */
struct lepton_state {
    uint32_t tick; /* ticks, now */
    uint32_t count; /* counts, of the encoder; wraps around at 2^32 */
    uint32_t part; /* parts, number of the newest part; 0: none yet */
    uint8_t reject; /* 1: the reject output is active */
    uint8_t failsafe; /* 1: because no heartbeat says that the line may run */
};

static inline uint8_t lepton_put_state(uint8_t *body, const struct lepton_state *said)
{
    uint8_t *at = body;
    at = lepton_put_u32(at, said->tick);
    at = lepton_put_u32(at, said->count);
    at = lepton_put_u32(at, said->part);
    at = lepton_put_u8(at, said->reject);
    at = lepton_put_u8(at, said->failsafe);
    return (uint8_t)(at - body);
}

static inline uint8_t lepton_get_state(const uint8_t *body, uint8_t size, struct lepton_state *heard)
{
    if (size != 14) return 0;
    heard->tick = lepton_get_u32(body);
    heard->count = lepton_get_u32(body + 4);
    heard->part = lepton_get_u32(body + 8);
    heard->reject = lepton_get_u8(body + 12);
    if (heard->reject > 1u) return 0;
    heard->failsafe = lepton_get_u8(body + 13);
    if (heard->failsafe > 1u) return 0;
    return 1;
}

/* A part is at the camera. */
struct lepton_trigger {
    uint32_t part; /* parts, its number; one more for each part, also for those that could not be told */
    uint32_t count; /* counts, of the encoder at its edge */
    uint32_t tick; /* ticks, of its edge */
};

static inline uint8_t lepton_put_trigger(uint8_t *body, const struct lepton_trigger *said)
{
    uint8_t *at = body;
    at = lepton_put_u32(at, said->part);
    at = lepton_put_u32(at, said->count);
    at = lepton_put_u32(at, said->tick);
    return (uint8_t)(at - body);
}

static inline uint8_t lepton_get_trigger(const uint8_t *body, uint8_t size, struct lepton_trigger *heard)
{
    if (size != 12) return 0;
    heard->part = lepton_get_u32(body);
    if (heard->part < 1u) return 0;
    heard->count = lepton_get_u32(body + 4);
    heard->tick = lepton_get_u32(body + 8);
    return 1;
}

/* Reject this part: the output is active for length_ticks, delay after its trigger. Said again for the same part it is acknowledged and changes nothing. */
struct lepton_reject {
    uint32_t part; /* parts, number of its trigger */
    uint8_t by; /* what the delay counts */
    uint32_t delay; /* ticks or counts, from its trigger to the gate */
    uint32_t length_ticks; /* ticks, of the pulse */
};

static inline uint8_t lepton_put_reject(uint8_t *body, const struct lepton_reject *said)
{
    uint8_t *at = body;
    at = lepton_put_u32(at, said->part);
    at = lepton_put_u8(at, said->by);
    at = lepton_put_u32(at, said->delay);
    at = lepton_put_u32(at, said->length_ticks);
    return (uint8_t)(at - body);
}

static inline uint8_t lepton_get_reject(const uint8_t *body, uint8_t size, struct lepton_reject *heard)
{
    if (size != 13) return 0;
    heard->part = lepton_get_u32(body);
    if (heard->part < 1u) return 0;
    heard->by = lepton_get_u8(body + 4);
    if (heard->by > 1u) return 0;
    heard->delay = lepton_get_u32(body + 5);
    if (heard->delay > 1073741823u) return 0;
    heard->length_ticks = lepton_get_u32(body + 9);
    if (heard->length_ticks < 1u || heard->length_ticks > 1073741823u) return 0;
    return 1;
}

/* A lamp, or another output that is only on or off. */
struct lepton_lamp {
    uint8_t lamp; /* its number on the microcontroller */
    uint8_t light; /* what it shows */
};

static inline uint8_t lepton_put_lamp(uint8_t *body, const struct lepton_lamp *said)
{
    uint8_t *at = body;
    at = lepton_put_u8(at, said->lamp);
    at = lepton_put_u8(at, said->light);
    return (uint8_t)(at - body);
}

static inline uint8_t lepton_get_lamp(const uint8_t *body, uint8_t size, struct lepton_lamp *heard)
{
    if (size != 2) return 0;
    heard->lamp = lepton_get_u8(body);
    if (heard->lamp > 15u) return 0;
    heard->light = lepton_get_u8(body + 1);
    if (heard->light > 2u) return 0;
    return 1;
}

/* What a sensor measured, evenly spaced and ending at this tick. */
struct lepton_samples {
    uint8_t channel; /* number of the sensor */
    uint32_t tick; /* ticks, of the last sample */
    uint8_t values_count; int16_t values[28]; /* raw */
};

static inline uint8_t lepton_put_samples(uint8_t *body, const struct lepton_samples *said)
{
    uint8_t *at = body;
    if (said->values_count > 28) return 0;
    at = lepton_put_u8(at, said->channel);
    at = lepton_put_u32(at, said->tick);
    for (uint8_t i = 0; i < said->values_count; i++) at = lepton_put_u16(at, (uint16_t)said->values[i]);
    return (uint8_t)(at - body);
}

static inline uint8_t lepton_get_samples(const uint8_t *body, uint8_t size, struct lepton_samples *heard)
{
    if (size < 5) return 0;
    if (size - 5 > 56 || (size - 5) % 2) return 0;
    heard->channel = lepton_get_u8(body);
    heard->tick = lepton_get_u32(body + 1);
    heard->values_count = (uint8_t)((size - 5) / 2);
    for (uint8_t i = 0; i < heard->values_count; i++) heard->values[i] = (int16_t)lepton_get_u16(body + 5 + 2 * i);
    return 1;
}

/* A line for the log. */
struct lepton_log {
    uint8_t level; /* how grave */
    uint8_t text_size; const char *text; /* UTF-8, without an end of line */
};

static inline uint8_t lepton_put_log(uint8_t *body, const struct lepton_log *said)
{
    uint8_t *at = body;
    if (said->text_size > 60) return 0;
    at = lepton_put_u8(at, said->level);
    at = lepton_put_bytes(at, said->text, said->text_size);
    return (uint8_t)(at - body);
}

static inline uint8_t lepton_get_log(const uint8_t *body, uint8_t size, struct lepton_log *heard)
{
    if (size < 1) return 0;
    if (size - 1 > 60) return 0;
    heard->level = lepton_get_u8(body);
    if (heard->level > 3u) return 0;
    heard->text_size = (uint8_t)(size - 1);
    heard->text = (const char *)(body + 1);
    return 1;
}

/* A piece of a new value. Pieces are said in order; one at offset 0 begins anew. The old value counts until storage_commit. */
struct lepton_storage_put {
    char key[17]; /* such as board.id, wifi.ssid, calibration: a-z, 0-9, dot, dash, underscore */
    uint16_t offset; /* bytes, of this piece in the value */
    uint8_t value_size; const uint8_t *value; /* the piece */
};

static inline uint8_t lepton_put_storage_put(uint8_t *body, const struct lepton_storage_put *said)
{
    uint8_t *at = body;
    if (said->value_size > 44) return 0;
    at = lepton_put_word(at, said->key, 16);
    at = lepton_put_u16(at, said->offset);
    at = lepton_put_bytes(at, said->value, said->value_size);
    return (uint8_t)(at - body);
}

static inline uint8_t lepton_get_storage_put(const uint8_t *body, uint8_t size, struct lepton_storage_put *heard)
{
    if (size < 18) return 0;
    if (size - 18 > 44) return 0;
    if (!lepton_get_word(body, heard->key, 16)) return 0;
    heard->offset = lepton_get_u16(body + 16);
    heard->value_size = (uint8_t)(size - 18);
    heard->value = (body + 18);
    return 1;
}

/* Keep the new value: the ack says that it outlives a power cut. Size 0 removes the key. */
struct lepton_storage_commit {
    char key[17]; /* as in storage_put */
    uint16_t size; /* bytes, of the whole value */
    uint16_t crc; /* of the whole value, as of a frame; 0 for size 0 */
};

static inline uint8_t lepton_put_storage_commit(uint8_t *body, const struct lepton_storage_commit *said)
{
    uint8_t *at = body;
    at = lepton_put_word(at, said->key, 16);
    at = lepton_put_u16(at, said->size);
    at = lepton_put_u16(at, said->crc);
    return (uint8_t)(at - body);
}

static inline uint8_t lepton_get_storage_commit(const uint8_t *body, uint8_t size, struct lepton_storage_commit *heard)
{
    if (size != 20) return 0;
    if (!lepton_get_word(body, heard->key, 16)) return 0;
    heard->size = lepton_get_u16(body + 16);
    heard->crc = lepton_get_u16(body + 18);
    return 1;
}

/* Read a value from this offset on. The answer is an ack and one storage_value, in any order; where that is lost, ask again. */
struct lepton_storage_get {
    char key[17]; /* as in storage_put */
    uint16_t offset; /* bytes, where to read; at the end of the value the piece is empty */
};

static inline uint8_t lepton_put_storage_get(uint8_t *body, const struct lepton_storage_get *said)
{
    uint8_t *at = body;
    at = lepton_put_word(at, said->key, 16);
    at = lepton_put_u16(at, said->offset);
    return (uint8_t)(at - body);
}

static inline uint8_t lepton_get_storage_get(const uint8_t *body, uint8_t size, struct lepton_storage_get *heard)
{
    if (size != 18) return 0;
    if (!lepton_get_word(body, heard->key, 16)) return 0;
    heard->offset = lepton_get_u16(body + 16);
    return 1;
}

/* A piece of a value that is kept. */
struct lepton_storage_value {
    char key[17]; /* as asked */
    uint16_t offset; /* bytes, as asked */
    uint16_t size; /* bytes, of the whole value */
    uint8_t value_size; const uint8_t *value; /* the piece */
};

static inline uint8_t lepton_put_storage_value(uint8_t *body, const struct lepton_storage_value *said)
{
    uint8_t *at = body;
    if (said->value_size > 44) return 0;
    at = lepton_put_word(at, said->key, 16);
    at = lepton_put_u16(at, said->offset);
    at = lepton_put_u16(at, said->size);
    at = lepton_put_bytes(at, said->value, said->value_size);
    return (uint8_t)(at - body);
}

static inline uint8_t lepton_get_storage_value(const uint8_t *body, uint8_t size, struct lepton_storage_value *heard)
{
    if (size < 20) return 0;
    if (size - 20 > 44) return 0;
    if (!lepton_get_word(body, heard->key, 16)) return 0;
    heard->offset = lepton_get_u16(body + 16);
    heard->size = lepton_get_u16(body + 18);
    heard->value_size = (uint8_t)(size - 20);
    heard->value = (body + 20);
    return 1;
}
/* ---- made from protocol.toml: end ---- */

#if LEPTON_PARTS < 1 || LEPTON_PARTS > 255
#error "wanted LEPTON_PARTS from 1 to 255"
#endif

/* ---- frames ---- */

#define LEPTON_HEADER 4
#define LEPTON_FRAME_MAX (1 + LEPTON_HEADER + LEPTON_BODY_MAX + 2 + 1)
#define LEPTON_RELIABLE 1

/* CRC-16/GENIBUS, of a frame or of a stored value. */
static inline uint16_t lepton_crc16(const uint8_t *bytes, size_t size)
{
    uint16_t crc = LEPTON_CRC_INIT;
    while (size--) {
        uint8_t x = (uint8_t)(crc >> 8 ^ *bytes++);
        x ^= x >> 4;
        crc = (uint16_t)((uint16_t)(crc << 8) ^ (uint16_t)x << 12 ^ (uint16_t)x << 5 ^ x);
    }
    return crc ^ LEPTON_CRC_XOR_OUT;
}

/* Where the body of a frame is put before lepton_seal. */
static inline uint8_t *lepton_body(uint8_t *frame)
{
    return frame + 1 + LEPTON_HEADER;
}

/* Make a frame of the body that stands in it; its size on the wire. */
static inline uint8_t lepton_seal(uint8_t *frame, uint8_t message, uint8_t sequence, uint8_t size)
{
    uint8_t end = (uint8_t)(1 + LEPTON_HEADER + size), code = 0;
    frame[1] = LEPTON_VERSION;
    frame[2] = message;
    frame[3] = lepton_is_reliable(message) ? LEPTON_RELIABLE : 0;
    frame[4] = sequence;
    uint16_t crc = lepton_crc16(frame + 1, (size_t)(end - 1));
    frame[end++] = (uint8_t)(crc >> 8);
    frame[end++] = (uint8_t)crc;
    frame[end] = 0;
    for (uint8_t i = 1; i <= end; i++)
        if (!frame[i]) {
            frame[code] = (uint8_t)(i - code);
            code = i;
        }
    return (uint8_t)(end + 1);
}

/* A frame that was heard; the body lies in the reader until its next byte. */
struct lepton_frame {
    uint8_t message, sequence, size;
    const uint8_t *body;
};

/* Puts frames together from bytes; refused: damaged or foreign ones so far. */
struct lepton_reader {
    uint8_t size;
    uint8_t bytes[LEPTON_FRAME_MAX];
    uint16_t refused;
};

enum lepton_found { LEPTON_NOTHING, LEPTON_REFUSED, LEPTON_OTHER_VERSION, LEPTON_FOUND };

/* The bytes before a delimiter, in place; 0 where they are no COBS. */
static inline uint8_t lepton_unstuff(uint8_t *bytes, uint8_t size)
{
    uint8_t at = 0;
    while (at < size) {
        uint8_t run = bytes[at];
        if (!run || run > size - at) return 0;
        bytes[at] = 0;
        at = (uint8_t)(at + run);
    }
    return 1;
}

static inline enum lepton_found lepton_open(struct lepton_reader *reader, uint8_t size, struct lepton_frame *frame)
{
    const uint8_t *raw = reader->bytes + 1;
    if (size >= LEPTON_FRAME_MAX || size < 1 + LEPTON_HEADER + 2) return LEPTON_REFUSED;
    if (!lepton_unstuff(reader->bytes, size)) return LEPTON_REFUSED;
    size = (uint8_t)(size - 1 - 2);
    uint16_t crc = lepton_crc16(raw, size);
    if (raw[size] != crc >> 8 || raw[size + 1] != (crc & 0xFF)) return LEPTON_REFUSED;
    if (raw[0] != LEPTON_VERSION) return LEPTON_OTHER_VERSION;
    if (raw[2] != (lepton_is_reliable(raw[1]) ? LEPTON_RELIABLE : 0)) return LEPTON_REFUSED;
    if (raw[3] && !raw[2]) return LEPTON_REFUSED;
    frame->message = raw[1];
    frame->sequence = raw[3];
    frame->size = (uint8_t)(size - LEPTON_HEADER);
    frame->body = raw + LEPTON_HEADER;
    return LEPTON_FOUND;
}

/* Take one byte; LEPTON_FOUND when it completes a frame. */
static inline enum lepton_found lepton_read(struct lepton_reader *reader, uint8_t byte, struct lepton_frame *frame)
{
    uint8_t size = reader->size;
    if (byte) {
        if (size < LEPTON_FRAME_MAX) reader->bytes[reader->size++] = byte;
        return LEPTON_NOTHING;
    }
    reader->size = 0;
    if (!size) return LEPTON_NOTHING;
    enum lepton_found found = lepton_open(reader, size, frame);
    if (found != LEPTON_FOUND) reader->refused++;
    return found;
}

/* ---- the microcontroller's side of the line ---- */

/* Who this microcontroller is.
 *
 * write: sends bytes; must take LEPTON_FRAME_MAX of them without waiting.
 * handle: does what a message says that is not handled here (lamp, storage); 0 when done, else a LEPTON_REASON_.
 */
struct lepton_self {
    uint32_t ticks_per_second;
    const char *firmware, *board;
    void (*write)(void *context, const uint8_t *bytes, uint8_t size);
    uint8_t (*handle)(void *context, const struct lepton_frame *frame);
    void *context;
};

enum lepton_fate { LEPTON_GONE, LEPTON_SEEN, LEPTON_AT_TICK, LEPTON_AT_COUNT, LEPTON_ACTIVE };

/* One of the last parts. tick and count are those of its trigger while it is only seen; of one to be rejected, `tick`
 * is where its pulse begins (in ticks or counts) and `count` is how many ticks it lasts. past: one bit of each
 * LEPTON_BY_, set once it is further back than any delay reaches; so no wrap-around makes it new again. */
struct lepton_part_record {
    uint32_t tick, count;
    uint8_t fate, past;
};

struct lepton_link {
    const struct lepton_self *self;
    struct lepton_reader reader;
    struct lepton_part_record parts[LEPTON_PARTS];
    uint32_t session;                /* 0: none is open */
    uint32_t newest, told;           /* numbers of the newest part, and of the last that the daemon has acknowledged */
    struct lepton_trigger trigger;   /* that is on its way; its record may hold a pulse or another part by now */
    uint32_t said_tick, alive_tick, alive_ticks;
    uint8_t said, tries;             /* number of the trigger that is on its way, and how often it was said; 0: none is */
    uint8_t heard, answer, has_heard;
    uint8_t alive, rejecting;
};

static inline uint32_t lepton_ticks(const struct lepton_link *link, uint32_t ms)
{
    return link->self->ticks_per_second * ms / 1000u;
}

/* Say what was put into the frame; for messages that are said once. */
static inline void lepton_say(struct lepton_link *link, uint8_t *frame, uint8_t message, uint8_t size)
{
    if (size) link->self->write(link->self->context, frame, lepton_seal(frame, message, 0, size));
}

static inline void lepton_say_hello(struct lepton_link *link)
{
    uint8_t frame[LEPTON_FRAME_MAX], *at = lepton_body(frame);
    at = lepton_put_u32(at, link->session);
    at = lepton_put_u8(at, LEPTON_VERSION);
    at = lepton_put_u32(at, link->self->ticks_per_second);
    at = lepton_put_u8(at, LEPTON_PARTS);
    at = lepton_put_word(at, link->self->firmware, 12);
    at = lepton_put_word(at, link->self->board, 24);
    lepton_say(link, frame, LEPTON_HELLO, (uint8_t)(at - lepton_body(frame)));
}

/* A line for the daemon's log; what is longer than a frame is cut. */
static inline void lepton_say_log(struct lepton_link *link, uint8_t level, const char *text)
{
    uint8_t frame[LEPTON_FRAME_MAX];
    size_t size = strlen(text);
    struct lepton_log said = {level, (uint8_t)(size < 60 ? size : 60), text};
    lepton_say(link, frame, LEPTON_LOG, lepton_put_log(lepton_body(frame), &said));
}

/* Nobody may rely on what was said before: reject everything until a daemon begins anew. */
static inline void lepton_end_session(struct lepton_link *link)
{
    link->session = 0;
    link->alive = 0;
    lepton_say_hello(link);
}

static inline void lepton_start(struct lepton_link *link, const struct lepton_self *self)
{
    memset(link, 0, sizeof *link);
    link->self = self;
    link->rejecting = 1;
    lepton_say_hello(link);
}

/* A part is at the camera; its number. */
static inline uint32_t lepton_part(struct lepton_link *link, uint32_t tick, uint32_t count)
{
    struct lepton_part_record *part = &link->parts[++link->newest % LEPTON_PARTS];
    if (part->fate > LEPTON_SEEN)
        lepton_end_session(link); /* more parts before the gate than LEPTON_PARTS: one to be rejected is forgotten */
    part->tick = tick;
    part->count = count;
    part->fate = LEPTON_SEEN;
    part->past = 0;
    return link->newest;
}

static inline void lepton_identified(struct lepton_link *link, uint32_t session)
{
    if (session != link->session) {
        link->session = session;
        link->alive = 0;
        link->has_heard = link->heard = 0;
        link->said = link->tries = 0;
        link->told = link->newest;
    }
    lepton_say_hello(link);
}

static inline void lepton_say_state(struct lepton_link *link, uint32_t tick, uint32_t count)
{
    uint8_t frame[LEPTON_FRAME_MAX];
    struct lepton_state said = {tick, count, link->newest, link->rejecting, (uint8_t)!link->alive};
    lepton_say(link, frame, LEPTON_STATE, lepton_put_state(lepton_body(frame), &said));
}

static inline void lepton_beat(struct lepton_link *link, const struct lepton_heartbeat *beat, uint32_t tick)
{
    if (!link->session) {
        lepton_say_hello(link);
        return;
    }
    link->alive = beat->alive;
    link->alive_tick = tick;
    link->alive_ticks = lepton_ticks(link, beat->timeout_ms);
}

/* Order a part's pulse; 0, or why it cannot be. Said again, nothing changes. */
static inline uint8_t lepton_reject_part(
    struct lepton_link *link, const struct lepton_reject *order, uint32_t tick, uint32_t count)
{
    uint32_t behind = link->newest - order->part;
    struct lepton_part_record *part = &link->parts[order->part % LEPTON_PARTS];
    uint32_t untold = link->newest - link->told - (link->tries != 0);
    if (behind >= LEPTON_PARTS || behind >= link->newest || behind < untold) return LEPTON_REASON_UNKNOWN_PART;
    if (part->fate != LEPTON_SEEN) return 0;
    if (part->past >> order->by & 1) return LEPTON_REASON_LATE;
    uint8_t by_ticks = order->by == LEPTON_BY_TICKS;
    uint32_t start = (by_ticks ? part->tick : part->count) + order->delay;
    if ((int32_t)(start - (by_ticks ? tick : count)) < 0) return LEPTON_REASON_LATE;
    part->tick = start;
    part->count = order->length_ticks;
    part->fate = by_ticks ? LEPTON_AT_TICK : LEPTON_AT_COUNT;
    return 0;
}

static inline uint8_t lepton_judge(
    struct lepton_link *link, const struct lepton_frame *frame, uint32_t tick, uint32_t count)
{
    struct lepton_reject order;
    if (frame->message != LEPTON_REJECT)
        return link->self->handle ? link->self->handle(link->self->context, frame) : LEPTON_REASON_UNKNOWN_MESSAGE;
    if (!lepton_get_reject(frame->body, frame->size, &order)) return LEPTON_REASON_BAD_VALUE;
    return lepton_reject_part(link, &order, tick, count);
}

static inline void lepton_answer(struct lepton_link *link)
{
    uint8_t frame[LEPTON_FRAME_MAX], *body = lepton_body(frame);
    body[0] = link->heard;
    body[1] = link->answer;
    lepton_say(link, frame, link->answer ? LEPTON_NAK : LEPTON_ACK, link->answer ? 2 : 1);
}

/* A reliable message: done once, answered as often as it comes. */
static inline void lepton_obey(
    struct lepton_link *link, const struct lepton_frame *frame, uint32_t tick, uint32_t count)
{
    uint8_t again = link->has_heard && frame->sequence == link->heard;
    if (!link->session || (!again && frame->sequence != (uint8_t)(link->heard + 1))) return;
    if (!again) {
        link->answer = lepton_judge(link, frame, tick, count);
        link->heard = frame->sequence;
        link->has_heard = 1;
    }
    lepton_answer(link);
}

/* The trigger that is on its way has been heard; refused or not, saying it again would change nothing. */
static inline void lepton_answered(struct lepton_link *link, uint8_t sequence)
{
    if (!link->tries || sequence != link->said) return;
    link->told++;
    link->tries = 0;
}

static inline void lepton_take(
    struct lepton_link *link, const struct lepton_frame *frame, uint32_t tick, uint32_t count)
{
    struct lepton_identify identify;
    struct lepton_heartbeat beat;
    struct lepton_ack ack;
    struct lepton_nak nak;
    if (lepton_is_reliable(frame->message)) {
        lepton_obey(link, frame, tick, count);
    } else if (frame->message == LEPTON_IDENTIFY) {
        if (lepton_get_identify(frame->body, frame->size, &identify)) lepton_identified(link, identify.session);
    } else if (frame->message == LEPTON_HEARTBEAT) {
        if (!lepton_get_heartbeat(frame->body, frame->size, &beat)) return;
        lepton_beat(link, &beat, tick);
        if (link->session) lepton_say_state(link, tick, count);
    } else if (frame->message == LEPTON_ACK) {
        if (lepton_get_ack(frame->body, frame->size, &ack)) lepton_answered(link, ack.sequence);
    } else if (frame->message == LEPTON_NAK) {
        if (lepton_get_nak(frame->body, frame->size, &nak)) lepton_answered(link, nak.sequence);
    }
}

/* Take one byte from the line. */
static inline void lepton_hear(struct lepton_link *link, uint8_t byte, uint32_t tick, uint32_t count)
{
    struct lepton_frame frame;
    enum lepton_found found = lepton_read(&link->reader, byte, &frame);
    if (found == LEPTON_FOUND) lepton_take(link, &frame, tick, count);
    if (found == LEPTON_OTHER_VERSION) lepton_say_hello(link);
}

/* Tell the daemon of the oldest part that it does not know of; what is no longer remembered is passed over, and the
 * daemon sees the gap in the numbers. */
static inline void lepton_tell(struct lepton_link *link, uint32_t tick)
{
    uint8_t frame[LEPTON_FRAME_MAX];
    if (!link->session || link->told == link->newest) return;
    if (link->tries) {
        if (tick - link->said_tick < lepton_ticks(link, LEPTON_RETRY_MS)) return;
        if (link->tries >= LEPTON_TRIES) {
            lepton_end_session(link);
            return;
        }
    } else {
        if (link->newest - link->told > LEPTON_PARTS) link->told = link->newest - LEPTON_PARTS;
        const struct lepton_part_record *part = &link->parts[(link->told + 1) % LEPTON_PARTS];
        link->trigger.part = link->told + 1;
        link->trigger.count = part->count;
        link->trigger.tick = part->tick;
        link->said++;
    }
    uint8_t size = lepton_put_trigger(lepton_body(frame), &link->trigger);
    link->said_tick = tick;
    link->tries++;
    link->self->write(link->self->context, frame, lepton_seal(frame, LEPTON_TRIGGER, link->said, size));
}

/* Whether now is further on than any delay, 2^30; an encoder may also have gone back a little. */
static inline uint8_t lepton_is_past(uint32_t now, uint32_t then)
{
    return now - then - 0x40000000u < 0x80000000u;
}

/* A pulse that is due is active for at least one call, however late that comes. */
static inline uint8_t lepton_pulses(struct lepton_link *link, uint32_t tick, uint32_t count)
{
    uint8_t active = 0;
    for (uint8_t i = 0; i < LEPTON_PARTS; i++) {
        struct lepton_part_record *part = &link->parts[i];
        if (part->fate == LEPTON_SEEN) {
            part->past |= (uint8_t)(lepton_is_past(tick, part->tick) << LEPTON_BY_TICKS);
            part->past |= (uint8_t)(lepton_is_past(count, part->count) << LEPTON_BY_COUNTS);
        }
        if (part->fate == LEPTON_AT_COUNT && (int32_t)(count - part->tick) >= 0) {
            part->tick = tick;
            part->fate = LEPTON_AT_TICK;
        }
        if (part->fate == LEPTON_ACTIVE && tick - part->tick >= part->count) part->fate = LEPTON_GONE;
        if (part->fate == LEPTON_AT_TICK && (int32_t)(tick - part->tick) >= 0) part->fate = LEPTON_ACTIVE;
        active |= part->fate == LEPTON_ACTIVE;
    }
    return active;
}

/* Do what is due; 1 while the reject output must be active. Call it at least every millisecond, and as often as a
 * pulse must be exact: without it no time-out is noticed. */
static inline uint8_t lepton_poll(struct lepton_link *link, uint32_t tick, uint32_t count)
{
    if (link->alive && tick - link->alive_tick >= link->alive_ticks) link->alive = 0;
    lepton_tell(link, tick);
    link->rejecting = (uint8_t)(lepton_pulses(link, tick, count) | !link->alive);
    return link->rejecting;
}

#endif
