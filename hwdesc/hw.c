#include "hwdesc/hw.h"

#include "hwdesc/hw_keys.h"

static const struct imc_key keys[] = {
#define KEY_I(s, k, u, d, lo, hi, text)                                        \
	{IMC_KEY_ROW(imc_hw, s, k), IMC_KEY_NUMBER(IMC_KEY_I, u, d, lo, hi),   \
	 .help = text},
#define KEY_F(s, k, u, d, lo, hi, text)                                        \
	{IMC_KEY_ROW(imc_hw, s, k), IMC_KEY_NUMBER(IMC_KEY_F, u, d, lo, hi),   \
	 .help = text},
#define KEY_E(s, k, w, d, text)                                                \
	{IMC_KEY_ROW(imc_hw, s, k), IMC_KEY_WORDS(w, d), .help = text},
#include "hwdesc/hw.def"
};

static const struct imc_key_section sections[] = {
#define SECTION(s, text) {#s, text},
#include "hwdesc/hw.def"
};

const struct imc_key_table imc_hw_table = {
	.key = keys,
	.n_key = IMC_N_HW_KEY,
	.section = sections,
	.n_section = sizeof sections / sizeof sections[0],
	.what = "machine",
};

struct imc_hw *imc_hw_new(struct imc_arena *a)
{
	struct imc_hw *hw = imc_arena_alloc(a, sizeof *hw);

	imc_key_defaults(&imc_hw_table, hw);
	return hw;
}

struct imc_hw *imc_hw_read(const char *path, const char *yaml, size_t size,
			   struct imc_arena *a, struct imc_diags *d)
{
	const struct imc_embedded file = {path, yaml, size};
	struct imc_loc at[IMC_N_HW_KEY] = {{0}};
	struct imc_hw *hw = imc_hw_new(a);

	hw->source = imc_arena_strdup(a, path);
	if (!imc_key_read(&imc_hw_table, hw, at, &file, d) ||
	    !imc_hw_check_at(hw, at, IMC_IN_FILE(hw->source), d))
		return NULL;
	return hw;
}

struct imc_hw *imc_hw_load(const char *target, struct imc_arena *a,
			   struct imc_diags *d)
{
	struct imc_embedded f;

	if (!imc_key_source(target, imc_target_files, imc_target_files_count,
			    IMC_D_HW_TARGET, a, d, &f))
		return NULL;
	return imc_hw_read(f.path, f.bytes, f.size, a, d);
}

bool imc_hw_set(struct imc_hw *hw, const char *key, const char *value,
		struct imc_loc loc, struct imc_diags *d)
{
	return imc_key_set(&imc_hw_table, hw, key, value, loc, d);
}

void imc_hw_explain(const struct imc_hw *hw, struct imc_buf *out)
{
	imc_key_explain(&imc_hw_table, hw, out);
}

static void print_key(const struct imc_hw *hw, const struct imc_key *k,
		      struct imc_buf *out)
{
	const void *at = (const char *)hw + k->offset;

	if (k->type == IMC_KEY_F)
		imc_buf_printf(out, "hw %s %a\n", k->full, *(const double *)at);
	else
		imc_buf_printf(out, "hw %s %s\n", k->full,
			       imc_key_value_text(hw, k, out->arena));
}

void imc_hw_print(const struct imc_hw *hw, struct imc_buf *out)
{
	imc_buf_printf(out, "hw name %s\n", hw->name);
	for (size_t i = 0; i < IMC_N_HW_KEY; i++)
		print_key(hw, &keys[i], out);
}

const struct imc_text_hw imc_hw_text = {imc_hw_print, imc_hw_set, imc_hw_new};
