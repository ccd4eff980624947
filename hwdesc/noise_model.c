#include "hwdesc/noise_model.h"

#include <string.h>

#include "hwdesc/key.h"
#include "ir/num.h"

static const struct imc_key keys[] = {
#define KEY_I(s, k, u, d, lo, hi, text)                                        \
	{IMC_KEY_ROW(imc_noise, s, k),                                         \
	 IMC_KEY_NUMBER(IMC_KEY_I, u, d, lo, hi), .help = text},
#define KEY_F(s, k, u, d, lo, hi, text)                                        \
	{IMC_KEY_ROW(imc_noise, s, k),                                         \
	 IMC_KEY_NUMBER(IMC_KEY_F, u, d, lo, hi), .help = text},
#define KEY_E(s, k, w, d, text)                                                \
	{IMC_KEY_ROW(imc_noise, s, k), IMC_KEY_WORDS(w, d), .help = text},
#include "ir/noise.def"
};

static const struct imc_key_section sections[] = {
#define SECTION(s, text) {#s, text},
#include "ir/noise.def"
};

#define N_KEY (sizeof keys / sizeof keys[0])

static const struct imc_key_table table = {
	.key = keys,
	.n_key = N_KEY,
	.section = sections,
	.n_section = sizeof sections / sizeof sections[0],
	.what = "noise model",
};

struct imc_noise *imc_noise_new(struct imc_arena *a)
{
	struct imc_noise *n = imc_arena_alloc(a, sizeof *n);

	imc_key_defaults(&table, n);
	n->source = "";
	return n;
}

struct check {
	const struct imc_noise *n;
	const struct imc_loc *at; /* place of each key; file NULL: none */
	struct imc_loc loc;
	struct imc_diags *d;
	bool ok;
};

/* Keys a and b contradict each other: why. */
static void contradict(struct check *c, const char *a, const char *b,
		       const char *why)
{
	const struct imc_key *x = imc_key_find(&table, a);
	const struct imc_key *y = imc_key_find(&table, b);
	struct imc_loc loc = c->loc;

	if (c->at && c->at[y - keys].file)
		loc = c->at[y - keys];
	if (c->at && c->at[x - keys].file)
		loc = c->at[x - keys];
	c->ok = imc_diag(c->d, loc, IMC_D_HW_RELATION, a,
			 imc_key_value_text(c->n, x, c->d->arena), b,
			 imc_key_value_text(c->n, y, c->d->arena), why);
}

static bool check_at(const struct imc_noise *n, const struct imc_loc *at,
		     struct imc_loc loc, struct imc_diags *d)
{
	struct check c = {n, at, loc, d, true};

	if (n->device_g_min >= n->device_g_max)
		contradict(&c, "device.g_min", "device.g_max",
			   "code 0 conducts less than the largest");
	if (n->drift_nu_min > n->drift_nu_max)
		contradict(&c, "drift.nu_min", "drift.nu_max",
			   "the least mean is not above the largest");
	if (n->drift_std_min > n->drift_std_max)
		contradict(&c, "drift.std_min", "drift.std_max",
			   "the least deviation is not above the largest");
	if (n->stuck_low + n->stuck_high > 1)
		contradict(&c, "stuck.low", "stuck.high",
			   "there are no more devices than all");
	return c.ok;
}

bool imc_noise_check(const struct imc_noise *n, struct imc_loc loc,
		     struct imc_diags *d)
{
	return check_at(n, NULL, loc, d);
}

struct imc_noise *imc_noise_read(const char *path, const char *yaml,
				 size_t size, struct imc_arena *a,
				 struct imc_diags *d)
{
	const struct imc_embedded file = {path, yaml, size};
	struct imc_loc at[N_KEY] = {{0}};
	struct imc_noise *n = imc_noise_new(a);

	n->source = imc_arena_strdup(a, path);
	if (!imc_key_read(&table, n, at, &file, d) ||
	    !check_at(n, at, IMC_IN_FILE(n->source), d))
		return NULL;
	return n;
}

struct imc_noise *imc_noise_load(const char *model, struct imc_arena *a,
				 struct imc_diags *d)
{
	struct imc_embedded f;

	if (!imc_key_source(model, imc_noise_files, imc_noise_files_count,
			    IMC_D_NOISE_MODEL, a, d, &f))
		return NULL;
	return imc_noise_read(f.path, f.bytes, f.size, a, d);
}

bool imc_noise_set(struct imc_noise *n, const char *key, const char *value,
		   struct imc_loc loc, struct imc_diags *d)
{
	return imc_key_set(&table, n, key, value, loc, d);
}

void imc_noise_explain(const struct imc_noise *n, struct imc_buf *out)
{
	imc_key_explain(&table, n, out);
}

void imc_noise_scale(const struct imc_hw *hw, struct imc_noise_case *c)
{
	c->cell_max = imc_slice_cell_max((int)hw->ima_cell_bits);
	c->input_max = imc_cell_max((int)hw->ima_dac_bits);
}
