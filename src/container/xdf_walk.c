/*
 * Structures of an XDF file one after the other, without the directory: sequential files
 * (docs/format/containers.md, 2.9) and what a dead writer left (2.10).
 */
#include "container/parts.h"

#include "base/bytes.h"

#define POSTFIX 16u         /* bytes after each record of a sequential file */
#define FIRST_END_MARK 112u /* 112 .. 127: ends of a sequential file */
#define LAST_END_MARK 127u

/* Every structure holds its own address: what does not is none. */
static bool is_at_home(const f24_xdf_walk *walk)
{
    return walk->head.address != 0 && f24_xdf_offset(walk->head.address) == walk->at;
}

static f24_xdf_met met_record(f24_container *c, f24_xdf_walk *walk)
{
    uint64_t n_bytes = (uint64_t)walk->head.n_units * F24_XDF_UNIT;

    if (n_bytes < F24_XDF_RECORD_HEAD)
        return F24_XDF_LOST;
    if (n_bytes > c->size - walk->at)
        return F24_XDF_CUT;
    walk->next = walk->at + n_bytes + (walk->sequential ? POSTFIX : 0);
    return f24_xdf_is_live(walk->head.idtyp) ? F24_XDF_RECORD : F24_XDF_DELETED;
}

f24_xdf_walk f24_xdf_walk_begin(const f24_container *c)
{
    return (f24_xdf_walk){
        .next = c->xdf.walk_from, .page_at = c->xdf.page_at, .sequential = c->info.sequential};
}

/*
 * A page is where its own head says so, or where the page before leads to and no record says that
 * it is there: a damaged page still takes its place.
 */
static bool is_page(const f24_xdf_walk *walk)
{
    bool like_page = walk->head.n_units == F24_XDF_PAGE / F24_XDF_UNIT;

    if (walk->sequential)
        return false;
    if (walk->page_at == walk->at && walk->at != 0)
        return like_page || !is_at_home(walk) || walk->head.idtyp == 0;
    return like_page && is_at_home(walk) && walk->head.idtyp == 0;
}

static f24_xdf_met met_page(const f24_container *c, f24_xdf_walk *walk)
{
    uint32_t next;

    if (c->size - walk->at < F24_XDF_PAGE)
        return F24_XDF_CUT;
    next = be32(walk->bytes + 16);
    walk->page_at = next != 0 ? f24_xdf_offset(next) : 0;
    walk->next = walk->at + F24_XDF_PAGE;
    return F24_XDF_PAGE_MET;
}

f24_status f24_xdf_step(f24_container *c, f24_xdf_walk *walk, f24_xdf_met *met, f24_error *err)
{
    uint64_t rest = walk->next < c->size ? c->size - walk->next : 0;
    size_t need = rest < F24_XDF_RECORD_HEAD ? (size_t)rest : F24_XDF_RECORD_HEAD;

    walk->at = walk->next;
    if (rest < F24_XDF_UNIT) {
        *met = rest == 0 ? F24_XDF_END : F24_XDF_CUT;
        return F24_OK;
    }
    F24_TRY(f24_window_at(&c->window, walk->at, need, F24_WINDOW_NEAR, &walk->bytes, NULL, err));
    walk->head = f24_xdf_head_at(walk->bytes);
    if (is_page(walk)) {
        *met = met_page(c, walk);
    } else if (!is_at_home(walk)) {
        /* Writers may extend a file with zeros ahead of their records (2.8). */
        *met = be64(walk->bytes) == 0 ? F24_XDF_END : F24_XDF_LOST;
    } else if (walk->sequential && walk->head.idtyp >= FIRST_END_MARK &&
               walk->head.idtyp <= LAST_END_MARK) {
        walk->end_mark = true;
        *met = F24_XDF_END;
    } else if (walk->head.idtyp == 0 ||
               (walk->head.idtyp > LAST_END_MARK && walk->head.idtyp < 254)) {
        *met = F24_XDF_LOST;
    } else {
        *met = met_record(c, walk);
    }
    return F24_OK;
}
