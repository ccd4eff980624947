#include "ir/window.h"

#include <assert.h>

#include "ir/support/checked.h"

#define MAX_PAD ((int64_t)1 << 31)

struct imc_plane imc_plane_of(const struct imc_tensor *t,
			      enum imc_layout layout)
{
	/* The positions are axes first .. end-1, behind or before c. */
	int first = layout == IMC_NCHW ? 2 : 1;
	int end = layout == IMC_NCHW ? t->rank : t->rank - 1;
	struct imc_plane p = {.n = t->dim[0], .h = 1, .w = 1};

	assert(t->rank >= 2);
	p.c = t->dim[layout == IMC_NCHW ? 1 : t->rank - 1];
	if (end > first)
		p.w = t->dim[end - 1];
	for (int i = first; i < end - 1; i++)
		p.h *= t->dim[i];
	p.sw = layout == IMC_NCHW ? 1 : p.c;
	p.sh = p.sw * p.w;
	p.sc = layout == IMC_NCHW ? p.h * p.w : 1;
	p.sn = p.c * p.h * p.w;
	return p;
}

void imc_plane_shape(struct imc_tensor *t, enum imc_layout layout, int64_t n,
		     int64_t c, int64_t h, int64_t w)
{
	int at = 0;

	t->rank = t->rank == 3 ? 3 : 4;
	t->dim[at++] = n;
	if (layout == IMC_NCHW)
		t->dim[at++] = c;
	if (t->rank == 4)
		t->dim[at++] = h;
	t->dim[at++] = w;
	if (layout == IMC_NHWC)
		t->dim[at] = c;
}

static void pad_same(struct imc_walk *w, int64_t extent, bool upper)
{
	int64_t out = imc_ceil_div(w->in, w->stride);
	int64_t total = (out - 1) * w->stride + extent - w->in;

	total = imc_max_i64(total, 0);
	w->before = upper ? total / 2 : total - total / 2;
	w->after = total - w->before;
}

bool imc_walk_solve(struct imc_walk *w, int auto_pad, bool ceil)
{
	int64_t extent = (w->kernel - 1) * w->dilation + 1, room;

	if (w->in < 1 || w->kernel < 1)
		return false;
	if (auto_pad == 1 || auto_pad == 2)
		pad_same(w, extent, auto_pad == 1);
	else if (auto_pad == 3)
		w->before = w->after = 0;
	room = w->in + w->before + w->after - extent;
	if (room < 0)
		return false;
	w->out = room / w->stride + 1;
	if (ceil && room % w->stride && w->out * w->stride < w->in + w->before)
		w->out++;
	return true;
}

bool imc_walk_of_attrs(const struct imc_attrs *a, const struct imc_plane *x,
		       struct imc_walk walk[2])
{
	for (int i = 0; i < 4; i++)
		if (a->pads[i] >= MAX_PAD || a->pads[i] <= -MAX_PAD)
			return false;
	for (int i = 0; i < 2; i++) {
		walk[i] = (struct imc_walk){.in = i ? x->w : x->h,
					    .kernel = a->kernel[i],
					    .stride = a->stride[i],
					    .dilation = a->dilation[i],
					    .before = a->pads[i],
					    .after = a->pads[i + 2]};
		if (!imc_walk_solve(&walk[i], (int)a->auto_pad[0],
				    a->ceil_mode[0]))
			return false;
	}
	return true;
}

void imc_walk_set_pads(struct imc_attrs *a, const struct imc_walk walk[2])
{
	for (int i = 0; i < 2; i++) {
		a->pads[i] = walk[i].before;
		a->pads[i + 2] = walk[i].after;
	}
	a->auto_pad[0] = 0;
}
