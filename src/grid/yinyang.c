/* Grids U: several rotated panels in one record "^>" (docs/format/metadata.md, 7.7). */
#include "grid/grid.h"

#include <math.h>

enum { N_PANELS = 2, FIRST_PANEL = 5, NI = 0, NJ = 1, ANGLES = 6, AXES = 10 }; /* words */

#define VERSION 1

/* A word that counts something, 1 to `most`; 0 when it does not. */
static size_t as_count(double word, size_t most)
{
    return word >= 1 && word <= (double)most && word == floor(word) ? (size_t)word : 0;
}

/* The reference keeps angles in ig1 to ig4: multiples of 0.025 degrees. */
static f24_status panel_frame(f24_frame *frame, const double *angles, bool is_exact, f24_error *err)
{
    double p[4] = {angles[0], angles[1], angles[2], angles[3]};
    int32_t ig[4];

    if (f24_ig_encode('E', p, ig, NULL) != F24_OK)
        return f24_fail(err, F24_ECORRUPT, -1, "^> has a rotation of (%g, %g, %g, %g): no angles",
                        p[0], p[1], p[2], p[3]);
    if (!is_exact)
        F24_TRY(f24_ig_decode('E', ig, p, err));
    return f24_frame_make(frame, 'E', p, err);
}

f24_status f24_make_yinyang(f24_grid *grid, const f24_grid_definition *d, f24_error *err)
{
    const double *words = d->ax;
    size_t n_panels, at = FIRST_PANEL;

    if (words == NULL)
        return f24_fail(err, F24_EINVAL, -1,
                        "a grid U is made of the values of ^>: they are missing");
    if (d->n_ax < FIRST_PANEL || words[1] != VERSION)
        return f24_fail(err, F24_EUNSUPPORTED, -1, "^> is not of version %d", VERSION);
    n_panels = as_count(words[N_PANELS], F24_MOST_PANELS);
    if (n_panels == 0)
        return f24_fail(err, F24_ECORRUPT, -1, "^> has %g panels: 1 to %d are known",
                        words[N_PANELS], F24_MOST_PANELS);
    for (size_t k = 0; k < n_panels; k++) {
        f24_panel *panel = &grid->panels[k];
        size_t left = d->n_ax - at, ni, nj;
        ni = left > AXES ? as_count(words[at + NI], left) : 0;
        nj = left > AXES ? as_count(words[at + NJ], left) : 0;
        if (ni == 0 || nj == 0 || ni + nj + AXES > left)
            return f24_fail(err, F24_ECORRUPT, -1, "^> ends in the middle of panel %zu", k);
        if (ni != (size_t)d->ni || nj * n_panels != (size_t)d->nj)
            return f24_fail(err, F24_ECORRUPT, -1, "%d x %d points are no %zu panels of %zu x %zu",
                            (int)d->ni, (int)d->nj, n_panels, ni, nj);
        grid->n_panels = (int32_t)k + 1;
        F24_TRY(panel_frame(&panel->frame, words + at + ANGLES, d->exact_angles, err));
        F24_TRY(f24_axis_table(&panel->x, (int32_t)ni, words + at + AXES, true, "^>", err));
        F24_TRY(f24_axis_table(&panel->y, (int32_t)nj, words + at + AXES + ni, false, "^>", err));
        at += AXES + ni + nj;
    }
    return F24_OK;
}
