/* Grids: the samples of docs/format/metadata.md (7), there and back, and what makes no grid. */
#include "harness.h"

#include "base/cpu.h"
#include "fst24.h"
#include "grid/grid.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static bool near(double a, double b, double within)
{
    return fabs(a - b) <= within;
}

/* ------------------------------------------------------------------------------- ig1 to ig4 --- */

typedef struct ig_vector {
    char grtyp;
    double parameters[4];
    int32_t ig[4];
} ig_vector;

static const ig_vector ig_vectors[] = {
    {'N', {10.3, 25.7, 60000, 21}, {257, 103, 2100, 600}},
    {'S', {10.3, 25.7, 60000, 21}, {257, 103, 2100, 600}},
    {'L', {-10, 350, 1, 1.5}, {100, 150, 8000, 35000}},
    {'L', {0, 0, 1, 1}, {100, 100, 9000, 0}},
    {'E', {45, 270, 46, 0}, {1350, 460, 57600, 0}},
    {'E', {0, 180, 0, 270}, {900, 0, 43200, 43200}},
    {'E', {0, 180, 1, 270}, {900, 10, 43200, 43200}},
    {'G', {2, 1, 0, 0}, {2, 1, 0, 0}},
};

static void codes_have_the_parameters_of_the_format(void)
{
    for (size_t i = 0; i < COUNT(ig_vectors); i++) {
        const ig_vector *v = &ig_vectors[i];
        double back[4];
        int32_t ig[4];
        check(f24_ig_encode(v->grtyp, v->parameters, ig, NULL) == F24_OK);
        check(memcmp(ig, v->ig, sizeof ig) == 0);
        check(f24_ig_decode(v->grtyp, v->ig, back, NULL) == F24_OK);
        for (int k = 0; k < 4; k++)
            check(near(back[k], v->parameters[k], 1e-9));
    }
}

static void a_polar_grid_out_of_the_common_range_is_kept_coarsely(void)
{
    static const double parameters[4] = {-300, 450, 1234, -97.5};
    static const int32_t codes[4] = {12, 975, 3762, 49737};
    double back[4];
    int32_t ig[4];

    check(f24_ig_encode('N', parameters, ig, NULL) == F24_OK);
    check(memcmp(ig, codes, sizeof ig) == 0);
    check(f24_ig_decode('N', ig, back, NULL) == F24_OK);
    check(near(back[0], -308.7, 0.1) && near(back[1], 463.1, 0.1));
    check(near(back[2], 1200, 0) && near(back[3], 262.5, 1e-9));
}

static void parameters_that_codes_cannot_hold_are_refused(void)
{
    static const ig_vector wrong[] = {
        {'L', {0, 0, -1, 1}, {0}},  {'L', {NAN, 0, 1, 1}, {0}},    {'E', {91, 0, 0, 0}, {0}},
        {'N', {1, 1, 0, 0}, {0}},   {'S', {1, 1, 1e9, 0}, {0}},    {'A', {3, 0, 0, 0}, {0}},
        {'L', {0, 1e9, 1, 1}, {0}}, {'N', {1e30, 1, 1e5, 0}, {0}},
    };
    static const int32_t codes[4] = {-1, 0, 0, 0};
    double parameters[4];
    int32_t ig[4];

    for (size_t i = 0; i < COUNT(wrong); i++)
        check(f24_ig_encode(wrong[i].grtyp, wrong[i].parameters, ig, NULL) == F24_EINVAL);
    check(f24_ig_decode('L', codes, parameters, NULL) == F24_EINVAL);
    check(f24_ig_decode('Z', ig_vectors[0].ig, parameters, NULL) == F24_EUNSUPPORTED);
    check(f24_ig_encode('\x80', wrong[0].parameters, ig, NULL) == F24_EUNSUPPORTED);
}

/* --------------------------------------------------------------------------------- positions --- */

static f24_grid *made(char grtyp, int32_t ni, int32_t nj, const int32_t *ig)
{
    f24_grid_definition d = {.grtyp = grtyp, .ni = ni, .nj = nj};
    f24_grid *grid = NULL;

    memcpy(d.ig, ig, sizeof d.ig);
    check(f24_grid_open(&d, &grid, NULL) == F24_OK);
    return grid;
}

static f24_grid *made_on(char ref, const int32_t *ref_ig, size_t ni, const double *ax, size_t nj,
                         const double *ay)
{
    f24_grid_definition d = {.grtyp = 'Z',
                             .ni = (int32_t)ni,
                             .nj = (int32_t)nj,
                             .ref_grtyp = ref,
                             .ax = ax,
                             .ay = ay,
                             .n_ax = ni,
                             .n_ay = nj};
    f24_grid *grid = NULL;

    memcpy(d.ref_ig, ref_ig, sizeof d.ref_ig);
    check(f24_grid_open(&d, &grid, NULL) == F24_OK);
    return grid;
}

typedef struct sample {
    char grtyp;
    int32_t ni, nj, ig[4];
    double x, y, lat, lon, within;
} sample;

static void points_are_where_the_format_says(void)
{
    static const sample samples[] = {
        {'A', 24, 18, {0}, 0, 0, -85, 0, 0},
        {'A', 24, 18, {1}, 1, 17, 87.5, 15, 1e-13},
        {'A', 24, 18, {2, 1}, 0, 0, -2.5, 0, 1e-13},
        {'B', 24, 18, {0}, 23, 17, 90, 0, 1e-13},
        {'G', 24, 18, {0}, 0, 0, -82.553, 0, 1e-3},
        {'G', 24, 18, {1}, 0, 0, 2.4655, 0, 1e-4},
        {'G', 24, 17, {0}, 0, 8, 0, 0, 0},
        {'L', 4, 4, {100, 150, 8000, 35000}, 3, 2, -8, 354.5, 1e-12},
        {'N', 40, 30, {257, 103, 2100, 600}, 0, 0, 74.8255, 228.3677, 1e-3},
        {'N', 40, 30, {257, 103, 2100, 600}, 29, 19, 78.1816, 322.8627, 1e-3},
        {'S', 40, 30, {257, 103, 2100, 600}, 0, 0, -74.8255, 131.6323, 1e-3},
        {'S', 40, 30, {257, 103, 2100, 600}, 29, 19, -78.1816, 37.1373, 1e-3},
    };

    for (size_t i = 0; i < COUNT(samples); i++) {
        const sample *s = &samples[i];
        f24_grid *grid = made(s->grtyp, s->ni, s->nj, s->ig);
        double lat, lon;
        f24_grid_latlon_at(grid, &s->x, &s->y, 1, &lat, &lon, 1);
        check(near(lat, s->lat, s->within) && near(lon, s->lon, s->within));
        f24_grid_close(grid);
    }
}

/* Every point comes back to its index, but for columns that repeat the first one. */
static void check_there_and_back(const f24_grid *grid, double within)
{
    size_t ni = (size_t)grid->ni, n = ni * (size_t)grid->nj;
    double period = grid->panels[0].x.period;
    double *buffer = malloc(4 * n * sizeof *buffer), *lat = buffer, *lon = buffer + n,
           *x = buffer + 2 * n, *y = buffer + 3 * n;
    size_t n_wrong = 0;

    if (buffer == NULL)
        exit(1);
    f24_grid_latlon(grid, lat, lon, 2);
    check(f24_grid_xy(grid, lat, lon, n, x, y, 2, NULL) == F24_OK);
    for (size_t p = 0; p < n; p++) {
        double i = (double)(p % ni), off = x[p] - i;
        if (period > 0)
            off -= period * round(off / period);
        n_wrong += !(fabs(off) < within) || !near(y[p], (double)(p / ni), within);
        n_wrong += !(lat[p] >= -90 && lat[p] <= 90 && lon[p] >= 0 && lon[p] < 360);
    }
    check(n_wrong == 0);
    free(buffer);
}

static void positions_come_back_to_their_indices(void)
{
    static const sample grids[] = {
        {.grtyp = 'A', .ni = 33, .nj = 17},
        {.grtyp = 'A', .ni = 33, .nj = 17, .ig = {1, 1}},
        {.grtyp = 'G', .ni = 40, .nj = 301, .ig = {2, 0}},
        {.grtyp = 'G', .ni = 40, .nj = 300, .ig = {0, 1}},
        {.grtyp = 'L', .ni = 21, .nj = 15, .ig = {50, 75, 13125, 27050}},
        {.grtyp = 'L', .ni = 12, .nj = 9, .ig = {250, 200, 8000, 17200}},
        {.grtyp = 'N', .ni = 200, .nj = 150, .ig = {115, 125, 35000, 3810}},
        {.grtyp = 'S', .ni = 19, .nj = 21, .ig = {110, 90, 4000, 2500}},
        {.grtyp = 'E', .ni = 95, .nj = 140, .ig = {1217, 331, 57218, 43780}},
    };
    static const int32_t rotated[4] = {1217, 331, 57218, 43780}, same[4] = {100, 100, 9000, 0};
    static const double falling[5] = {370, 365, 359, 350, 340}, uneven[4] = {-30, -5, 20, 21},
                        again[4] = {358, 359.5, 0.5, 2};
    f24_grid *grid;

    for (size_t i = 0; i < COUNT(grids); i++) {
        grid = made(grids[i].grtyp, grids[i].ni, grids[i].nj, grids[i].ig);
        check_there_and_back(grid, 1e-9);
        f24_grid_close(grid);
    }
    grid = made_on('E', rotated, 5, falling, 4, uneven);
    check_there_and_back(grid, 1e-9);
    f24_grid_close(grid);
    grid = made_on('L', same, 4, again, 4, uneven);
    check_there_and_back(grid, 1e-9);
    f24_grid_close(grid);
}

static void a_longitude_next_to_the_first_column_is_near_it_on_either_side(void)
{
    static const int32_t same[4] = {100, 100, 9000, 0};
    double ax[8], ay[2] = {0, 1}, lat[2] = {0, 0}, lon[2] = {359, 9}, x[2], y[2];
    f24_grid *grid;

    for (int i = 0; i < 8; i++)
        ax[i] = 10 + 45 * i;
    grid = made_on('L', same, 8, ax, 2, ay);
    check(f24_grid_xy(grid, lat, lon, 2, x, y, 1, NULL) == F24_OK);
    check(near(x[0], 7 + 34.0 / 45, 1e-12)); /* between the last column and the first one again */
    check(near(x[1], 8 - 1.0 / 45, 1e-12));
    f24_grid_close(grid);
    grid = made_on('L', same, 4, ax, 2, ay); /* 10 to 145 degrees: a limited area */
    check(f24_grid_xy(grid, lat, lon, 2, x, y, 1, NULL) == F24_OK);
    check(near(x[0], -11.0 / 45, 1e-12) && near(x[1], -1.0 / 45, 1e-12));
    f24_grid_close(grid);
}

static void all_processors_compute_the_same(void)
{
    static const int32_t rotated[4] = {1217, 331, 57218, 43780};
    f24_grid *grid = made('E', 301, 11, rotated);
    enum { N = 301 * 11 };
    static double lat[2][N], lon[2][N];

    f24_grid_latlon(grid, lat[0], lon[0], 1);
    f24_cpu_limit(F24_CPU_PORTABLE);
    f24_grid_latlon(grid, lat[1], lon[1], 2);
    f24_cpu_limit(F24_CPU_V4);
    check(memcmp(lat[0], lat[1], sizeof lat[0]) == 0);
    check(memcmp(lon[0], lon[1], sizeof lon[0]) == 0);
    f24_grid_close(grid);
}

static void what_is_no_position_has_no_index(void)
{
    static const int32_t rotated[4] = {1217, 331, 57218, 43780}, polar[4] = {257, 103, 2100, 600};
    const double lat[4] = {NAN, 0, INFINITY, -90}, lon[4] = {0, NAN, 0, -INFINITY};
    static const double uneven[3] = {1, 2, 4};
    f24_grid *grids[3] = {made('E', 5, 5, rotated), made('N', 5, 5, polar),
                          made_on('E', rotated, 3, uneven, 3, uneven)};
    double x[4], y[4];

    for (int g = 0; g < 3; g++) {
        check(f24_grid_xy(grids[g], lat, lon, 4, x, y, 1, NULL) == F24_OK);
        for (int i = 0; i < 4; i++)
            check(isnan(x[i]) || isnan(y[i]));
        f24_grid_close(grids[g]);
    }
}

/* ---------------------------------------------------------------------- points and panels --- */

static void a_mesh_knows_the_places_in_its_cells(void)
{
    enum { NI = 12, NJ = 9 };
    static double ax[NI * NJ], ay[NI * NJ];
    f24_grid_definition d = {'O', NI, NJ,      {0},     'L',  {100, 100, 9000, 0},
                             ax,  ay, NI * NJ, NI * NJ, false};
    const double x[3] = {0, 3.25, 10.5}, y[3] = {0, 7.75, 8};
    double lat[3], lon[3], back_x[3], back_y[3];
    f24_grid *grid = NULL;

    for (int p = 0; p < NI * NJ; p++) {
        ax[p] = 350 + 2 * (p % NI) + 0.3 * (p / NI);
        ay[p] = 80 + p / NI - 0.2 * (p % NI);
    }
    check(f24_grid_open(&d, &grid, NULL) == F24_OK);
    f24_grid_latlon_at(grid, x, y, 3, lat, lon, 1);
    check(f24_grid_xy(grid, lat, lon, 3, back_x, back_y, 2, NULL) == F24_OK);
    for (int p = 0; p < 3; p++)
        check(near(back_x[p], x[p], 1e-8) && near(back_y[p], y[p], 1e-8));
    lat[0] = 0;
    check(f24_grid_xy(grid, lat, lon, 1, back_x, back_y, 1, NULL) == F24_OK && isnan(back_x[0]));
    f24_grid_close(grid);
    d.n_ay--;
    check(f24_grid_open(&d, &grid, NULL) == F24_ECORRUPT);
}

static void a_list_knows_its_nearest_point(void)
{
    enum { N = 999 };
    static double ax[N], ay[N], x[N], y[N];
    f24_grid_definition d = {'Y', N, 1, {0}, 'L', {100, 100, 9000, 0}, ax, ay, N, N, false};
    f24_grid *grid = NULL;
    int n_wrong = 0;

    for (int p = 0; p < N; p++) {
        ax[p] = fmod(p * 137.50776, 360);
        ay[p] = asin(2.0 * p / (N - 1) - 1) * 57.29577951308232;
    }
    check(f24_grid_open(&d, &grid, NULL) == F24_OK);
    check(f24_grid_xy(grid, ay, ax, N, x, y, 2, NULL) == F24_OK);
    for (int p = 0; p < N; p++)
        n_wrong += x[p] != p || y[p] != 0;
    check(n_wrong == 0);
    f24_grid_close(grid);
}

static void panels_are_read_from_one_vector(void)
{
    double words[5 + 2 * (10 + 4 + 3)] = {70, 1, 2, 1, 1};
    f24_grid_definition d = {.grtyp = 'U', .ni = 4, .nj = 6, .ax = words};
    static const double yin[4] = {0, 180, 0, 270}, yang[4] = {0, 0, 90, 0};
    double lat[24], lon[24];
    uint8_t is_core[24];
    f24_grid *grid = NULL;

    for (int k = 0; k < 2; k++) {
        double *panel = words + 5 + 17 * (size_t)k;
        panel[0] = 4;
        panel[1] = 3;
        memcpy(panel + 6, k == 0 ? yin : yang, sizeof yin);
        for (int i = 0; i < 4; i++)
            panel[10 + i] = 45 + 90 * i;
        for (int j = 0; j < 3; j++)
            panel[14 + j] = 45 * (j - 1);
    }
    for (size_t n = 0; n < 5 + 2 * 17; n++) {
        d.n_ax = n;
        check(f24_grid_open(&d, &grid, NULL) != F24_OK);
    }
    d.n_ax = 5 + 2 * 17;
    check(f24_grid_open(&d, &grid, NULL) == F24_OK && f24_grid_panels(grid) == 2);
    f24_grid_latlon(grid, lat, lon, 1);
    check(near(lat[0], -45, 1e-12) && near(lon[0], 45, 1e-12));
    f24_grid_core(grid, is_core, 1);
    check(is_core[0] == 1 && is_core[11] == 1); /* all of the first panel is its core */
    f24_grid_close(grid);
}

/* ------------------------------------------------------------------------ cells and values --- */

static void cells_cover_the_sphere(void)
{
    static const int32_t whole[4] = {0};
    f24_grid *grid = made('G', 18, 11, whole);
    enum { N = 18 * 11 };
    static double area[N], lat[4 * N], lon[4 * N], cosines[N], sines[N];
    double sum = 0;

    check(f24_grid_areas(grid, 1, area, 2, NULL) == F24_OK);
    for (int p = 0; p < N; p++)
        sum += area[p];
    check(near(sum, 12.566370614359172, 1e-12));
    check(f24_grid_bounds(grid, lat, lon, 2, NULL) == F24_OK);
    check(near(lat[0], -90, 0) && near(lon[1], 10, 1e-12) && near(lat[4 * N - 1], 90, 0));
    f24_grid_directions(grid, NULL, NULL, 0, cosines, sines, 2);
    check(near(cosines[N - 1], 1, 0) && near(sines[0], 0, 0));
    f24_grid_close(grid);
}

static void a_field_has_values_between_its_points(void)
{
    static const int32_t whole[4] = {0};
    static const f24_interp methods[3] = {F24_NEAREST, F24_LINEAR, F24_CUBIC};
    f24_grid *grid = made('A', 8, 4, whole);
    const double lat[5] = {0, 90, -90, 10, NAN}, lon[5] = {0, 5, 100, 359, 0};
    float field[32], out[5];
    double x[5], y[5];

    for (int p = 0; p < 32; p++)
        field[p] = 3;
    check(f24_grid_xy(grid, lat, lon, 5, x, y, 1, NULL) == F24_OK);
    for (int m = 0; m < 3; m++) {
        check(f24_grid_interp(grid, methods[m], 4, field, x, y, 5, out, 1, NULL) == F24_OK);
        for (int p = 0; p < 4; p++)
            check(near(out[p], 3, 1e-6));
        check(isnan(out[4]));
    }
    check(f24_grid_interp(grid, F24_LINEAR, 2, field, x, y, 5, out, 1, NULL) == F24_EINVAL);
    check(f24_grid_interp(grid, (f24_interp)7, 4, field, x, y, 5, out, 1, NULL) == F24_EINVAL);
    f24_grid_close(grid);
}

/* -------------------------------------------------------------------------------- no grids --- */

static void what_makes_no_grid_is_refused(void)
{
    static const double good[3] = {1, 2, 3}, back[3] = {1, 3, 2}, equal[3] = {1, 1, 2},
                        wild[3] = {1, NAN, 3};
    static const struct {
        f24_grid_definition d;
        f24_status status;
    } wrong[] = {
        {{.grtyp = 'L', .ni = 0, .nj = 1, .ig = {1, 1, 1, 1}}, F24_EINVAL},
        {{.grtyp = 'L', .ni = 2, .nj = 2, .ig = {0, 1, 1, 1}}, F24_ECORRUPT},
        {{.grtyp = 'A', .ni = 2, .nj = 2, .ig = {3}}, F24_ECORRUPT},
        {{.grtyp = 'B', .ni = 1, .nj = 2}, F24_ECORRUPT},
        {{.grtyp = 'G', .ni = 1, .nj = 16777215}, F24_EUNSUPPORTED},
        {{.grtyp = 'E', .ni = 2, .nj = 2, .ig = {900, 0, 43200, 28800}}, F24_ECORRUPT},
        {{.grtyp = 'N', .ni = 2, .nj = 2, .ig = {1, 1, 1, 0}}, F24_ECORRUPT},
        {{.grtyp = '!', .ni = 2, .nj = 2}, F24_EUNSUPPORTED},
        {{.grtyp = 'Z', .ni = 3, .nj = 3, .ref_grtyp = 'L'}, F24_EINVAL},
        {{'Z', 3, 3, {0}, 'A', {0}, good, good, 3, 3, false}, F24_EUNSUPPORTED},
        {{'Z', 3, 2, {0}, 'L', {100, 100, 9000, 0}, good, good, 3, 3, false}, F24_ECORRUPT},
        {{'Z', 3, 3, {0}, 'L', {100, 100, 9000, 0}, good, back, 3, 3, false}, F24_ECORRUPT},
        {{'Z', 3, 3, {0}, 'L', {100, 100, 9000, 0}, equal, good, 3, 3, false}, F24_ECORRUPT},
        {{'Z', 3, 3, {0}, 'L', {100, 100, 9000, 0}, wild, good, 3, 3, false}, F24_ECORRUPT},
        {{'#', 2, 2, {1, 1, 3, 1}, 'L', {100, 100, 9000, 0}, good, good, 3, 3, false},
         F24_ECORRUPT},
        {{'#', 2, 2, {1, 1, 0, 1}, 'L', {100, 100, 9000, 0}, good, good, 3, 3, false},
         F24_ECORRUPT},
    };

    for (size_t i = 0; i < COUNT(wrong); i++) {
        f24_grid *grid = NULL;
        f24_error err;
        check(f24_grid_open(&wrong[i].d, &grid, &err) == wrong[i].status && grid == NULL);
        check(err.status == wrong[i].status && err.message[0] != '\0');
    }
    f24_grid_close(NULL);
}

int main(void)
{
    codes_have_the_parameters_of_the_format();
    a_polar_grid_out_of_the_common_range_is_kept_coarsely();
    parameters_that_codes_cannot_hold_are_refused();
    points_are_where_the_format_says();
    positions_come_back_to_their_indices();
    a_longitude_next_to_the_first_column_is_near_it_on_either_side();
    all_processors_compute_the_same();
    what_is_no_position_has_no_index();
    a_mesh_knows_the_places_in_its_cells();
    a_list_knows_its_nearest_point();
    panels_are_read_from_one_vector();
    cells_cover_the_sphere();
    a_field_has_values_between_its_points();
    what_makes_no_grid_is_refused();
    return report();
}
