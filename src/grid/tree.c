/*
 * A k-d tree without pointers: the middle of a range of points splits it along the axis of its depth,
 * the halves are its children. Nothing recurses: a range halves, so 64 waiting ones are enough.
 */
#include "grid/tree.h"

#include <math.h>
#include <stdlib.h>

#define DEGREE 0.017453292519943295 /* radians */
#define LEAF 8                      /* points that are looked at one by one */
#define MOST_WAITING 64
#define MOST_WANTED 16

typedef struct node {
    double v[3];
    int32_t point;
} node;

struct f24_tree {
    size_t n;
    node *nodes;
};

typedef struct range {
    size_t low, high;
    int axis;
    double beyond; /* square of the distance to the plane that hides it */
} range;

static void swap(node *a, node *b)
{
    node kept = *a;
    *a = *b;
    *b = kept;
}

/*
 * Hoare's selection: the node that belongs in the middle comes there, smaller ones to its left. Both
 * ends stop at the pivot: they meet there, or have changed two nodes and pass each other.
 */
static void select_middle(node *nodes, size_t low, size_t high, size_t middle, int axis)
{
    while (high - low > 1) {
        double pivot = nodes[low + (high - low) / 2].v[axis];
        size_t i = low, j = high - 1;
        for (;;) {
            while (nodes[i].v[axis] < pivot)
                i++;
            while (nodes[j].v[axis] > pivot)
                j--;
            if (i >= j)
                break;
            swap(&nodes[i++], &nodes[j--]);
        }
        if (middle < i && middle > j)
            return;
        if (i == j && middle == j)
            return;
        if (middle <= j)
            high = i == j ? j : j + 1;
        else
            low = i == j ? j + 1 : i;
    }
}

static void arrange(node *nodes, size_t n)
{
    range waiting[MOST_WAITING] = {{0, n, 0, 0}};
    int n_waiting = 1;

    while (n_waiting > 0) {
        range r = waiting[--n_waiting];
        while (r.high - r.low > LEAF) {
            size_t middle = r.low + (r.high - r.low) / 2;
            select_middle(nodes, r.low, r.high, middle, r.axis);
            r.axis = (r.axis + 1) % 3;
            waiting[n_waiting++] = (range){middle + 1, r.high, r.axis, 0};
            r.high = middle;
        }
    }
}

f24_status f24_tree_make(size_t n, const double *lat, const double *lon, f24_tree **tree,
                         f24_error *err)
{
    f24_tree *made = calloc(1, sizeof *made);

    if (made != NULL)
        made->nodes = malloc((n > 0 ? n : 1) * sizeof *made->nodes);
    if (made == NULL || made->nodes == NULL) {
        f24_tree_free(made);
        return f24_fail(err, F24_ENOMEM, -1, "no memory to search %zu points", n);
    }
    for (size_t p = 0; p < n; p++) {
        node *added = &made->nodes[made->n];
        if (!isfinite(lat[p]) || !isfinite(lon[p]))
            continue;
        added->v[0] = cos(lat[p] * DEGREE) * cos(lon[p] * DEGREE);
        added->v[1] = cos(lat[p] * DEGREE) * sin(lon[p] * DEGREE);
        added->v[2] = sin(lat[p] * DEGREE);
        added->point = (int32_t)p;
        made->n++;
    }
    arrange(made->nodes, made->n);
    *tree = made;
    return F24_OK;
}

void f24_tree_free(f24_tree *tree)
{
    if (tree != NULL)
        free(tree->nodes);
    free(tree);
}

/* -------------------------------------------------------------------------------- searching --- */

typedef struct best {
    double distance[MOST_WANTED]; /* squares, rising */
    int32_t *found;
    int n, n_wanted;
} best;

static void consider(best *b, const node *candidate, const double at[3])
{
    double dx = candidate->v[0] - at[0], dy = candidate->v[1] - at[1], dz = candidate->v[2] - at[2];
    double d = dx * dx + dy * dy + dz * dz;
    int place = b->n;

    if (b->n == b->n_wanted) {
        if (!(d < b->distance[b->n - 1]))
            return;
        place = b->n - 1;
    } else {
        b->n++;
    }
    for (; place > 0 && b->distance[place - 1] > d; place--) {
        b->distance[place] = b->distance[place - 1];
        b->found[place] = b->found[place - 1];
    }
    b->distance[place] = d;
    b->found[place] = candidate->point;
}

int f24_tree_nearest(const f24_tree *tree, const double at[3], int n_wanted, int32_t *found)
{
    range waiting[MOST_WAITING] = {{0, tree->n, 0, 0}};
    best b = {.found = found, .n_wanted = n_wanted < MOST_WANTED ? n_wanted : MOST_WANTED};
    int n_waiting = 1;

    if (n_wanted < 1)
        return 0;
    while (n_waiting > 0) {
        range r = waiting[--n_waiting];
        if (b.n == b.n_wanted && r.beyond >= b.distance[b.n - 1])
            continue;
        while (r.high - r.low > LEAF) { /* down to the leaf; the other halves wait */
            size_t middle = r.low + (r.high - r.low) / 2;
            double to_plane = at[r.axis] - tree->nodes[middle].v[r.axis];
            range left = {r.low, middle, (r.axis + 1) % 3, 0};
            range right = {middle + 1, r.high, (r.axis + 1) % 3, 0};
            consider(&b, &tree->nodes[middle], at);
            r = to_plane < 0 ? left : right;
            waiting[n_waiting] = to_plane < 0 ? right : left;
            waiting[n_waiting++].beyond = to_plane * to_plane;
        }
        for (size_t p = r.low; p < r.high; p++)
            consider(&b, &tree->nodes[p], at);
    }
    return b.n;
}
